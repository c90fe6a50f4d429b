/** An effect whose task was stopped meanwhile: the end says that it may have happened, and the record what came of it (PROM-P7). */
import { expect, test } from 'vitest';
import { incidentResponder } from '../../agents/incident-responder.ts';
import { ApprovalPage, AuroraError, Task } from '../../protocol/index.ts';
import { manualClock, type EffectReceipt, type ManualClock } from '../../seams/index.ts';
import { newestFirst, runFor, settled } from '../support/drive.ts';
import { startMesh, type TestMesh } from '../support/mesh.ts';

const effect_key = 'endpoint_isolation:WS-130';

test('a cancel while the effect is under way says so, and what the agent answers later is on the record', async () => {
  const { mesh, clock, task_id, finish } = await acting();
  const cancelled = mesh.operator.request('task/cancel', { task_id, reason: 'stop it' });
  await runFor(clock, 3_000);
  const receipt = Task.parse(await cancelled);
  expect(receipt).toMatchObject({
    state: 'canceled',
    error: {
      code: 4990,
      message: `Cancelled: stop it. Begun before, and may have happened: ${effect_key}`,
      detail: { effects_begun: [{ effect_key }] },
    },
  });
  expect(receipt.late_result).toBeUndefined();
  finish({ action_id: 'action_1' });
  await settled();
  const after = await task(mesh, task_id);
  expect(after).toMatchObject({ state: 'canceled', late_result: { result: { applied: true, effect_key } } });
  expect(after.result).toBeUndefined();
  expect((await mesh.ledger.history(task_id)).map(({ type }) => type).slice(-3)).toEqual([
    'approval_consumed',
    'canceled',
    'late_result',
  ]);
});

test('that the effect failed after all is on the record as well', async () => {
  const { mesh, clock, task_id, finish } = await acting();
  const cancelled = mesh.operator.request('task/cancel', { task_id });
  await runFor(clock, 3_000);
  await cancelled;
  finish(new AuroraError(5030, { message: 'The webhook answers HTTP 500' }));
  await settled();
  expect((await task(mesh, task_id)).late_result).toMatchObject({
    error: { code: 5030, message: 'The webhook answers HTTP 500' },
  });
});

test.each([
  ['its own timer', (clock: ManualClock) => clock],
  ['that of its request', newestFirst<ManualClock>],
])(
  'a deadline that passes while the effect is under way, by %s, says the same, and hears the same',
  async (_by, ordered) => {
    const { mesh, clock, task_id, finish } = await acting(ordered(manualClock()));
    await runFor(clock, 60_000);
    expect(await task(mesh, task_id)).toMatchObject({
      state: 'failed',
      outcome: 'expired',
      error: { code: 5040, message: expect.stringContaining(effect_key) as string },
    });
    finish({ action_id: 'action_1' });
    await settled();
    expect((await task(mesh, task_id)).late_result).toMatchObject({ result: { applied: true } });
  },
);

test('an effect that ends within the grace of the cancel is told with the end itself', async () => {
  const { mesh, task_id, finish } = await acting();
  const cancelled = mesh.operator.request('task/cancel', { task_id });
  await settled();
  finish({ action_id: 'action_1' });
  const receipt = Task.parse(await cancelled);
  expect(receipt).toMatchObject({ state: 'canceled', result: { applied: true } });
  expect(receipt.late_result).toBeUndefined();
});

test('an effect that never ends does not keep its agent for ever', async () => {
  const { mesh, clock, task_id } = await acting();
  const cancelled = mesh.operator.request('task/cancel', { task_id });
  await runFor(clock, 40_000);
  await cancelled;
  expect((await task(mesh, task_id)).late_result).toBeUndefined();
  await mesh.operator.request('rpc.ping', {});
});

/** A responder whose driver has begun, and ends when the test says how. */
async function acting(clock = manualClock()) {
  let finish: (end: EffectReceipt | AuroraError) => void = () => undefined;
  let has_begun = false;
  const apply = () =>
    new Promise<EffectReceipt>((resolve, reject) => {
      has_begun = true;
      finish = (end) => (end instanceof AuroraError ? reject(end) : resolve(end));
    });
  const mesh = await startMesh([incidentResponder], {
    clock,
    operators: ['operator:eve'],
    orchestrator: { mode: 'active' },
    host: { effects: { apply } },
  });
  await mesh.online(1);
  const options = { idempotency_key: 'k', deadline_ms: 60_000 };
  const params = { endpoint_id: 'WS-130', reason: 'It beacons' };
  const order = { to: { skill: 'contain_endpoint' }, params, options, wait: 'accepted' };
  const { task_id } = (await mesh.operator.request('handoff', order)) as { task_id: string };
  const eve = mesh.as('operator:eve');
  const waiting = async () => ApprovalPage.parse(await eve.request('approval/list', { state: 'pending' })).items[0];
  await until(async () => (await waiting()) !== undefined);
  const { approval_id, action_hash } = (await waiting())!;
  await eve.request('approval/decide', { approval_id, action_hash, decision: 'approve' });
  await until(async () => has_begun);
  return { mesh, clock, task_id, finish: (end: EffectReceipt | AuroraError) => finish(end) };
}

const task = async (mesh: TestMesh, task_id: string): Promise<Task> =>
  Task.parse(await mesh.operator.request('task/get', { task_id }));

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    if (await isSo()) return;
    await settled();
  }
  throw new Error('it did not come to that');
}

const TURNS_MAX = 10_000;
