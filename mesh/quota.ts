/** How many frames a connection may send: a token bucket that warns before it closes (wire.md 10). */
import type { Clock } from '../seams/index.ts';

/** Frames a second on average, and how many may come at once. */
export interface FrameQuota {
  frames_per_s: number;
  burst_frames: number;
}

/** The defaults of wire.md 10. */
export const FRAME_QUOTA: FrameQuota = { frames_per_s: 200, burst_frames: 1_000 };

/** `ok`, or `shed` while the average is exceeded (thoughts and logs are dropped), or `over` when even that did not help. */
export type QuotaAnswer = 'ok' | 'shed' | 'over';

/** Counts what one connection sends. */
export interface Quota {
  take(frames: number): QuotaAnswer;
}

/** Between an empty bucket and one more burst below it frames are shed where they may be; then it is over. */
export const createQuota = (quota: FrameQuota, clock: Clock): Quota => new Bucket(quota, clock);

/** A class, for each link has one. */
class Bucket implements Quota {
  readonly quota: FrameQuota;
  readonly clock: Clock;
  tokens: number;
  filled_at: number;

  constructor(quota: FrameQuota, clock: Clock) {
    this.quota = quota;
    this.clock = clock;
    this.tokens = quota.burst_frames;
    this.filled_at = clock.monotonic();
  }

  take(frames: number): QuotaAnswer {
    const { frames_per_s, burst_frames } = this.quota;
    const now = this.clock.monotonic();
    const filled = this.tokens + ((now - this.filled_at) * frames_per_s) / 1_000;
    this.tokens = Math.min(burst_frames, filled) - frames;
    this.filled_at = now;
    if (this.tokens >= 0) return 'ok';
    return this.tokens >= -burst_frames ? 'shed' : 'over';
  }
}
