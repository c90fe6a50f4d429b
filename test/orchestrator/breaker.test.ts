/** When nobody is sent to an agent any more, when one task tries it, and what that one's end says. */
import { beforeEach, describe, expect, test } from 'vitest';
import { BREAKER_LIMITS, createBreakers, outcomeOf, type Breakers, type Outcome } from '../../orchestrator/breaker.ts';
import { endedBadly } from '../../orchestrator/ending.ts';
import { AuroraError, type ErrorCode } from '../../protocol/index.ts';
import { countingMetrics, manualClock, type ManualClock } from '../../seams/index.ts';

let clock: ManualClock;
let metrics: ReturnType<typeof countingMetrics>;
let ready: string[];
let breakers: Breakers;
beforeEach(() => {
  clock = manualClock();
  metrics = countingMetrics();
  ready = [];
  breakers = createBreakers({ clock, metrics, onReady: (agent_id) => void ready.push(agent_id) });
});

describe('it opens', () => {
  test('after 5 failures in a row, not after 4 (PROM-P10)', () => {
    run(4, 'failed');
    expect(verdict()).toBe('yes');
    run(1, 'failed');
    expect(verdict()).toEqual({ open_ms: 30_000, why: '5 failures in a row, the last: link lost' });
    expect(metrics.of('breaker_opened_total')).toBe(1);
  });

  test('not after 5 failures with a success among them', () => {
    run(4, 'failed');
    run(1, 'ok');
    run(4, 'failed');
    expect(verdict()).toBe('yes');
  });

  test('when half of 20 outcomes within 30 s are failures, though never 5 in a row (PROM-P10)', () => {
    alternate(19); // the odd ones succeed: 9 failures of 19
    expect(verdict()).toBe('yes');
    run(1, 'failed');
    expect(verdict()).toMatchObject({ open_ms: 30_000 });
  });

  test('not for a share of fewer than 20, nor for what is older than 30 s', () => {
    alternate(18);
    clock.advance(31_000);
    alternate(18);
    expect(verdict()).toBe('yes');
  });

  test('what is older than 30 s is so by the monotonic clock: set ahead, the wall forgets nothing; set back, it keeps nothing (FLT-X32)', () => {
    alternate(18);
    clock.jumpWall(-7_200_000);
    clock.advance(31_000);
    alternate(18);
    expect(verdict()).toBe('yes');
    clock.jumpWall(3_600_000);
    alternate(2);
    expect(verdict()).toMatchObject({ open_ms: 30_000 });
  });

  test('for one skill of one agent only', () => {
    run(5, 'failed');
    expect(breakers.verdict('ada', 'dig_up')).toBe('yes');
    expect(breakers.verdict('bob', 'look_up')).toBe('yes');
  });

  test('not for what says nothing of the agent', () => {
    run(50, 'ignored');
    expect(verdict()).toBe('yes');
  });
});

describe('while it is open', () => {
  beforeEach(() => run(5, 'failed'));

  test('it tells how long, by the monotonic clock: a jump of the wall changes nothing (PROM-D9, FLT-X32)', () => {
    clock.advance(10_000);
    clock.jumpWall(3_600_000);
    expect(verdict()).toMatchObject({ open_ms: 20_000 });
    clock.jumpWall(-7_200_000);
    clock.advance(19_999);
    expect(verdict()).toMatchObject({ open_ms: 1 });
    clock.advance(1);
    expect(verdict()).toBe('probe');
    expect(ready).toEqual(['ada']);
  });

  test('health reads which, since when, why and until when', () => {
    expect(breakers.open()).toEqual([
      {
        agent_id: 'ada',
        skill: 'look_up',
        state: 'open',
        why: '5 failures in a row, the last: link lost',
        since: '2026-01-01T00:00:00.000Z',
        retry_at: '2026-01-01T00:00:30.000Z',
      },
    ]);
    expect(metrics.of('breaker_state')).toBe(2);
    clock.advance(30_000);
    expect(breakers.open()).toMatchObject([{ state: 'half_open' }]);
    expect(metrics.of('breaker_state')).toBe(1);
  });

  test('work that began before it opened neither closes nor reopens it', () => {
    const another = createBreakers({ clock });
    const early = [1, 2, 3, 4, 5, 6, 7].map(() => another.begin('ada', 'look_up'));
    for (const settle of early.slice(0, 5)) settle('failed');
    clock.advance(30_000);
    early[5]?.('failed');
    expect(another.verdict('ada', 'look_up')).toBe('probe');
    early[6]?.('ok');
    expect(another.verdict('ada', 'look_up')).toBe('probe');
  });
});

