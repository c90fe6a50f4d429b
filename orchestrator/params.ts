/** Params of a method as they come: parsed once, and apart from their `_meta`. */
import type { z } from 'zod';
import { invalidParams, type RpcParams } from '../protocol/index.ts';
import type { Ledger } from './ledger.ts';

/** Throws -32602 that names the first path. */
export function parse<T>(schema: z.ZodType<T>, params: unknown): T {
  const parsed = schema.safeParse(params);
  if (!parsed.success) throw invalidParams(parsed.error);
  return parsed.data;
}

/** The `_meta` of params; an empty object where there is none. */
export function metaOf(params: RpcParams | undefined): unknown {
  return params && '_meta' in params ? params._meta : {};
}

/** Params without their `_meta`, as a method reads them. */
export function withoutMeta(params: RpcParams | undefined): unknown {
  if (!params || Array.isArray(params)) return params;
  const { _meta, ...rest } = params;
  return rest;
}

/** A list goes on behind a task that exists: another cursor would look like its end. Throws -32602. */
export async function assertCursor(ledger: Pick<Ledger, 'get'>, cursor: string | undefined): Promise<void> {
  if (cursor === undefined || (await ledger.get(cursor))) return;
  throw invalidParams([{ path: '/cursor', message: 'take the next_cursor of a page' }]);
}
