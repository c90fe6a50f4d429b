/** Cancelling: down the whole tree, answered once, never undone (wire.md 7). */
import { expect, test } from 'vitest';
import { AuroraError, Task, TaskPage } from '../../protocol/index.ts';
import { manualClock, sleep } from '../../seams/index.ts';
import { runFor, runUntilQuiet, settled } from '../support/drive.ts';
import { echoAgent, untilStopped } from '../support/echo.ts';
import { startMesh, type TestMesh } from '../support/mesh.ts';

const refuse = (): never => {
  throw new AuroraError(4990);
};

test('a cancel goes down the whole tree, and everybody in it ends canceled', async () => {
  const { mesh, root } = await startTree();
  const answer = Task.parse(await mesh.operator.request('task/cancel', { task_id: root.task_id }));
  expect(answer).toMatchObject({ state: 'canceled', error: { code: 4990 } });
  expect((await tasks(mesh)).map(({ skill, state }) => [skill, state])).toEqual([
    ['echo_text', 'canceled'],
    ['echo_text', 'canceled'],
    ['echo_text', 'canceled'],
  ]);
  await settled();
  for (const host of mesh.hosts.values()) expect(host.running).toBe(0);
});

test('no attempt starts after a cancel, not even when the link is lost at that moment (PROM-P7)', async () => {
  const runs: string[] = [];
  const slow = (name: string) =>
    echoAgent('ada', (_text, ctx) => {
      runs.push(name);
      return untilStopped(ctx, refuse);
    });
  const clock = manualClock();
  const mesh = await startMesh([slow('one'), slow('two')], { clock });
  await mesh.online(2);
  const task_id = await accepted(mesh, 'ada');
  await until(() => runs.length === 1);
  const cancelled = mesh.operator.request('task/cancel', { task_id });
  for (const url of mesh.hosts.keys()) mesh.crash(url);
  expect(Task.parse(await cancelled)).toMatchObject({ state: 'canceled', attempts: [{ outcome: 'canceled' }] });
  await runUntilQuiet(clock);
  expect(mesh.orchestrator.health().status).toBe('ok'); // both are back, and neither was asked
  expect(runs).toHaveLength(1);
});

test('a late answer does not reopen a canceled task', async () => {
  const clock = manualClock();
  let started = false;
  const stubborn = echoAgent('ada', async (text) => {
    started = true;
    await sleep(clock, 30_000); // does not look at its signal
    return text;
  });
  const mesh = await startMesh([stubborn], { clock });
  await mesh.online(1);
  const task_id = await accepted(mesh, 'ada');
  await until(() => started);
  const cancelled = mesh.operator.request('task/cancel', { task_id });
  await runFor(clock, 5_000);
  expect(Task.parse(await cancelled)).toMatchObject({ state: 'canceled' });
  await runUntilQuiet(clock);
  expect(await task(mesh, task_id)).toMatchObject({ state: 'canceled', error: { code: 4990 } });
});

test('what an agent still answers to a cancel is kept as a part of a canceled task (PROM-P7)', async () => {
  const mesh = await startMesh([echoAgent('ada', (_text, ctx) => untilStopped(ctx, () => 'half of it'))]);
  await mesh.online(1);
  const task_id = await accepted(mesh, 'ada');
  await settled();
  await mesh.operator.request('task/cancel', { task_id });
  expect(await task(mesh, task_id)).toMatchObject({ state: 'canceled', result: { text: 'half of it' } });
});

test('`$/cancel` of a waiting handoff cancels its task; the handoff is answered with 4990', async () => {
  const mesh = await startMesh([echoAgent('ada', (_text, ctx) => untilStopped(ctx, refuse))]);
  await mesh.online(1);
  const stop = new AbortController();
  const waiting = handoff(mesh, { signal: stop.signal });
  await settled();
  stop.abort(new AuroraError(4990));
  await expect(waiting).rejects.toMatchObject({ code: 4990 });
  expect(await tasks(mesh)).toMatchObject([{ state: 'canceled' }]);
});

test.each(Array.from({ length: 24 }, (_, turns) => turns))(
  '`$/cancel` that overtakes the acceptance by %i turns of the microtask queue is not lost',
  async (turns) => {
    const mesh = await startMesh([echoAgent('ada', (_text, ctx) => untilStopped(ctx, refuse))]);
    await mesh.online(1);
    const stop = new AbortController();
    const waiting = handoff(mesh, { signal: stop.signal });
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    stop.abort(new AuroraError(4990));
    await expect(waiting).rejects.toMatchObject({ code: 4990 });
    for (const { state } of await tasks(mesh)) expect(state).toBe('canceled');
  },
);

test('a caller whose link is lost cancels nothing: the task ends and its result is kept', async () => {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const mesh = await startMesh([echoAgent('ada', async (text) => gate.then(() => text))]);
  await mesh.online(1);
  const waiting = handoff(mesh).catch((reason: unknown) => AuroraError.from(reason).code);
  await settled();
  mesh.operator.link.cut();
  expect(await waiting).toBe(5030);
  release();
  await settled();
  expect(await mesh.ledger.list({ limit: 10 })).toMatchObject([{ state: 'completed', result: { text: 'hi' } }]);
});