describe('when it is time to try', () => {
  beforeEach(() => {
    run(5, 'failed');
    clock.advance(30_000);
  });

  test('one task at a time tries it (PROM-P10)', () => {
    breakers.begin('ada', 'look_up');
    expect(verdict()).toMatchObject({ open_ms: 1_000 });
  });

  test('a success closes it, and 5 new failures open it for 30 s again', () => {
    run(1, 'ok');
    expect(verdict()).toBe('yes');
    expect(breakers.open()).toEqual([]);
    expect(metrics.of('breaker_state')).toBe(0);
    run(4, 'failed');
    expect(verdict()).toBe('yes');
    run(1, 'failed');
    expect(verdict()).toMatchObject({ open_ms: 30_000 });
  });

  test('each failure doubles the time, up to 5 minutes; since when stays the same (PROM-P10)', () => {
    for (const open_ms of [60_000, 120_000, 240_000, 300_000, 300_000]) {
      run(1, 'failed');
      expect(verdict()).toMatchObject({ open_ms });
      clock.advance(open_ms);
    }
    expect(breakers.open()[0]?.since).toBe('2026-01-01T00:00:00.000Z');
  });

  test('one whose end says nothing lets another try', () => {
    const settle = breakers.begin('ada', 'look_up');
    ready.length = 0;
    settle('ignored');
    expect(verdict()).toBe('probe');
    expect(ready).toEqual(['ada']);
  });

  test('an end told twice counts once', () => {
    const settle = breakers.begin('ada', 'look_up');
    settle('failed');
    settle('ok');
    expect(verdict()).toMatchObject({ open_ms: 60_000 });
  });
});

test.each<[ErrorCode, Outcome]>([
  [-32603, 'failed'],
  [5000, 'failed'],
  [5030, 'failed'],
  [5040, 'failed'],
  [-32602, 'ignored'],
  [4030, 'ignored'],
  [4220, 'ignored'],
  [4290, 'ignored'],
  [4990, 'ignored'],
])('an answer of %i is %s', (code, outcome) => {
  expect(outcomeOf(new AuroraError(code))).toBe(outcome);
  expect(outcomeOf()).toBe('ok');
});

test('what an agent passes on of a child that nobody could do says nothing of the agent', () => {
  const task = { task_id: 'task_2', error: { code: 5031, message: 'Nobody is free' } };
  expect(outcomeOf(endedBadly(task))).toBe('ignored');
  expect(outcomeOf(endedBadly({ ...task, error: { code: 5000, message: 'It broke' } }))).toBe('failed');
});

test('what is remembered is bounded: a closed one goes before an open one', () => {
  breakers = createBreakers({ clock, limits: { pairs_max: 2 } });
  run(5, 'failed');
  for (const agent_id of ['bob', 'cyd', 'dan']) breakers.begin(agent_id, 'look_up')('failed');
  expect(breakers.open()).toHaveLength(1);
  for (const agent_id of ['bob', 'cyd', 'dan'])
    for (let nth = 0; nth < 4; nth++) breakers.begin(agent_id, 'look_up')('failed');
  expect(breakers.verdict('bob', 'look_up')).toBe('yes'); // its first failure was forgotten
});

test('the bounds are those of P10', () => {
  expect(BREAKER_LIMITS).toEqual({
    failures_max: 5,
    failed_share_max: 0.5,
    outcomes_min: 20,
    window_ms: 30_000,
    open_ms: 30_000,
    open_ms_max: 300_000,
    pairs_max: 4_096,
  });
});

const verdict = () => breakers.verdict('ada', 'look_up');

function run(times: number, outcome: Outcome): void {
  for (let nth = 0; nth < times; nth++) breakers.begin('ada', 'look_up')(outcome, 'link lost');
}

function alternate(times: number): void {
  for (let nth = 1; nth <= times; nth++) run(1, nth % 2 === 1 ? 'ok' : 'failed');
}
