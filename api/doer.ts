/** A caller as the audit record names them. */
import type { RouteContext } from '../protocol/index.ts';
import type { Doer } from '../soc/index.ts';
import { callerIn } from './desk.ts';

/** Who does it, in which request, from where; a key is named besides its owner. */
export function doerIn(context: RouteContext): Doer {
  const { sub, key_id } = callerIn(context);
  const { request_id, remote } = context;
  return { sub: key_id === undefined ? sub : `${sub} with ${key_id}`, request_id, remote };
}