test('cancelling a task that is over changes nothing; one that never was is 4040', async () => {
  const mesh = await startMesh([echoAgent('ada')]);
  await mesh.online(1);
  await handoff(mesh);
  const [done] = await tasks(mesh);
  expect(await mesh.operator.request('task/cancel', { task_id: done?.task_id })).toMatchObject({ state: 'completed' });
  await expect(mesh.operator.request('task/cancel', { task_id: 'task_x' })).rejects.toMatchObject({ code: 4040 });
});

test('a task that waits for room is cancelled where it waits', async () => {
  const clock = manualClock();
  const mesh = await startMesh([echoAgent('ada')], { clock, is_up: () => false });
  const task_id = await accepted(mesh, 'ada');
  await settled();
  expect(await mesh.operator.request('task/cancel', { task_id })).toMatchObject({ state: 'canceled', attempts: [] });
});

test('a parent that ends takes the children with it that nobody waits for', async () => {
  let begin: () => void = () => undefined;
  const began = new Promise<void>((resolve) => (begin = resolve));
  const child = echoAgent('bob', (_text, ctx) => {
    begin();
    return untilStopped(ctx, refuse);
  });
  const hasty = echoAgent('ada', async (text, ctx) => {
    void ctx.handoff({ to: { agent_id: 'bob', skill: 'echo_text' }, params: { text }, reason: 'x' }).catch(() => 0);
    await began;
    return text;
  });
  const mesh = await startMesh([hasty, child]);
  await mesh.online(2);
  await handoff(mesh);
  await settled();
  expect((await tasks(mesh)).map(({ agent_id, state }) => [agent_id, state])).toEqual([
    ['bob', 'canceled'],
    ['ada', 'completed'],
  ]);
});

test.each(Array.from({ length: 16 }, (_, turns) => turns))(
  'a child that is accepted %i microtasks after its parent was cancelled does not outlive it',
  async (turns) => {
    const bob = echoAgent('bob', (_text, ctx) => untilStopped(ctx, refuse));
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const ada = echoAgent('ada', async (text, ctx) => {
      await gate;
      await ctx.handoff({ to: { agent_id: 'bob', skill: 'echo_text' }, params: { text }, reason: 'x' });
      return text;
    });
    const mesh = await startMesh([ada, bob]);
    await mesh.online(2);
    const task_id = await accepted(mesh, 'ada');
    await settled();
    go();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    await mesh.operator.request('task/cancel', { task_id });
    await settled();
    for (const { state } of await tasks(mesh)) expect(state).toBe('canceled');
    expect(mesh.orchestrator.health().tasks_open).toBe(0);
  },
);

/** Three tasks under one another, the last one waiting. */
async function startTree(): Promise<{ mesh: TestMesh; root: Task }> {
  const passing = (id: string, next: string) =>
    echoAgent(id, async (text, ctx) => {
      await ctx.handoff({ to: { agent_id: next, skill: 'echo_text' }, params: { text }, reason: 'next' });
      return text;
    });
  let reached = false;
  const last = echoAgent('cyd', (_text, ctx) => {
    reached = true;
    return untilStopped(ctx, refuse);
  });
  const mesh = await startMesh([passing('ada', 'bob'), passing('bob', 'cyd'), last]);
  await mesh.online(3);
  const task_id = await accepted(mesh, 'ada');
  await until(() => reached);
  return { mesh, root: await task(mesh, task_id) };
}

const handoff = (mesh: TestMesh, options: { signal?: AbortSignal } = {}): Promise<unknown> =>
  mesh.operator.request('handoff', { to: { agent_id: 'ada', skill: 'echo_text' }, params: { text: 'hi' } }, options);

async function accepted(mesh: TestMesh, agent_id: string): Promise<string> {
  const to = { agent_id, skill: 'echo_text' };
  const answer = await mesh.operator.request('handoff', { to, params: { text: 'hi' }, wait: 'accepted' });
  return (answer as { task_id: string }).task_id;
}

const task = async (mesh: TestMesh, task_id: string): Promise<Task> =>
  Task.parse(await mesh.operator.request('task/get', { task_id }));

const tasks = async (mesh: TestMesh): Promise<Task[]> =>
  TaskPage.parse(await mesh.operator.request('task/list', {})).items;

async function until(is_so: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000; turn++) {
    if (is_so()) return;
    await settled();
  }
  throw new Error('it never came to that');
}

test('a canceled task says who cancelled it, on its record as well (T04)', async () => {
  const mesh = await startMesh([echoAgent('ada', (_text, ctx) => untilStopped(ctx, refuse))], {
    operators: ['operator:eve'],
  });
  await mesh.online(1);
  const [silent, said] = [await accepted(mesh, 'ada'), await accepted(mesh, 'ada')];
  const eve = mesh.as('operator:eve');
  const detail = { canceled_by: 'operator:eve' };
  expect(await eve.request('task/cancel', { task_id: silent })).toMatchObject({
    error: { message: 'Cancelled: asked by operator:eve', detail },
  });
  expect(await eve.request('task/cancel', { task_id: said, reason: 'a mistake' })).toMatchObject({
    error: { message: 'Cancelled: a mistake', detail },
  });
  const [last] = (await mesh.ledger.history(silent)).slice(-1);
  expect([last?.type, JSON.parse(last!.payload)]).toMatchObject(['canceled', { error: { detail } }]);
});
