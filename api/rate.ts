/** How often somebody may ask: so many in a minute, counted from the first (R29–R34, ATK-I1). */
import { AuroraError, type Caller } from '../protocol/index.ts';
import type { Clock } from '../seams/index.ts';
import type { StoredSettings } from '../soc/index.ts';

/** What is left of a budget. */
export interface Budget {
  limit: number;
  remaining: number;
  /** Wall time at which the whole of it is there again, seconds. */
  reset_s: number;
}

/** The counters of one API. */
export interface RateLimiter {
  /** Counts one more under that name. Answers what is left; `is_over` when it was one too many. */
  take(name: string, limit: number): Budget & { is_over: boolean; retry_after_ms: number };
}

/** A limiter by the minute. Names are bounded: where there are too many, those whose minute is over go, then the oldest. */
export function createRateLimiter(clock: Clock, names_max = NAMES_MAX): RateLimiter {
  const windows = new Map<string, Window>();
  // All last equally long, so that they end in the order in which they began: each is put in once, and taken out once.
  let oldest: Window | undefined;
  let newest: Window | undefined;

  const makeRoom = (now: number) => {
    while (oldest && (oldest.ends <= now || windows.size >= names_max)) {
      windows.delete(oldest.name);
      oldest = oldest.next;
    }
  };

  const begin = (name: string, now: number): Window => {
    makeRoom(now);
    const window: Window = { name, count: 0, ends: now + WINDOW_MS, next: undefined };
    windows.set(name, window);
    if (oldest && newest) newest.next = window;
    else oldest = window;
    newest = window;
    return window;
  };

  return {
    take(name, limit) {
      const now = clock.monotonic();
      const found = windows.get(name);
      const window = found !== undefined && found.ends > now ? found : begin(name, now);
      window.count += 1;
      const left_ms = Math.max(1, Math.ceil(window.ends - now));
      return {
        limit,
        remaining: Math.max(0, limit - window.count),
        reset_s: Math.ceil((clock.now() + left_ms) / 1_000),
        is_over: window.count > limit,
        retry_after_ms: left_ms,
      };
    },
  };
}

interface Window {
  name: string;
  count: number;
  /** Monotonic ms. */
  ends: number;
  /** The one that began after it. */
  next: Window | undefined;
}

/** Counts one more, or throws 4290 that says when to come again. */
export function takeOrThrow(limiter: RateLimiter, name: string, limit: number): void {
  const { is_over, retry_after_ms } = limiter.take(name, limit);
  if (is_over) throw new AuroraError(4290, { retry_after_ms });
}

/** What is left, as headers (R32–R34). */
export const budgetHeaders = ({ limit, remaining, reset_s }: Budget): Record<string, string> => ({
  'x-ratelimit-limit': String(limit),
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': String(reset_s),
});

/** The ordinary budget of a caller: one, by whichever door they come and however many keys they hold (ATK-I1). */
export const budgetOf = (
  { username, key_id }: Caller,
  { user_minute_max, key_minute_max }: StoredSettings['limits'],
): [name: string, limit: number] =>
  key_id === undefined ? [`user:${username}`, user_minute_max] : [`key:${username}`, key_minute_max];

/**
 * That of an address whose proofs were wrong, or which asks without one for what is not there: guessing is bounded like everything
 * else, at every door together.
 */
export const strangersBudget = (
  remote: string,
  { user_minute_max }: StoredSettings['limits'],
): [name: string, limit: number] => [`remote:${remote}`, user_minute_max];

/** That of an address for what is open to everybody. */
export const publicBudget = (
  remote: string,
  { user_minute_max }: StoredSettings['limits'],
): [name: string, limit: number] => [`public:${remote}`, user_minute_max];

const WINDOW_MS = 60_000;
const NAMES_MAX = 50_000;
