/** One WebSocket stream as data: what is sent, and who may see it (requirements.md T07). */
import { z } from 'zod';
import type { Permission } from './permission.ts';

/** A stream of numbered events. */
export interface StreamSpec<E extends z.ZodType = z.ZodType> {
  /** Full path with `{name}` parameters. */
  path: string;
  /** The door: anybody who is signed in (E106–E110). */
  permission: 'AUTH';
  /** What the caller must be allowed to read besides, for the stream shows exactly that (ATK-D4). */
  shows: Permission;
  summary: string;
  keeps: readonly string[];
  /** The bus topic its events come from; `{name}` as in the path. */
  topic: string;
  /** Shape of `data` in `{type, seq, at, id, data}`. */
  event: E;
  /** What `type` may say, beside `gap` and `heartbeat`. */
  kinds: readonly string[];
}

/** Declares a stream; `frame` checks one event on its way out. */
export function stream<E extends z.ZodType>(
  spec: StreamSpec<E>,
): StreamSpec<E> & { frame(data: z.input<E>): z.output<E> } {
  return { ...spec, frame: (data) => spec.event.parse(data) };
}

/**
 * One frame as it is sent. `seq` grows and is per topic; holes in it are events of no concern here, only a `gap` frame is loss. A
 * `heartbeat` carries the newest `seq` and moves nothing.
 */
export const StreamFrame = z.object({
  type: z.string(),
  seq: z.number().int().nonnegative(),
  at: z.string(),
  id: z.string().nullable().describe('what the event is about: an alert_id, a task_id, an approval_id'),
  data: z.unknown(),
});
export type StreamFrame = z.infer<typeof StreamFrame>;

/** `data` of a `gap`: these numbers are lost. */
export const StreamGap = z.object({ from: z.number().int(), to: z.number().int() });
export type StreamGap = z.infer<typeof StreamGap>;

/** `GET` parameters of every stream. `ticket` is for browsers, which can set no header (`POST /api/v1/ws/ticket`). */
export const StreamQuery = z.strictObject({
  after_seq: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('the last seq that was seen; without it only new events'),
  ticket: z.string().max(128).optional(),
});
export type StreamQuery = z.infer<typeof StreamQuery>;
