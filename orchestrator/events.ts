/** What happened on each task, numbered: kept a while, replayed to whoever comes late, lost only with a `gap` (wire.md 6). */
import type { TaskEvent, TaskEventKind } from '../protocol/index.ts';
import { toIso, type Clock } from '../seams/index.ts';

/** Which task an event of an investigation's stream really comes from. */
export interface EventSource {
  task_id: string;
  agent_id: string;
  skill: string;
  attempt: number;
}

/** A numbered event; on a root's stream, `source` names the descendant it comes from. */
export interface StreamEvent extends TaskEvent {
  source?: EventSource;
}

/** Hears events in order; called in the same turn. */
export type EventListener = (event: StreamEvent) => void;

/** The streams of all tasks. */
export interface Events {
  /** Numbers an event, keeps it and tells the listeners. */
  append(task_id: string, kind: TaskEventKind, value: unknown, source?: EventSource): StreamEvent;
  /** Uses up numbers for events that never arrived: whoever follows the task sees one `gap`. */
  skip(task_id: string, count: number): void;
  /** Retained events after `seq`, in order; what retention lost is one `gap` event in its place. */
  after(task_id: string, seq: number): StreamEvent[];
  /** The newest number given, 0 when none. */
  lastSeq(task_id: string): number;
  /** Hears what comes from now on, until the returned function is called. */
  listen(task_id: string, listener: EventListener): () => void;
  /** Says that the task is final: its stream may be forgotten after the retention time. */
  finish(task_id: string): void;
}

/** Bounds of one stream (wire.md 6). */
export interface EventLimits {
  /** Thoughts, tool calls and logs kept a task: 1 000. */
  ring_max: number;
  /** States and artifacts kept a task: 1 000; more replace the oldest, with a gap. */
  kept_max: number;
  /** How long a thought, tool call or log is kept, ms: 10 minutes. */
  ring_ms_max: number;
  /** Streams of finished tasks kept: the oldest go first, their last number stays. */
  finished_max: number;
  /** Last numbers kept of streams that went: as long as the ledger keeps finished tasks. */
  forgotten_max: number;
}

/** The defaults. */
export const EVENT_LIMITS: EventLimits = {
  ring_max: 1_000,
  kept_max: 1_000,
  ring_ms_max: 600_000,
  finished_max: 2_000,
  forgotten_max: 10_000,
};

/** Makes the streams. */
export function createEvents(clock: Clock, limits: EventLimits = EVENT_LIMITS): Events {
  const streams = new Map<string, Stream>();
  const finished = new Set<string>();
  const forgotten = new Set<string>();

  const streamOf = (task_id: string): Stream => {
    const known = streams.get(task_id);
    if (known) return known;
    const made: Stream = { last_seq: 0, ring: [], kept: [], listeners: new Set() };
    streams.set(task_id, made);
    return made;
  };

  return {
    append(task_id, kind, value, source) {
      const stream = streamOf(task_id);
      const event: StreamEvent = {
        task_id,
        seq: ++stream.last_seq,
        at: toIso(clock.now()),
        kind,
        value,
        ...(source && { source }),
      };
      const kept_at = clock.monotonic();
      if (isJournaled(kind)) push(stream.kept, { event, kept_at }, limits.kept_max);
      else push(stream.ring, { event, kept_at }, limits.ring_max);
      for (const listener of stream.listeners) listener(event);
      return event;
    },
    skip(task_id, count) {
      const stream = streamOf(task_id);
      const from = stream.last_seq + 1;
      stream.last_seq += count;
      const to = stream.last_seq;
      const gap: StreamEvent = { task_id, seq: to, at: toIso(clock.now()), kind: 'gap', value: { from, to } };
      for (const listener of stream.listeners) listener(gap);
    },
    after(task_id, seq) {
      const stream = streams.get(task_id);
      if (!stream) return [];
      const oldest = clock.monotonic() - limits.ring_ms_max;
      while (stream.ring[0] && stream.ring[0].kept_at < oldest) stream.ring.shift();
      const retained = [...stream.ring, ...stream.kept]
        .map(({ event }) => event)
        .filter((event) => event.seq > seq)
        .sort((left, right) => left.seq - right.seq);
      return withGaps(retained, { task_id, after: seq, last: stream.last_seq, at: toIso(clock.now()) });
    },
    lastSeq: (task_id) => streams.get(task_id)?.last_seq ?? 0,
    listen(task_id, listener) {
      const { listeners } = streamOf(task_id);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    finish(task_id) {
      finished.add(task_id);
      for (const oldest of oldestOver(finished, limits.finished_max)) {
        finished.delete(oldest);
        forgotten.add(oldest);
        Object.assign(streamOf(oldest), { ring: [], kept: [] });
      }
      for (const oldest of oldestOver(forgotten, limits.forgotten_max)) {
        forgotten.delete(oldest);
        streams.delete(oldest);
      }
    },
  };
}

interface Kept {
  event: StreamEvent;
  kept_at: number;
}

interface Stream {
  last_seq: number;
  ring: Kept[];
  kept: Kept[];
  listeners: Set<EventListener>;
}

/** States and artifacts are the record; the rest is what it looked like on the way. */
export const isJournaled = (kind: TaskEventKind): boolean => kind === 'status' || kind === 'artifact';

/** Puts a `gap {from, to}` where numbers are missing; its own `seq` is the last missing one. */
export function withGaps(
  events: readonly StreamEvent[],
  about: { task_id: string; after: number; last: number; at: string },
): StreamEvent[] {
  const whole: StreamEvent[] = [];
  let expected = about.after + 1;
  const gapTo = (to: number) => {
    if (to < expected) return;
    const value = { from: expected, to };
    whole.push({ task_id: about.task_id, seq: to, at: about.at, kind: 'gap', value });
  };
  for (const event of events) {
    gapTo(event.seq - 1);
    whole.push(event);
    expected = event.seq + 1;
  }
  gapTo(about.last);
  return whole;
}

const oldestOver = (ids: ReadonlySet<string>, max: number): string[] => [...ids].slice(0, Math.max(0, ids.size - max));

function push(kept: Kept[], item: Kept, max: number): void {
  kept.push(item);
  if (kept.length > max) kept.shift();
}
