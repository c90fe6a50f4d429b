/** What every delivery of a task carries: the same task, the next attempt and fence, one deadline, less time, one trace (PROM-P3). */
import { z } from 'zod';
import { expect, test } from 'vitest';
import { memoryLink } from '../../mesh/index.ts';
import { AuroraError, Routing } from '../../protocol/index.ts';
import { createLedger } from '../../orchestrator/index.ts';
import { manualClock, silentLog, toIso, type ManualClock } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import { runFor, runUntilQuiet } from '../support/drive.ts';
import { echoAgent } from '../support/echo.ts';
import { row } from '../support/ledger.ts';
import { startMesh } from '../support/mesh.ts';
import { tapped } from '../support/tap.ts';

const Met = z.object({ _meta: z.object({ traceparent: z.string(), handoff: Routing }) });

/** Two replicas that are busy at first, and what was delivered to them; `meanwhile` runs at each delivery. */
async function startBusy(meanwhile: (clock: ManualClock, delivery: number) => void = () => undefined) {
  const clock = manualClock();
  const met: z.infer<typeof Met>['_meta'][] = [];
  const busy = () =>
    echoAgent('ada', (text) => {
      meanwhile(clock, met.length);
      if (met.length < DELIVERIES) throw new AuroraError(5030);
      return text;
    });
  const mesh = await startMesh([busy(), busy()], {
    clock,
    link: (url) => {
      const [near, far] = memoryLink({ dialled: new URL(url).host });
      const heard = (frame: Record<string, unknown>) => {
        if (frame['method'] === 'echo_text') met.push(Met.parse(frame['params'])._meta);
      };
      return [near, tapped(far, { heard, said: (frame) => frame })];
    },
  });
  await mesh.online(2);
  const asking = mesh.operator.request('handoff', {
    to: { agent_id: 'ada', skill: 'echo_text' },
    params: { text: 'hi' },
    options: { deadline_ms: 60_000 },
  });
  const answered = asking.then((answer) => answer);
  await runUntilQuiet(clock, () => met.length === DELIVERIES);
  await runFor(clock, 10);
  expect(await answered).toMatchObject({ text: 'hi' });
  return met;
}

test('a task that is delivered again is the same task: next attempt, next fence, one deadline, less time, one trace (PROM-P3)', async () => {
  const met = await startBusy();
  const routings = met.map(({ handoff }) => handoff);
  expect(new Set(routings.map(({ task_id }) => task_id)).size).toBe(1);
  expect(routings.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(routings.map(({ fence }) => fence)).toEqual([1, 2, 3]);
  const deadlines = routings.map(({ deadline }) => Date.parse(deadline));
  expect(Math.max(...deadlines) - Math.min(...deadlines)).toBeLessThanOrEqual(1); // a pause is no whole number of ms
  const budgets = routings.map(({ budget_ms }) => budget_ms);
  expect(budgets).toEqual([...budgets].sort((left, right) => right - left));
  expect(budgets[0]).toBeLessThanOrEqual(60_000);
  expect(budgets[2]).toBeLessThan(budgets[0]!);
  expect(new Set(met.map(({ traceparent }) => traceparent.split('-')[1])).size).toBe(1);
  expect(new Set(met.map(({ traceparent }) => traceparent)).size).toBe(DELIVERIES);
});

test('a wall that is set meanwhile takes no time from a task: its next delivery says the deadline by the wall of now (FLT-X32)', async () => {
  const met = await startBusy((clock, delivery) => {
    if (delivery === 1) clock.jumpWall(HOUR_MS);
  });
  const [first, second] = met.map(({ handoff }) => handoff);
  expect(second!.budget_ms).toBeGreaterThan(50_000);
  expect(Math.abs(Date.parse(second!.deadline) - Date.parse(first!.deadline) - HOUR_MS)).toBeLessThanOrEqual(1);
});

test('after a restart there are no more attempts than there were: one that died before it said so leaves its end to the next (INV10)', async () => {
  const clock = manualClock();
  const endOfTurn = queueMicrotask;
  const store = await openStore({ file: ':memory:', durability: 'full', clock, log: silentLog, endOfTurn });
  const before = createLedger(store, clock);
  const due = { due: clock.monotonic() + 300_000, deadline: toIso(clock.now() + 300_000) };
  const accepted = row('t1', { skill: 'echo_text', params: { text: 'hi' }, actor: ACTOR, ...due });
  await before.accept(accepted, { fan_out_max: 8, root_tasks_max: 64 });
  const to = { agent_id: 'ada', instance_id: 'ada-0', hop: 1, path: ['ada'], actor: ACTOR, effect: 'read' } as const;
  for (let nth = 1; nth <= 5; nth++) {
    await before.lease('t1', to);
    await before.release('t1', nth, '4290', 'ada is busy');
  }
  const runs: string[] = [];
  const agent = echoAgent('ada', (text) => {
    runs.push(text);
    return text;
  });
  const mesh = await startMesh([agent], { clock, orchestrator: { ledger: createLedger(store, clock) } });
  await mesh.online(1);
  await runFor(clock, 10_000);
  expect(await mesh.operator.request('task/get', { task_id: 't1' })).toMatchObject({
    state: 'failed',
    outcome: 'dead_lettered',
    error: {
      code: 4290,
      message: expect.stringMatching(/^Given up: 5 attempts came to nothing.*ada is busy$/) as string,
    },
  });
  expect(runs).toEqual([]);
});

const ACTOR = { sub: 'operator:test', scopes: ['*'], tenant: 'default' };
const DELIVERIES = 3;
const HOUR_MS = 3_600_000;
