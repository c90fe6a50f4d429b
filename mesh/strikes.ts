/** Answers that break the rules, counted: an honest peer has a bad moment, an abuser has many (wire.md 10). */
import type { Clock } from '../seams/index.ts';

/** Those of one link. */
export class Strikes {
  readonly clock: Clock;
  readonly times: number[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** One more; true when it was one too many within the window. */
  add(): boolean {
    const now = this.clock.monotonic();
    while (this.times[0] !== undefined && now - this.times[0] > WINDOW_MS) this.times.shift();
    this.times.push(now);
    return this.times.length >= STRIKES_MAX;
  }
}

const STRIKES_MAX = 10;
const WINDOW_MS = 60_000;
