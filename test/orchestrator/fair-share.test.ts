/** Those who ask take turns: one who asks for much leaves the others their share (PROM-P8, INV20). */
import { expect, test } from 'vitest';
import type { Peer } from '../../mesh/index.ts';
import { echoAgent } from '../support/echo.ts';
import { startMesh } from '../support/mesh.ts';
import { createResponder } from '../support/responder.ts';

const ask = (who: Peer, text: string): Promise<unknown> =>
  who.request('handoff', { to: { agent_id: 'ada' }, method: 'echo_text', params: { text }, wait: 'accepted' });

/** An agent with room for so many, which does the first so many only once it is let; the rest in the order in which it got them. */
async function busyMesh(registry: { queue_max?: number } = {}) {
  const began: string[] = [];
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const ada = echoAgent('ada', async (text) => {
    began.push(text);
    await opened;
    return text;
  });
  const mesh = await startMesh([ada], { operators: ['operator:bob'], orchestrator: { bounds: { registry } } });
  await mesh.online(1);
  for (let index = 0; index < IN_FLIGHT; index++) await ask(mesh.operator, `anna ${index}`);
  return { mesh, began, open: () => open(), bob: mesh.as('operator:bob') };
}

test('whoever asks for one thing is next, however much another one has waiting', async () => {
  const { mesh, began, open, bob } = await busyMesh();
  for (let index = 0; index < 20; index++) await ask(mesh.operator, `anna waits ${index}`);
  await ask(bob, 'bob');
  open();
  await expect.poll(() => began).toHaveLength(IN_FLIGHT + 21);
  expect(began.indexOf('bob')).toBeLessThanOrEqual(IN_FLIGHT + 1);
});

test('one alone may fill the queue; as soon as another asks, half of it', async () => {
  const { mesh, open, bob } = await busyMesh({ queue_max: 4 });
  for (let index = 0; index < 4; index++) await ask(mesh.operator, `anna waits ${index}`);
  await expect(ask(mesh.operator, 'one more')).rejects.toMatchObject({ code: 4290 });
  await expect(ask(bob, 'bob')).rejects.toMatchObject({ code: 4290 });
  const { items } = (await mesh.operator.request('task/list', { state: 'submitted', limit: 2 })) as Page;
  await mesh.operator.request('task/cancel', { task_id: items[0]!.task_id });
  await expect(ask(mesh.operator, 'one more')).rejects.toThrow('Too many of your tasks wait');
  await ask(bob, 'bob');
  open();
});

test('what acts goes before what reads, unless whoever asks says otherwise (PROM-P8)', async () => {
  const { responder } = createResponder();
  const reader = echoAgent('ada');
  const mesh = await startMesh([responder, reader], { orchestrator: { mode: 'active' } });
  await mesh.online(2);
  const host = { params: { host: 'ws-7' }, wait: 'accepted' };
  await ask(mesh.operator, 'hi');
  await mesh.operator.request('handoff', {
    to: { skill: 'isolate_host' },
    ...host,
    options: { idempotency_key: 'one' },
  });
  const options = { idempotency_key: 'two', priority: 2 };
  await mesh.operator.request('handoff', { to: { skill: 'isolate_host' }, ...host, options });
  await mesh.operator.request('handoff', { to: { skill: 'isolate_host' }, ...host, options: { mode: 'monitor' } });
  const { items } = (await mesh.operator.request('task/list', {})) as { items: { priority: number }[] };
  expect(items.map(({ priority }) => priority)).toEqual([5, 2, 7, 5]);
});

type Page = { items: { task_id: string }[] };
/** What one link takes at once. */
const IN_FLIGHT = 64;
