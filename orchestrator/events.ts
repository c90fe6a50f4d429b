/** What happened on each task, numbered: kept a while, replayed to whoever comes late, lost only with a `gap` (wire.md 6). */
import type { TaskEvent, TaskEventKind } from '../protocol/index.ts';
import { makeRoom, toIso, type Clock } from '../seams/index.ts';
import type { Retold } from './retold.ts';

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
  /** An event as it goes over a wire; made once for all who hear it at the same time. */
  toJson(event: StreamEvent): string;
  /** Says that the task is final: its stream may be forgotten after the retention time. */
  finish(task_id: string): void;
  /** Whether anything is known of its stream in this process. */
  has(task_id: string): boolean;
  /**
   * Begins the stream of a task of an earlier process with what its record still tells. Numbers go on from this process's own
   * block, so that none is given twice; the unused rest of the blocks before is a gap.
   */
  restore(task_id: string, told: readonly Retold[]): void;
}

/** Bounds of the streams (wire.md 6). */
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
  /** What one stream keeps, bytes as JSON: 8 MiB; the oldest thoughts and artifacts go first, states last, with a gap. */
  stream_bytes_max: number;
  /** What all streams keep together, bytes: 128 MiB; finished streams go first, then half of the largest. */
  streams_bytes_max: number;
}

/** Events of tasks unless a configuration says otherwise. */
export const EVENT_LIMITS: EventLimits = {
  ring_max: 1_000,
  kept_max: 1_000,
  ring_ms_max: 600_000,
  finished_max: 2_000,
  forgotten_max: 10_000,
  stream_bytes_max: 8_388_608,
  streams_bytes_max: 134_217_728,
};

