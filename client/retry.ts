/** When a call is repeated, how long is waited before, and when it is enough (requirements.md K08–K12, N08, N09: one set of numbers for both contracts). */
import { ApiError, ConnectionError, type ClientError } from './errors.ts';
import type { Operation, OperationKind } from './operation.ts';

/** The numbers of one contract. */
export interface RetryRules {
  /** Attempts in all, the first included. */
  attempts_max: number;
  /** One attempt of each kind may take that long, signing in for it included. */
  timeouts_ms: Record<OperationKind, number>;
  /** No attempt begins later than that after the call did, the time of one attempt added. */
  total_ms_max: number;
}

/** Ours, and that of the Sentinel page. */
export const PROFILES = {
  aurora: { attempts_max: 4, timeouts_ms: timeouts(20_000), total_ms_max: 120_000 },
  sentinel: { attempts_max: 3, timeouts_ms: timeouts(30_000), total_ms_max: 120_000 },
} as const satisfies Record<string, RetryRules>;

/** Whether the same call may be made again after this failure, 401 apart. */
export function isRepeatable({ name, method, keyed }: Operation, failure: ClientError): boolean {
  // A write is repeated under a key alone: whoever gets it twice then does it once.
  if (method !== 'GET' && keyed === undefined && !HARMLESS.has(name)) return false;
  if (failure instanceof ConnectionError) return true;
  if (!(failure instanceof ApiError)) return false;
  if (failure.status === 500) return keyed !== 'once';
  // The end of the work itself (5040) comes with a 504 as well, and says that it stays so (T12).
  return REPEATED.has(failure.status) && failure.retryable !== false;
}

/**
 * Ms to wait before the attempt after the `attempt`th: full jitter over 1, 2, 4 s, so that many who were refused together do not come
 * back together (K17). What the server asked for is waited first, and the jitter on top of it.
 */
export function pauseMs(attempt: number, failure: ClientError, random: () => number): number {
  const window_ms = Math.min(PAUSE_MS * 2 ** (attempt - 1), PAUSE_MS_MAX);
  const asked_s = failure instanceof ApiError ? (failure.retry_after ?? 0) : 0;
  return asked_s * 1_000 + Math.floor(random() * window_ms);
}

/** What all calls of a client may repeat together, so that an outage is not made worse by those who wait for its end. */
export interface RetryShare {
  /** A call begins. */
  earn(): void;
  /** A repetition; false when there is none left. */
  spend(): boolean;
}

/** A budget of repetitions: a reserve, and a part of each call. */
export function createRetryShare({ reserve = SHARE_RESERVE, per_call = SHARE_PER_CALL } = {}): RetryShare {
  let left = reserve;
  return {
    earn: () => void (left = Math.min(reserve, left + per_call)),
    spend() {
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}

/** A call that waits for work ends before Node's own limit of 300 s; its key joins the same work again. */
function timeouts(ordinary_ms: number): Record<OperationKind, number> {
  return { read: ordinary_ms, write: ordinary_ms, auth: ordinary_ms, bulk: 60_000, wait: 240_000 };
}

/** Posts without a key that leave nothing behind when they are made twice. */
const HARMLESS = new Set(['auth.token', 'system.ticket']);
const REPEATED = new Set([429, 502, 503, 504]);
const PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 30_000;
const SHARE_RESERVE = 30;
const SHARE_PER_CALL = 0.2;
