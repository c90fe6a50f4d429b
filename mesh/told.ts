/** What one run told: numbered, sent to whoever asks now, and kept a while for whoever asks next (wire.md 6). */
import type { TaskEventKind } from '../protocol/index.ts';
import { toIso, type Clock } from '../seams/index.ts';
import type { Asker } from './work.ts';

/** The events of one run. */
export interface Told {
  /** Numbers an event, from 1, and sends it when somebody asked for it. */
  readonly tell: (kind: TaskEventKind, value: unknown) => void;
  /** Sends what is kept, under its first numbers: what went down with a link is heard, what was heard already is known by its number. */
  readonly again: (asker: Asker) => void;
  /** Whether there is nothing to tell again: whoever keeps it then keeps a whole run alive for nothing. */
  readonly isEmpty: () => boolean;
}

/** Starts counting, under the fence of the handoff that is answered. The oldest go first when more was told than is kept: a hole. */
export function createTold(clock: Clock, asker: () => Asker, since?: number): Told {
  const kept: { event: object; chars: number }[] = [];
  let seq = 0;
  let chars = 0;

  return {
    tell(kind, value) {
      const text = JSON.stringify(value ?? null); // as it is now: its maker may go on changing it
      const value_now: unknown = JSON.parse(text);
      const event = { seq: ++seq, at: toIso(clock.now()), kind, value: value_now, ...(since && { since }) };
      kept.push({ event, chars: text.length });
      chars += text.length;
      while (kept.length > EVENTS_MAX || chars > CHARS_MAX) chars -= kept.shift()?.chars ?? chars;
      send(asker(), event);
    },
    again(next) {
      for (const { event } of kept) send(next, event);
    },
    isEmpty: () => kept.length === 0,
  };
}

function send({ peer, progress_token: token, routing }: Asker, event: object): void {
  if (token === undefined) return;
  peer.notify('$/progress', { token, ...(routing && { task_id: routing.task_id }), ...event });
}

const EVENTS_MAX = 256;
const CHARS_MAX = 65_536;
