/** A breaker in front of something outside: after failures in a row it is left alone for a while (ATK-G3). */
import { AuroraError } from '../protocol/index.ts';
import type { Clock } from '../seams/index.ts';

/** When it opens, and for how long. */
export interface BreakerBounds {
  failures_max: number;
  /** First pause, ms; doubled each time the try after it fails. */
  open_ms: number;
  open_ms_max: number;
}

/** Whether what is outside may be asked now; it learns from how asking went. */
export interface Breaker {
  /** Throws 5030 while it is open. After the pause one try is let through, and the others wait for what it reports. */
  check(): void;
  report(ok: boolean): void;
}

/** A breaker that lets everything through until `failures_max` in a row. */
export function createBreaker(clock: Clock, { failures_max, open_ms, open_ms_max }: BreakerBounds): Breaker {
  let failures = 0;
  let open_until: number | undefined;

  return {
    check() {
      if (open_until === undefined) return;
      const left_ms = open_until - clock.monotonic();
      if (left_ms > 0) {
        throw new AuroraError(5030, {
          message: `It failed ${failures} times in a row and is left alone for now`,
          retry_after_ms: Math.ceil(left_ms),
        });
      }
      open_until = clock.monotonic() + open_ms; // for all but this one try
    },
    report(ok) {
      failures = ok ? 0 : failures + 1;
      const pause_ms = Math.min(open_ms_max, open_ms * 2 ** Math.min(16, failures - failures_max));
      open_until = failures < failures_max ? undefined : clock.monotonic() + pause_ms;
    },
  };
}
