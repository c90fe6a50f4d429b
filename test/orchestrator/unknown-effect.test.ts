/** Work that must not run twice: when nobody knows whether it took effect, the task says so and is never tried again (PROM-P4). */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../mesh/index.ts';
import { createLedger, type Ledger } from '../../orchestrator/index.ts';
import { AuroraError, skill, TaskPage, type ErrorCode } from '../../protocol/index.ts';
import { manualClock, silentLog, toIso, type ManualClock } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import { newestFirst, runFor, runUntilQuiet } from '../support/drive.ts';
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

test.each([
  ['its own timer', (clock: ManualClock) => clock],
  ['that of its request', newestFirst<ManualClock>],
])(
  'when its time is over before it answers, by %s, the effect is unknown too, and not merely late',
  async (_by, ordered) => {
    const { runs, agents, ...made } = start();
    const clock = ordered(made.clock);
    const mesh = await startMesh(agents, { clock, host: { clock: manualClock() } }); // whose agents do not notice
    await mesh.online(2);
    await mesh.operator.request('handoff', { ...asked, options: { deadline_ms: 1_000 } });
    await runFor(clock, 5_000);
    const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
    expect(items).toMatchObject([{ state: 'failed', outcome: 'unknown_effect', error: { code: 5040 } }]);
    expect(runs).toHaveLength(1);
  },
);

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

/** One that ends as it is told. */
const failing = (code: ErrorCode) =>
  defineAgent({
    id: 'payer',
    name: 'Payer',
    description: 'Pays.',
    skills: [pay.implement(() => Promise.reject(new AuroraError(code)))],
  });

test.each([5040, 4990] as const)(
  'an agent that answers %i, as its host does where its clock is ahead or it was left alone, leaves the effect unknown (PROM-P4)',
  async (code) => {
    const mesh = await startMesh([failing(code)]);
    await mesh.online(1);
    await expect(mesh.operator.request('handoff', { ...asked, wait: 'result' })).rejects.toMatchObject({ code });
    const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
    expect(items).toMatchObject([{ state: 'failed', outcome: 'unknown_effect', error: { code } }]);
  },
);

test.each([
  [-32602, -32602],
  [4090, 4090],
  [5030, 5000], // a code that asks to come again is not answered for what was kept
] as const)('an agent that says it failed, %i, is believed: nothing is in doubt', async (code, answered) => {
  const mesh = await startMesh([failing(code)]);
  await mesh.online(1);
  const asking = mesh.operator.request('handoff', { ...asked, wait: 'result' });
  await expect(asking).rejects.toMatchObject({ code: answered });
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  expect(items).toMatchObject([{ state: 'failed', outcome: 'failed', error: { code } }]);
});

test('a link that goes before the work was sent leaves nothing in doubt: it is done by the next (PROM-P4)', async () => {
  const { clock, runs, agents } = start();
  const store = await openStore({
    file: ':memory:',
    durability: 'full',
    clock,
    log: silentLog,
    endOfTurn: queueMicrotask,
  });
  const kept = createLedger(store, clock);
  let cut: ((url: string) => void) | undefined;
  const lease: Ledger['lease'] = async (...asked) => {
    const attempt = await kept.lease(...asked);
    cut?.(`ws://${attempt?.instance_id}.test:1`);
    cut = undefined;
    return attempt;
  };
  const mesh = await startMesh(agents, { clock, orchestrator: { ledger: { ...kept, lease } } });
  await mesh.online(2);
  cut = (url) => mesh.crash(url);
  await mesh.operator.request('handoff', asked);
  await runFor(clock, 30_000);
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  expect(items).toMatchObject([{ state: 'working', attempts: [{ outcome: 'link_lost' }, { attempt: 2 }] }]);
  expect(runs).toHaveLength(1);
});

test.each([
  ['as soon as it is asked is asked no more: the fourth time ends it', 3_000, 'unknown_effect'],
  ['now and then, with a link that holds in between, goes on', 16_000, undefined],
])('an agent that is lost over the same attempt %s (PROM-P12)', async (_name, ms, outcome) => {
  const { clock, runs, agents } = start();
  const mesh = await startMesh(agents.slice(0, 1), { clock });
  await mesh.online(1);
  await mesh.operator.request('handoff', { ...asked, options: { deadline_ms: 300_000 } });
  for (let time = 1; time <= 3; time++) {
    await runFor(clock, ms);
    mesh.crash('ws://payer-0.test:1');
  }
  await runFor(clock, ms);
  expect(TaskPage.parse(await mesh.operator.request('task/list', {})).items).toMatchObject([{ state: 'working' }]);
  mesh.crash('ws://payer-0.test:1');
  await runFor(clock, ms);
  const [task] = TaskPage.parse(await mesh.operator.request('task/list', {})).items;
  expect([task?.outcome, runs.length]).toEqual([outcome, 1]);
});

const ACTOR = { sub: 'operator:test', scopes: ['*'], tenant: 'default' };
