/** Work that must not run twice: when nobody knows whether it took effect, the task says so and is never tried again (PROM-P4). */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../mesh/index.ts';
import { createLedger } from '../../orchestrator/index.ts';
import { skill, TaskPage } from '../../protocol/index.ts';
import { manualClock, silentLog, toIso } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import { runFor, runUntilQuiet } from '../support/drive.ts';
import { row } from '../support/ledger.ts';
import { startMesh } from '../support/mesh.ts';

const pay = skill({
  id: 'pay_bill',
  title: 'Pay',
  description: 'Pays, and must not pay twice.',
  tags: [],
  effect: 'non_idempotent',
  action_class: 'low',
  params: z.object({}),
  result: z.object({}),
});

/** An agent whose work never ends, and whoever counts its runs. */
function start() {
  const clock = manualClock();
  const runs: string[] = [];
  const agent = (name: string) =>
    defineAgent({
      id: 'payer',
      name: 'Payer',
      description: 'Pays.',
      skills: [
        pay.implement(() => {
          runs.push(name);
          return new Promise(() => undefined);
        }),
      ],
    });
  return { clock, runs, agents: [agent('one'), agent('two')] };
}

const asked = { to: { agent_id: 'payer', skill: 'pay_bill' }, params: {}, wait: 'accepted' };

test('when its agent is lost, the effect is unknown, and no other replica does it (FLT-X8)', async () => {
  const { clock, runs, agents } = start();
  const down = new Set<string>();
  const mesh = await startMesh(agents, { clock, is_up: (url) => !down.has(url) });
  await mesh.online(2);
  await mesh.operator.request('handoff', asked);
  clock.after(500, () => {
    const url = runs[0] === 'one' ? 'ws://payer-0.test:1' : 'ws://payer-1.test:1';
    down.add(url);
    mesh.crash(url);
  });
  await runUntilQuiet(clock, () => clock.monotonic() > 30_000);
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  expect(items).toMatchObject([{ state: 'failed', outcome: 'unknown_effect', error: { code: 5000 } }]);
  expect(runs).toHaveLength(1);
});

test('when its time is over before it answers, the effect is unknown too, and not merely late', async () => {
  const { clock, runs, agents } = start();
  const mesh = await startMesh(agents, { clock });
  await mesh.online(2);
  await mesh.operator.request('handoff', { ...asked, options: { deadline_ms: 1_000 } });
  await runUntilQuiet(clock, () => clock.monotonic() > 30_000);
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  expect(items).toMatchObject([{ state: 'failed', outcome: 'unknown_effect', error: { code: 5040 } }]);
  expect(runs).toHaveLength(1);
});

test.each([
  ['one that has to register again 45 s: it was given up after 15 s', 0, 45_000],
  ['one that the orchestrator dials 15 s', 1, 15_000],
])('after a restart whoever held it has time to come back, %s (PROM-P12)', async (_name, dialled, ms) => {
  const { clock, runs, agents } = start();
  const store = await openStore({
    file: ':memory:',
    durability: 'full',
    clock,
    log: silentLog,
    endOfTurn: queueMicrotask,
  });
  const before = createLedger(store, clock);
  const held = { agent_id: 'payer', instance_id: 'payer-0', hop: 1, path: ['payer'], actor: ACTOR };
  const due = { due: clock.monotonic() + 300_000, deadline: toIso(clock.now() + 300_000) };
  const family = { fan_out_max: 8, root_tasks_max: 64 };
  await before.accept(row('t1', { skill: 'pay_bill', actor: ACTOR, ...due }), family, {
    ...held,
    effect: 'non_idempotent',
  });
  const ledger = createLedger(store, clock);
  const mesh = await startMesh(agents.slice(0, dialled), { clock, is_up: () => false, orchestrator: { ledger } });
  await runFor(clock, ms - 2_000);
  expect(await mesh.operator.request('task/get', { task_id: 't1' })).toMatchObject({ state: 'working' });
  await runFor(clock, 4_000);
  expect(await mesh.operator.request('task/get', { task_id: 't1' })).toMatchObject({ outcome: 'unknown_effect' });
  expect(runs).toEqual([]);
});

const ACTOR = { sub: 'operator:test', scopes: ['*'], tenant: 'default' };
