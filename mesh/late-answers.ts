/** Answers to requests that were given up: they settle nothing, and may tell what was done all the same. */
import type { AuroraError } from '../protocol/index.ts';
import { makeRoom, type CancelTimer, type Clock } from '../seams/index.ts';

/** What was answered too late. */
export type LateAnswer = { result: unknown } | { error: AuroraError };

/** Hears one. Kept for up to ten minutes: it had better hold little. */
export type OnLate = (answer: LateAnswer) => void;

/**
 * Who waits for the late answers of one link. At the bound the one given up first is forgotten, and so is everyone after ten minutes:
 * their answers are heard by nobody. `onEmpty` hears that nobody waits any more because of that.
 */
export class LateAnswers {
  readonly clock: Clock;
  readonly onEmpty: () => void;
  readonly waiting = new Map<number, { onLate: OnLate; until: number }>(); // given up first, first
  cancelTimer: CancelTimer | undefined;

  constructor(clock: Clock, onEmpty: () => void) {
    this.clock = clock;
    this.onEmpty = onEmpty;
  }

  await(id: number, onLate: OnLate): void {
    makeRoom(this.waiting, GIVEN_UP_MAX);
    this.waiting.set(id, { onLate, until: this.clock.monotonic() + GIVEN_UP_MS });
    this.cancelTimer ??= this.clock.after(GIVEN_UP_MS, () => this.forget());
  }

  /** Whoever waits for that answer; asked once. */
  take(id: number): OnLate | undefined {
    const taken = this.waiting.get(id);
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.end();
    return taken?.onLate;
  }

  /** Nobody is waited for any more. */
  end(): void {
    this.waiting.clear();
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  forget(): void {
    this.cancelTimer = undefined;
    const now = this.clock.monotonic();
    for (const [id, { until }] of this.waiting) {
      if (until > now) {
        this.cancelTimer = this.clock.after(until - now, () => this.forget());
        return;
      }
      this.waiting.delete(id);
    }
    this.onEmpty();
  }
}

/** Requests of ours that were given up and may still be answered. */
const GIVEN_UP_MAX = 1_024;
/** How long they may be, ms: longer than any effect keeps an answer. */
const GIVEN_UP_MS = 600_000;
