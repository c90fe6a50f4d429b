/** Params of a method as they come: parsed once, and apart from their `_meta`. */
import type { z } from 'zod';
import { invalidParams, type RpcParams } from '../protocol/index.ts';

/** Throws -32602 that names the first path. */
export function parse<T>(schema: z.ZodType<T>, params: unknown): T {
  const parsed = schema.safeParse(params);
  if (!parsed.success) throw invalidParams(parsed.error);
  return parsed.data;
}

export function metaOf(params: RpcParams | undefined): unknown {
  return params && '_meta' in params ? params._meta : {};
}

export function withoutMeta(params: RpcParams | undefined): unknown {
  if (!params || Array.isArray(params)) return params;
  const { _meta, ...rest } = params;
  return rest;
}
