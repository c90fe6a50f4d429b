/** When a task is tried again, how long after, and when it is given up. */
import { describe, expect, test } from 'vitest';
import {
  backoff,
  createRetryBudget,
  isTransient,
  judgeAttempts,
  RETRY_LIMITS,
  type RetryBudget,
} from '../../orchestrator/retry.ts';
import { AuroraError, type Attempt, type ErrorCode } from '../../protocol/index.ts';
import { countingMetrics, manualClock, seededRandom, type Random } from '../../seams/index.ts';

describe('the pause', () => {
  test('is spread over all of 0 to 200 ms x 2^(n-1), at most 30 s (PROM-P9)', () => {
    const spread = [1, 2, 3, 5, 8, 9, 50].map((attempt) => [backoff(attempt, always(0)), backoff(attempt, always(1))]);
    const most = [200, 400, 800, 3_200, 25_600, 30_000, 30_000];
    expect(spread).toEqual(most.map((ms) => [0, ms]));
  });

  test('is different for each, and the same for the same seed', () => {
    const pauses = (random: Random) => Array.from({ length: 100 }, () => backoff(3, random));
    expect(new Set(pauses(seededRandom(1))).size).toBe(100);
    expect(pauses(seededRandom(1))).toEqual(pauses(seededRandom(1)));
  });

  test('is never shorter than what the agent asked for, which is honoured up to 30 s', () => {
    expect(backoff(1, always(0), { retry_after_ms: 1_500 })).toBe(1_500);
    expect(backoff(1, always(1), { retry_after_ms: 1_500 })).toBe(1_700);
    expect(backoff(1, always(0), { retry_after_ms: 86_400_000 })).toBe(30_000);
    expect(backoff(1, always(0), { retry_after_ms: -5 })).toBe(0);
  });
});

describe('the budget', () => {
  test('lets a quiet mesh retry 10 times at once and 10 times a second, no more (PROM-P9)', () => {
    const { clock, budget } = quiet();
    expect(take(budget, 50)).toBe(10);
    expect(budget.wait_ms()).toBe(100);
    clock.advance(99);
    expect(budget.mayRetry()).toBe(false);
    clock.advance(1);
    expect(budget.mayRetry()).toBe(true);
    clock.advance(3_600_000);
    expect(budget.wait_ms()).toBe(0);
    expect(take(budget, 50)).toBe(10);
  });

  test('earns one retry with every 10 successes, and saves up 100 at most (PROM-P9)', () => {
    const { budget } = quiet();
    take(budget, 10);
    succeed(budget, 50);
    expect(take(budget, 50)).toBe(5);
    succeed(budget, 10_000);
    expect(take(budget, 500)).toBe(100);
  });

  test('shows what it allowed', () => {
    const { budget, metrics } = quiet();
    take(budget, 3);
    expect(metrics.of('retries_total')).toBe(3);
    expect(metrics.of('retry_budget')).toBe(7);
  });
});

test.each<[ErrorCode, boolean]>([
  [4290, true],
  [5030, true],
  [5031, true],
  [4030, false],
  [4220, false],
  [5000, false],
  [-32603, false],
  [5040, false],
])('an answer of %i is worth another try: %s (PROM-P9)', (code, is_transient) => {
  expect(isTransient(new AuroraError(code))).toBe(is_transient);
});

describe('after the last attempt', () => {
  test('a task is tried again up to 5 attempts, then it is a dead letter that names all of them (PROM-P11, INV10)', () => {
    const outcomes = ['agent_lost', '5030', 'link_lost', '4290', '5031'];
    for (const count of [0, 1, 2, 3, 4])
      expect(judgeAttempts(tried(outcomes.slice(0, count)))).toEqual({ then: 'again' });
    const judged = judgeAttempts(tried(outcomes));
    expect(judged).toMatchObject({ then: 'dead_letter', cause: { why: '5 attempts came to nothing' } });
    expect(judged.then === 'dead_letter' && judged.cause.chain.map(({ outcome }) => outcome)).toEqual(outcomes);
  });

  test('one that took 3 agents with it is a dead letter at once (PROM-P11, INV19)', () => {
    expect(judgeAttempts(tried(['agent_lost', 'link_lost', 'agent_lost']))).toEqual({ then: 'again' });
    expect(judgeAttempts(tried(['agent_lost', 'link_lost', 'agent_lost', 'agent_lost']))).toMatchObject({
      then: 'dead_letter',
      cause: { why: '3 agents died while they worked on it', chain: { length: 4 } },
    });
  });

  test('the bounds are those of P9 and P11', () => {
    expect(RETRY_LIMITS).toEqual({
      attempts_max: 5,
      agents_lost_max: 3,
      pause_ms: 200,
      pause_ms_max: 30_000,
      budget_share: 0.1,
      budget_floor: 10,
      budget_max: 100,
    });
  });
});

const always = (value: number): Random => ({ ...seededRandom(1), next: () => value });

function quiet() {
  const clock = manualClock();
  const metrics = countingMetrics();
  return { clock, metrics, budget: createRetryBudget({ clock, metrics }) };
}

const take = (budget: RetryBudget, times: number): number =>
  Array.from({ length: times }, () => budget.mayRetry()).filter((may) => may).length;

function succeed(budget: RetryBudget, times: number): void {
  for (let nth = 0; nth < times; nth++) budget.onSuccess();
}

const tried = (outcomes: string[]): Attempt[] =>
  outcomes.map((outcome, nth) => ({
    attempt: nth + 1,
    fence: nth + 1,
    agent_id: 'ada',
    instance_id: `ada-${nth}`,
    started_at: '2026-01-01T00:00:00.000Z',
    outcome,
  }));
