/** What a peer itself reads and writes in the `_meta` of a request (wire.md 5). */
import type { RpcParams } from '../protocol/index.ts';

/** The request from outside that a request was made for, as its asker names it: what failed is found under that id too. */
export function originOf(params: RpcParams | undefined): { origin_request_id?: string } {
  const meta = params && !Array.isArray(params) ? params['_meta'] : undefined;
  if (typeof meta !== 'object' || meta === null || !('request_id' in meta)) return {};
  const { request_id } = meta;
  return typeof request_id === 'string' && request_id.length <= ORIGIN_CHARS_MAX
    ? { origin_request_id: request_id }
    : {};
}

/** The params with our token beside whatever `_meta` they have. */
export function withProgressToken(params: RpcParams, token: number): RpcParams {
  if (Array.isArray(params)) return params;
  const meta = params['_meta'];
  return { ...params, _meta: { ...(typeof meta === 'object' ? meta : {}), progress_token: token } };
}

/** Longer than any id of a request; what is longer is not logged. */
const ORIGIN_CHARS_MAX = 64;
