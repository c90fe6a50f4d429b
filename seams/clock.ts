/** Time, handed in: the wall for people, the monotonic clock for deadlines, timers for waiting. */
import type { StopSignal } from './stop.ts';

/** Stops a timer that has not fired yet; calling it later does nothing. */
export type CancelTimer = () => void;

/** What anybody who waits or stamps is given (house.md 5). */
export interface Clock {
  /** Wall time in ms since the epoch: for stamps that people read, never for measuring. */
  now(): number;
  /** Monotonic ms since some start: for deadlines, leases and durations. */
  monotonic(): number;
  /** Runs `run` once after `delay_ms`. The timer alone never keeps the process alive. */
  after(delay_ms: number, run: () => void): CancelTimer;
}

/** The machine's own clock. Delays are capped at the 24.8 days a Node timer can hold. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay_ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(delay_ms, 0), TIMER_MS_MAX));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** A clock that moves only when told to: tests and the simulator. */
export interface ManualClock extends Clock {
  /** Moves both clocks forward, firing due timers in order of their time, then of their creation. */
  advance(by_ms: number): void;
  /** Moves the wall alone, as a clock correction does (promises.md X32). */
  jumpWall(by_ms: number): void;
  /** Monotonic time of the next timer, or undefined when none waits. */
  nextAt(): number | undefined;
}

/** Makes a manual clock whose wall starts at `wall_start` (2026-01-01T00:00:00Z unless said). */
export function manualClock(wall_start = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsed_ms = 0;
  let wall_offset_ms = 0;
  let sequence = 0;
  const timers = new Map<number, { at: number; run: () => void }>();

  const earliest = () => {
    let best: { id: number; at: number; run: () => void } | undefined;
    for (const [id, timer] of timers) if (!best || timer.at < best.at) best = { id, ...timer };
    return best;
  };

  return {
    now: () => wall_start + wall_offset_ms + elapsed_ms,
    monotonic: () => elapsed_ms,
    after(delay_ms, run) {
      const id = sequence++;
      timers.set(id, { at: elapsed_ms + Math.max(0, delay_ms), run });
      return () => void timers.delete(id);
    },
    advance(by_ms) {
      const target = elapsed_ms + by_ms;
      for (let next = earliest(); next && next.at <= target; next = earliest()) {
        timers.delete(next.id);
        elapsed_ms = next.at;
        next.run();
      }
      elapsed_ms = target;
    },
    jumpWall: (by_ms) => void (wall_offset_ms += by_ms),
    nextAt: () => earliest()?.at,
  };
}

/** Resolves after `delay_ms`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, delay_ms: number, signal?: StopSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(reasonOf(signal));
      return;
    }
    const cancel = clock.after(delay_ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = () => {
      cancel();
      reject(reasonOf(signal));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** As it was given, whatever it is. */
const reasonOf = (signal: StopSignal | undefined): Error => signal?.reason as Error;

/** ISO 8601 with milliseconds and Z, the form of every `*_at` on the wire (requirements.md V01). */
export function toIso(wall_ms: number): string {
  const whole_ms = Math.trunc(wall_ms);
  const known = NEWEST.find((stamp) => stamp.wall_ms === whole_ms);
  if (known) return known.iso;
  const iso = new Date(whole_ms).toISOString();
  NEWEST.unshift({ wall_ms: whole_ms, iso });
  NEWEST.length = STAMPS;
  return iso;
}

/** A dispatch is stamped ten times within the same few milliseconds: with the time, and with its deadline. */
const STAMPS = 4;
const NEWEST = Array.from({ length: STAMPS }, () => ({ wall_ms: NaN, iso: '' }));

const TIMER_MS_MAX = 2_147_483_647;
