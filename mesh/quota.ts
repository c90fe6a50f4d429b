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

/** Counts frames. Between an empty bucket and one more burst below it frames are shed where they may be; then it is over. */
export function createQuota({ frames_per_s, burst_frames }: FrameQuota, clock: Clock): (frames: number) => QuotaAnswer {
  let tokens = burst_frames;
  let filled_at = clock.monotonic();
  return (frames) => {
    const now = clock.monotonic();
    tokens = Math.min(burst_frames, tokens + ((now - filled_at) * frames_per_s) / 1_000) - frames;
    filled_at = now;
    if (tokens >= 0) return 'ok';
    return tokens >= -burst_frames ? 'shed' : 'over';
  };
}
