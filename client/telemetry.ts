/** What a client measures of itself: calls, latencies, failures, repetitions (requirements.md K04, K23). */
import type { ClientError } from './errors.ts';

/** One call at its end. */
export interface CallRecord {
  operation: string;
  /** Attempts made, replays after a renewed token included. */
  attempts: number;
  /** From the call to its end, pauses included. */
  latency_ms: number;
  error: ClientError | undefined;
}

/** One repetition before it is made. */
export interface RetryRecord {
  operation: string;
  /** The attempt that failed, from 1. */
  attempt: number;
  wait_ms: number;
  error: ClientError;
}

/** A route in use that will be gone (V02). */
export interface DeprecationRecord {
  operation: string;
  /** ISO time after which it may be gone; undefined when that was not said. */
  sunset: string | undefined;
  /** What to use instead, when the table knows. */
  instead: string | undefined;
}

/** Hears what a client does. A hook that throws disturbs nobody. */
export interface Hooks {
  onCall?(record: CallRecord): void;
  onRetry?(record: RetryRecord): void;
  /** Once for each operation. */
  onDeprecation?(record: DeprecationRecord): void;
}

/** The numbers so far. */
export interface Stats {
  calls: number;
  failures: number;
  retries: number;
  /** Repetitions for each call. */
  retry_rate: number;
  /** 95 of 100 of the newest calls took no longer; undefined before the first. */
  p95_ms: number | undefined;
  /** Resources whose newest call failed for want of a working server: the part that is out while the rest works (K18). */
  outages: string[];
}

/** Is told what happens to calls, and counts it. */
export interface Telemetry {
  called(record: CallRecord, is_outage: boolean): void;
  retried(record: RetryRecord): void;
  deprecated(record: DeprecationRecord): void;
  stats(): Stats;
}

/** Counts from zero; each hook hears what is counted as it happens. */
export function createTelemetry(hooks: Hooks): Telemetry {
  const latencies: number[] = [];
  const outages = new Set<string>();
  const told = new Set<string>();
  let [calls, failures, retries] = [0, 0, 0];

  return {
    called(record, is_outage) {
      const resource = record.operation.split('.', 1)[0] ?? record.operation;
      latencies[calls % LATENCIES_MAX] = record.latency_ms;
      calls += 1;
      if (record.error) failures += 1;
      if (is_outage && outages.size < OUTAGES_MAX) outages.add(resource);
      else outages.delete(resource);
      heed(() => hooks.onCall?.(record));
    },
    retried(record) {
      retries += 1;
      heed(() => hooks.onRetry?.(record));
    },
    deprecated(record) {
      if (told.has(record.operation) || told.size >= OUTAGES_MAX) return;
      told.add(record.operation);
      heed(() => hooks.onDeprecation?.(record));
    },
    stats() {
      const sorted = [...latencies].sort((a, b) => a - b);
      const p95_ms = sorted[Math.ceil(sorted.length * 0.95) - 1];
      const retry_rate = calls === 0 ? 0 : retries / calls;
      return { calls, failures, retries, retry_rate, p95_ms, outages: [...outages].sort() };
    },
  };
}

/** Calls what somebody handed in to listen, whatever it throws. */
export function heed(hook: () => void): void {
  try {
    hook();
  } catch {
    // What listens must not break what is listened to.
  }
}

/** The newest calls that p95 is taken of. */
const LATENCIES_MAX = 512;
const OUTAGES_MAX = 256;
