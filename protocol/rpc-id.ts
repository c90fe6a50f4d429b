/** The schema of a JSON-RPC id, for messages that speak about one. */
import { z } from 'zod';
import { isRpcId, type RpcId } from './frames.ts';

/** A string of at most 256 bytes, a safe integer or null (wire.md 2). */
export const RpcIdSchema = z.union([z.string(), z.number(), z.null()]).refine(isRpcId, {
  message: 'no id that a request may carry',
});
export type RpcIdSchema = RpcId;
