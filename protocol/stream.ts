/** One WebSocket stream as data: what is sent, and who may see it (requirements.md T07). */
import type { z } from 'zod';

/** A stream of numbered events. */
export interface StreamSpec<E extends z.ZodType = z.ZodType> {
  /** Full path with `{name}` parameters. */
  path: string;
  permission: string;
  /** The bus topic its events come from. */
  topic: string;
  /** Shape of `data` in `{type, seq, at, id, data}`. */
  event: E;
}

/** Declares a stream; `frame` checks one event on its way out. */
export function stream<E extends z.ZodType>(
  spec: StreamSpec<E>,
): StreamSpec<E> & { frame(data: z.input<E>): z.output<E> } {
  return { ...spec, frame: (data) => spec.event.parse(data) };
}
