/** One subscriber of one task's stream: snapshot first, then what was, then what comes, never faster than it reads (wire.md 6). */
import type { Ack, TaskSubscription } from '../protocol/index.ts';
import type { Peer } from '../mesh/index.ts';
import { bytesOf, cutValue, isJournaled, type Events, type StreamEvent } from './events.ts';

/** A running subscription. */
export interface Subscriber {
  /** The subscriber has taken everything up to `seq`. */
  acknowledge(seq: number): void;
  stop(): void;
}

/** Starts after the answer to `task/subscribe` was sent: call `begin` once it was. */
export function createSubscriber(options: {
  peer: Peer;
  events: Events;
  token: Ack['token'];
  asked: TaskSubscription;
  /** Whether the subscriber may still hear it; asked for each event, and nothing is sent after the first no. */
  stands: () => boolean;
}): Subscriber & { begin(): void } {
  const { peer, events, token, asked, stands } = options;
  const token_json = JSON.stringify(token);
  const waiting: StreamEvent[] = [];
  let bytes_waiting = 0;
  const sizes = new WeakMap<StreamEvent, number>();
  const in_flight = new Map<number, number>();
  let bytes_in_flight = 0;
  let is_stopped = false;
  let stopAll: () => void = () => undefined;

  /** Measured once: large events wait long. */
  const sizeOf = (event: StreamEvent): number => {
    const size = sizes.get(event) ?? bytesOf(event.value);
    sizes.set(event, size);
    return size;
  };

  const hasCredit = () => {
    if (asked.credit) return in_flight.size < asked.credit.events && bytes_in_flight < asked.credit.bytes;
    return peer.link.unsent_bytes < UNSENT_BYTES_MAX;
  };

  const send = (event: StreamEvent) => {
    if (!stands()) {
      stop();
      return;
    }
    if (tell(event)) book(event);
    else sendCut(event);
  };

  /** What is larger than the subscriber's frames is told as that, so that it knows of it, and can acknowledge it. */
  const sendCut = (event: StreamEvent) => {
    const cut = toCut(event);
    if (tell(cut)) {
      book(cut);
      return;
    }
    peer.close(1009, 'this subscriber takes too small frames');
    stop();
  };

  const tell = (event: StreamEvent): boolean =>
    peer.notifyJson('$/progress', `{"token":${token_json},${events.toJson(event).slice(1)}`);

  const book = ({ seq, value }: StreamEvent) => {
    if (!asked.credit) return;
    const size = Buffer.byteLength(JSON.stringify(value ?? null));
    in_flight.set(seq, size);
    bytes_in_flight += size;
  };

  const flush = () => {
    while (waiting.length > 0 && hasCredit()) {
      const next = waiting.shift();
      if (!next) return;
      bytes_waiting -= sizeOf(next);
      send(next);
    }
  };

  const take = (event: StreamEvent) => {
    if (is_stopped) return;
    if (waiting.length === 0 && hasCredit()) {
      send(event);
      return;
    }
    waiting.push(event);
    bytes_waiting += sizeOf(event);
    flush();
    if (waiting.length > WAITING_EVENTS_MAX || bytes_waiting > BACKLOG_BYTES_MAX) {
      shed(waiting);
      bytes_waiting = waiting.reduce((sum, each) => sum + sizeOf(each), 0);
    }
    if (waiting.length <= BACKLOG_EVENTS_MAX && bytes_waiting <= BACKLOG_BYTES_MAX) return;
    peer.close(1013, 'this subscriber reads too slowly');
    stop();
  };

  const stop = () => {
    is_stopped = true;
    stopAll();
    waiting.length = 0;
    bytes_waiting = 0;
  };

  return {
    begin() {
      // It may have been stopped, or its link lost, since the answer left.
      if (is_stopped) return;
      const stops = [events.listen(asked.task_id, take), peer.onDrain(flush)];
      stopAll = () => stops.forEach((stopOne) => stopOne());
      for (const event of events.after(asked.task_id, asked.after_seq)) take(event);
    },
    acknowledge(seq) {
      for (const [sent, size] of in_flight) {
        if (sent > seq) break;
        in_flight.delete(sent);
        bytes_in_flight -= size;
      }
      flush();
    },
    stop,
  };
}

/** Makes room for a slow reader: runs of thoughts, tool calls and logs become one `gap` each; states and artifacts stay. */
export function shed(waiting: StreamEvent[]): void {
  const kept: StreamEvent[] = [];
  for (const event of waiting) {
    const last = kept.at(-1);
    if (isJournaled(event.kind)) {
      kept.push(event);
    } else if (last?.kind === 'gap') {
      kept[kept.length - 1] = { ...last, seq: event.seq, value: { from: fromOf(last), to: event.seq } };
    } else {
      kept.push({
        task_id: event.task_id,
        seq: event.seq,
        at: event.at,
        kind: 'gap',
        value: { from: fromOf(event), to: event.seq },
      });
    }
  }
  waiting.splice(0, waiting.length, ...kept);
}

/** The event without what makes it large; a state stays a state, for whoever waits for the last one. */
function toCut(event: StreamEvent): StreamEvent {
  const { kind, value } = event;
  const has_state = kind === 'status' && typeof value === 'object' && value !== null && 'state' in value;
  return { ...event, value: { ...(has_state && { state: value.state }), ...cutValue(value) } };
}

function fromOf({ kind, seq, value }: StreamEvent): number {
  const is_gap = kind === 'gap' && typeof value === 'object' && value !== null && 'from' in value;
  return is_gap ? Number(value.from) : seq;
}

/** Half of what a link may hold: its drain event says when there is room again. */
const UNSENT_BYTES_MAX = 4_194_304;
const WAITING_EVENTS_MAX = 256;
const BACKLOG_EVENTS_MAX = 4_096;
/** Twice what a stream keeps: a replay always fits. */
const BACKLOG_BYTES_MAX = 16_777_216;
