/** What a skill that acts answers where nothing may be done is a preview, whatever its agent says (requirements.md 7, INV14). */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../mesh/index.ts';
import { createLedger } from '../../orchestrator/index.ts';
import { ApprovalPage, skill, Task } from '../../protocol/index.ts';
import { silentLog, systemClock, type Clock } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import { echoAgent } from '../support/echo.ts';
import { startMesh } from '../support/mesh.ts';
import { createResponder } from '../support/responder.ts';

const clock: Clock = systemClock;

/** A fleet in one mode, with an agent that never looks at it, and a ledger that can be read anew. */
async function fleetIn(mode: 'dry_run' | 'monitor' | 'active') {
  const store = await openStore({ file: ':memory:', durability: 'full', clock, log: silentLog });
  const own = { mode, ledger: createLedger(store, clock), storeHealth: store.health, epoch: Number(store.epoch) };
  const { responder } = createResponder();
  const mesh = await startMesh([responder, echoAgent('ada')], { operators: ['operator:eve'], orchestrator: own });
  await mesh.online(2);
  const newest = async () => {
    const [row] = await createLedger(store, clock).list({ limit: 1 });
    return { row, task: Task.parse(await mesh.operator.request('task/get', { task_id: row!.task_id })) };
  };
  return { mesh, newest };
}

test.each(['dry_run', 'monitor'] as const)(
  'in %s its answer and its record say `simulated`, also when they are read from the store',
  async (mode) => {
    const { mesh, newest } = await fleetIn(mode);
    const asked = { to: { skill: 'isolate_host' }, params: { host: 'ws-7' } };
    expect(await mesh.operator.request('handoff', asked)).toEqual({ done: 'ws-7', simulated: true });
    const { row, task } = await newest();
    expect([row?.simulated, task.simulated, task.state]).toEqual([true, true, 'completed']);
    expect(task.result).toEqual({ done: 'ws-7' }); // its own words are kept as they came
  },
);

test('a wish for a stricter mode than that of the fleet counts, and what only reads is no preview', async () => {
  const { mesh, newest } = await fleetIn('active');
  const asked = { to: { skill: 'isolate_host' }, params: { host: 'ws-7' }, options: { mode: 'dry_run' } };
  expect(await mesh.operator.request('handoff', asked)).toMatchObject({ simulated: true });
  const reading = { to: { agent_id: 'ada', skill: 'echo_text' }, params: { text: 'x' }, options: { mode: 'dry_run' } };
  expect(await mesh.operator.request('handoff', reading)).not.toHaveProperty('simulated');
  expect((await newest()).task).not.toHaveProperty('simulated');
});

test.each(['low', 'medium'] as const)(
  'what only reads has real findings, also where its card says %s',
  async (action_class) => {
    const look = skill({
      id: 'look_at_host',
      title: 'Look',
      description: 'Looks at a host.',
      tags: ['read'],
      effect: 'read',
      action_class,
      targets: ['/host'],
      params: z.object({ host: z.string() }),
      result: z.object({ seen: z.string() }),
    });
    const skills = [look.implement(({ host }) => ({ seen: host }))];
    const mesh = await startMesh([defineAgent({ id: 'looker', name: 'L', description: 'Looks.', skills })], {
      orchestrator: { mode: 'monitor' },
    });
    await mesh.online(1);
    const asked = { to: { skill: 'look_at_host' }, params: { host: 'ws-7' } };
    expect(await mesh.operator.request('handoff', asked)).toEqual({ seen: 'ws-7' });
  },
);

test('in active, with its approval, it is no preview', async () => {
  const { mesh, newest } = await fleetIn('active');
  const options = { idempotency_key: 'k', on_approval: 'return' };
  const asked = { to: { skill: 'isolate_host' }, params: { host: 'ws-7' }, options };
  await expect(mesh.operator.request('handoff', asked)).rejects.toMatchObject({ code: 4032 });
  const { items } = ApprovalPage.parse(await mesh.as('operator:eve').request('approval/list', {}));
  const { approval_id, action_hash } = items[0]!;
  await mesh.as('operator:eve').request('approval/decide', { approval_id, action_hash, decision: 'approve' });
  expect(await mesh.operator.request('handoff', asked)).toEqual({ done: 'ws-7' });
  expect((await newest()).task).not.toHaveProperty('simulated');
});