/** Makes the streams; `block` counts the processes that numbered events of these tasks before. */
export function createEvents(clock: Clock, limits: EventLimits = EVENT_LIMITS, block = 0): Events {
  const streams = new Map<string, Stream>();
  const finished = new Set<string>();
  const forgotten = new Set<string>();
  let total_bytes = 0;
  let written: { event: StreamEvent; json: string } | undefined;

  const streamOf = (task_id: string): Stream => {
    const known = streams.get(task_id);
    if (known) return known;
    const made: Stream = { last_seq: 0, ring: [], kept: [], bytes: 0, listeners: undefined };
    streams.set(task_id, made);
    return made;
  };

  const drop = (stream: Stream, from: Kept[], index = 0) => {
    const [gone] = from.splice(index, 1);
    stream.bytes -= gone?.size ?? 0;
    total_bytes -= gone?.size ?? 0;
  };

  /** Drops the oldest thoughts and artifacts, and states only when nothing else is left. */
  const trim = (stream: Stream, bytes_max: number) => {
    const { ring, kept } = stream;
    while (stream.bytes > bytes_max) {
      const artifact = kept.findIndex(({ event }) => event.kind === 'artifact');
      const is_ring_older = (ring[0]?.event.seq ?? Infinity) < (kept[artifact]?.event.seq ?? Infinity);
      if (is_ring_older) drop(stream, ring);
      else drop(stream, kept, Math.max(0, artifact));
    }
  };

  /** The events of a finished stream go, its last number stays. */
  const forget = (task_id: string) => {
    finished.delete(task_id);
    makeRoom(forgotten, limits.forgotten_max, limits.forgotten_max / 8, forgetNumbers);
    forgotten.add(task_id);
    trim(streamOf(task_id), 0);
  };

  const forgetNumbers = (task_id: string) => {
    forgotten.delete(task_id);
    trim(streamOf(task_id), 0);
    streams.delete(task_id);
  };

  const keepBounds = (stream: Stream) => {
    trim(stream, limits.stream_bytes_max);
    while (total_bytes > limits.streams_bytes_max) {
      const [oldest] = finished;
      if (oldest !== undefined) forget(oldest);
      else trimLargest();
    }
  };

  const trimLargest = () => {
    let [largest] = streams.values();
    for (const stream of streams.values()) if (stream.bytes > (largest?.bytes ?? 0)) largest = stream;
    if (largest) trim(largest, largest.bytes / 2);
  };

  const keep = (stream: Stream, event: StreamEvent) => {
    const item = { event, kept_at: clock.monotonic(), size: EVENT_BYTES + bytesOf(event.value) };
    const [list, max] = isJournaled(event.kind) ? [stream.kept, limits.kept_max] : [stream.ring, limits.ring_max];
    list.push(item);
    stream.bytes += item.size;
    total_bytes += item.size;
    if (list.length > max) drop(stream, list);
    keepBounds(stream);
    if (stream.listeners) for (const listener of stream.listeners) listener(event);
  };

  return {
    append(task_id, kind, value, source) {
      const stream = streamOf(task_id);
      const at = toIso(clock.now());
      const seq = ++stream.last_seq;
      const event: StreamEvent = source ? { task_id, seq, at, kind, value, source } : { task_id, seq, at, kind, value };
      keep(stream, event);
      return event;
    },
    has: (task_id) => streams.has(task_id),
    restore(task_id, told) {
      const stream = streamOf(task_id);
      stream.last_seq = Math.max(stream.last_seq, block * BLOCK_EVENTS);
      for (const { kind, value, at } of told) keep(stream, { task_id, seq: ++stream.last_seq, at, kind, value });
    },
    skip(task_id, count) {
      const stream = streamOf(task_id);
      const from = stream.last_seq + 1;
      stream.last_seq += count;
      const to = stream.last_seq;
      const gap: StreamEvent = { task_id, seq: to, at: toIso(clock.now()), kind: 'gap', value: { from, to } };
      if (stream.listeners) for (const listener of stream.listeners) listener(gap);
    },
    after(task_id, seq) {
      const stream = streams.get(task_id);
      if (!stream) return [];
      const oldest = clock.monotonic() - limits.ring_ms_max;
      while (stream.ring[0] && stream.ring[0].kept_at < oldest) drop(stream, stream.ring);
      const retained = [...stream.ring, ...stream.kept]
        .map(({ event }) => event)
        .filter((event) => event.seq > seq)
        .sort((left, right) => left.seq - right.seq);
      return withGaps(retained, { task_id, after: seq, last: stream.last_seq, at: toIso(clock.now()) });
    },
    lastSeq: (task_id) => streams.get(task_id)?.last_seq ?? 0,
    listen(task_id, listener) {
      const listeners = (streamOf(task_id).listeners ??= new Set());
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    toJson(event) {
      if (written?.event !== event) written = { event, json: JSON.stringify(event) };
      return written.json;
    },
    finish(task_id) {
      finished.delete(task_id);
      makeRoom(finished, limits.finished_max, limits.finished_max / 8, forget);
      finished.add(task_id);
    },
  };
}

interface Kept {
  event: StreamEvent;
  kept_at: number;
  /** Bytes, near enough: estimated once, when it came. */
  size: number;
}

interface Stream {
  last_seq: number;
  ring: Kept[];
  kept: Kept[];
  bytes: number;
  /** Made for the first who listens: most streams end unheard. */
  listeners: Set<EventListener> | undefined;
}

/** States and artifacts are the record; the rest is what it looked like on the way. */
export const isJournaled = (kind: TaskEventKind): boolean => kind === 'status' || kind === 'artifact';

/** Puts a `gap {from, to}` where numbers are missing; its own `seq` is the last missing one. */
function withGaps(
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

/** How large a value is as JSON, in characters: near enough to bytes for a budget. */
export const bytesOf = (value: unknown): number => JSON.stringify(value ?? null).length;

/** Whether a value has more bytes than that as JSON; counted only where its characters leave that open. */
export function isOver(value: unknown, bytes_max: number): boolean {
  const text = JSON.stringify(value ?? null);
  return text.length * 3 > bytes_max && Buffer.byteLength(text) > bytes_max;
}

/** What stands for a value that is too large to be told. */
export const cutValue = (value: unknown): object => ({ cut: true, chars: bytesOf(value) });

/** Numbers that one process may give on one task. */
const BLOCK_EVENTS = 1_000_000;
/** What an event weighs besides its value. */
const EVENT_BYTES = 256;
