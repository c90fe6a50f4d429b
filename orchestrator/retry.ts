/** Whether a task is tried again, when, and how much of that the mesh can bear (PROM-P9, P11). */
import { isLinkLost } from '../mesh/index.ts';
import type { Attempt, AuroraError } from '../protocol/index.ts';
import type { Clock, Metrics, Random } from '../seams/index.ts';

/** Bounds of PROM-P9 and PROM-P11. */
export interface RetryLimits {
  /** Attempts of one task, each counted when it is leased: 5. */
  attempts_max: number;
  /** Agents that may die with the task in flight: 3. */
  agents_lost_max: number;
  /** The pause after the first attempt is anything up to this, ms: 200. It doubles with each attempt. */
  pause_ms: number;
  /** … at most this, ms: 30 s. What an agent asks for is honoured up to it, too. */
  pause_ms_max: number;
  /** Retries per success: 0.1. */
  budget_share: number;
  /** Retries a quiet mesh may make at once, and how many of them come back a second: 10. */
  budget_floor: number;
  /** Retries that may be saved up: 100. */
  budget_max: number;
}

/** Retries unless a configuration says otherwise (PROM-P9). */
export const RETRY_LIMITS: RetryLimits = {
  attempts_max: 5,
  agents_lost_max: 3,
  pause_ms: 200,
  pause_ms_max: 30_000,
  budget_share: 0.1,
  budget_floor: 10,
  budget_max: 100,
};

/** The outcome of an attempt whose agent died with it in flight. */
export const AGENT_LOST = 'agent_lost';

/** Worth another try, unchanged: the link went, or the other end says that it only lacks room or means just now. */
export const isTransient = (error: AuroraError): boolean => isLinkLost(error) || TRANSIENT.has(error.code);

/**
 * How long to wait after the n-th attempt, ms: full jitter, anything from 0 to 200 ms x 2^(n-1), at most 30 s. The pause an
 * agent asked for is waited first, and the jitter comes on top of it: those it told the same do not return as one.
 */
export function backoff(
  attempt: number,
  random: Random,
  { retry_after_ms = 0, limits = RETRY_LIMITS }: { retry_after_ms?: number | undefined; limits?: RetryLimits } = {},
): number {
  const { pause_ms, pause_ms_max } = limits;
  const spread_ms = Math.min(pause_ms_max, pause_ms * 2 ** (attempt - 1));
  return Math.min(pause_ms_max, Math.max(0, retry_after_ms)) + random.next() * spread_ms;
}

/** What retries the mesh can bear: a part of what succeeds, so that a mesh in trouble is not drowned by them. One for all agents. */
export interface RetryBudget {
  /** Takes one retry, if there is one. */
  mayRetry(): boolean;
  /** How long until `mayRetry` is worth asking again, ms: who is refused waits rather than fails. */
  wait_ms(): number;
  onSuccess(): void;
}

/** Makes a budget that holds its floor: a quiet mesh may retry at once. */
export function createRetryBudget(deps: {
  clock: Clock;
  metrics?: Metrics | undefined;
  limits?: RetryLimits | undefined;
}): RetryBudget {
  const { clock, metrics, limits = RETRY_LIMITS } = deps;
  const { budget_share, budget_floor, budget_max } = limits;
  let left = budget_floor;
  let refilled_at = clock.monotonic();

  /** Time fills it up to the floor, only success beyond. */
  const refill = () => {
    const now = clock.monotonic();
    if (left < budget_floor) left = Math.min(budget_floor, left + ((now - refilled_at) * budget_floor) / SECOND_MS);
    refilled_at = now;
  };

  return {
    mayRetry() {
      refill();
      const may = left >= ONE;
      if (may) left = Math.max(0, left - 1);
      metrics?.count('retries_total', { allowed: String(may) });
      metrics?.gauge('retry_budget', left);
      return may;
    },
    wait_ms() {
      refill();
      return left >= ONE ? 0 : Math.ceil(((1 - left) * SECOND_MS) / budget_floor);
    },
    onSuccess() {
      refill();
      left = Math.min(budget_max, left + budget_share);
    },
  };
}

/** Whether a task whose attempts all came to nothing is tried again, or is given up with the whole chain of causes (INV10, INV19). */
export function judgeAttempts(attempts: readonly Attempt[], limits: RetryLimits = RETRY_LIMITS): Judgement {
  const lost = attempts.filter(({ outcome }) => outcome === AGENT_LOST).length;
  const why =
    lost >= limits.agents_lost_max
      ? `${lost} agents died while they worked on it`
      : attempts.length >= limits.attempts_max
        ? `${attempts.length} attempts came to nothing`
        : undefined;
  if (why === undefined) return { then: 'again' };
  const chain = attempts.map(({ attempt, agent_id, instance_id, outcome = 'unknown' }) => ({
    attempt,
    agent_id,
    instance_id,
    outcome,
  }));
  return { then: 'dead_letter', cause: { why, chain } };
}

/** What is to be done with a task after its last attempt. */
export type Judgement = { then: 'again' } | { then: 'dead_letter'; cause: DeadLetterCause };

/** Why a task is given up: said once in a sentence, and attempt by attempt. */
export interface DeadLetterCause {
  why: string;
  chain: { attempt: number; agent_id: string; instance_id: string; outcome: string }[];
}

const TRANSIENT = new Set<number>([4290, 5030, 5031]);
const SECOND_MS = 1_000;
/** Ten tenths of a retry are one, whatever floating point makes of it. */
const ONE = 1 - 1e-9;
