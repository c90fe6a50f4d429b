/** One key, one task: the same body joins it, another body is refused (wire.md 7). */
import { expect, test } from 'vitest';
import { createLedger, keyMsOf, type Ledger } from '../../orchestrator/index.ts';
import { TaskPage } from '../../protocol/index.ts';
import { manualClock, silentLog, systemClock, toIso } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import { settled } from '../support/drive.ts';
import { echoAgent } from '../support/echo.ts';
import { row } from '../support/ledger.ts';
import { startMesh, type TestMesh } from '../support/mesh.ts';

test('the same key with the same body joins the task that runs, and gets its answer', async () => {
  const { mesh, release, runs } = await start();
  const both = [ask(mesh, { text: 'a', key: 'k' }), ask(mesh, { text: 'a', key: 'k' })];
  await settled();
  release();
  expect(await Promise.all(both)).toEqual([
    { text: 'a', by: 'ada' },
    { text: 'a', by: 'ada' },
  ]);
  expect(runs).toEqual(['a']);
});

test.each(Array.from({ length: 24 }, (_, turns) => turns))(
  'two that come %i microtasks apart share one task and one answer',
  async (turns) => {
    const { mesh, release, runs } = await start();
    const first = ask(mesh, { text: 'a', key: 'k' });
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    const second = ask(mesh, { text: 'a', key: 'k' });
    await settled();
    release();
    expect(await first).toEqual(await second);
    expect(runs).toEqual(['a']);
  },
);

test('a task that is found by its key before its acceptance was told ends for both', async () => {
  const store = await openStore({ file: ':memory:', durability: 'full', clock: systemClock, log: silentLog });
  const kept = createLedger(store, systemClock);
  const accept: Ledger['accept'] = async (...asked) => {
    const answer = await kept.accept(...asked);
    await settled(); // kept already, and everybody may find it
    return answer;
  };
  const { mesh, release, runs } = await start({ ...kept, accept });
  release();
  const first = ask(mesh, { text: 'a', key: 'k' });
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
  expect(await ask(mesh, { text: 'a', key: 'k' })).toEqual({ text: 'a', by: 'ada' });
  expect(await first).toEqual({ text: 'a', by: 'ada' });
  expect(runs).toEqual(['a']);
});

test('a key whose task is forgotten, as an earlier release could leave it, is 4090: it is asked for twice, and not for ever', async () => {
  const store = await openStore({ file: ':memory:', durability: 'full', clock: systemClock, log: silentLog });
  const kept = createLedger(store, systemClock);
  const byKey: Ledger['byKey'] = () => Promise.resolve(undefined);
  let times = 0;
  const accept: Ledger['accept'] = () => {
    if (++times > 9) throw new Error('it goes on and on');
    return Promise.resolve('duplicate');
  };
  const { mesh } = await start({ ...kept, byKey, accept });
  await expect(ask(mesh, { text: 'a', key: 'k' })).rejects.toMatchObject({ code: 4090 });
  expect(times).toBe(2);
});

test('the same key with another body is 4090, while the first runs and after it ended', async () => {
  const { mesh, release } = await start();
  const first = ask(mesh, { text: 'a', key: 'k' });
  await settled();
  await expect(ask(mesh, { text: 'b', key: 'k' })).rejects.toMatchObject({ code: 4090 });
  release();
  await first;
  await expect(ask(mesh, { text: 'b', key: 'k' })).rejects.toMatchObject({ code: 4090 });
});

test('after the end the same key replays the first answer without running again', async () => {
  const { mesh, release, runs } = await start();
  release();
  const first = await ask(mesh, { text: 'a', key: 'k' });
  expect(await ask(mesh, { text: 'a', key: 'k' })).toEqual(first);
  expect(runs).toEqual(['a']);
});

test('the order of the keys in a body makes no other body', async () => {
  const { mesh, release, runs } = await start();
  release();
  const to = { agent_id: 'ada', skill: 'echo_text' };
  const options = { idempotency_key: 'k' };
  await mesh.operator.request('handoff', { to, params: { text: 'a', more: 1 }, options });
  await mesh.operator.request('handoff', { to, params: { more: 1, text: 'a' }, options });
  expect(runs).toHaveLength(1);
});

test('free text under a key is one task as well', async () => {
  const { mesh } = await start();
  const asked = { task: 'look at http://bad.example.com/', wait: 'accepted', options: { idempotency_key: 'k' } };
  const first = await mesh.operator.request('handoff', asked);
  expect(await mesh.operator.request('handoff', asked)).toMatchObject({
    task_id: (first as { task_id: string }).task_id,
  });
  const other = mesh.operator.request('handoff', { ...asked, task: 'look at http://worse.example.com/' });
  await expect(other).rejects.toMatchObject({ code: 4090 });
});

test('the same key in another mode is 4090, with another deadline it is the same task', async () => {
  const { mesh, release, runs } = await start();
  release();
  const asked = { to: { agent_id: 'ada', skill: 'echo_text' }, params: { text: 'a' } };
  const options = { idempotency_key: 'k', mode: 'monitor' };
  await mesh.operator.request('handoff', { ...asked, options });
  await mesh.operator.request('handoff', { ...asked, options: { ...options, deadline_ms: 5_000 } });
  const other = mesh.operator.request('handoff', { ...asked, options: { ...options, mode: 'dry_run' } });
  await expect(other).rejects.toMatchObject({ code: 4090 });
  expect(runs).toEqual(['a']);
});

test('without a key every handoff is a task of its own', async () => {
  const { mesh, release } = await start();
  release();
  await Promise.all([ask(mesh, { text: 'a' }), ask(mesh, { text: 'a' })]);
  expect(TaskPage.parse(await mesh.operator.request('task/list', {})).items).toHaveLength(2);
});

async function start(ledger?: Ledger) {
  const runs: string[] = [];
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const agent = echoAgent('ada', async (text) => {
    runs.push(text);
    await gate;
    return text;
  });
  const mesh = await startMesh([agent], { orchestrator: ledger ? { ledger } : {} });
  await mesh.online(1);
  return { mesh, runs, release: () => release() };
}

const ask = (mesh: TestMesh, { text, key }: { text: string; key?: string }): Promise<unknown> =>
  mesh.operator.request('handoff', {
    to: { agent_id: 'ada', skill: 'echo_text' },
    params: { text },
    options: key === undefined ? {} : { idempotency_key: key },
  });

test('a key counts twice as long as people may take to answer, a day at least (PROM-P2)', async () => {
  expect(keyMsOf({ approval_ms: 1_800_000 })).toBe(DAY_MS);
  const clock = manualClock();
  const endOfTurn = (run: () => void) => queueMicrotask(run);
  const store = await openStore({ file: ':memory:', durability: 'full', clock, log: silentLog, endOfTurn });
  const ledger = createLedger(store, clock, { key_ms_min: keyMsOf({ approval_ms: DAY_MS }) });
  const bounds = { fan_out_max: 1, root_tasks_max: 1 };
  await ledger.accept(row('task_1', { key: { scope: 's', digest: 'd' }, created_at: toIso(clock.now()) }), bounds);
  clock.advance(2 * DAY_MS - 1);
  expect(await ledger.byKey('s')).toMatchObject({ task_id: 'task_1' });
  clock.advance(1);
  expect(await ledger.byKey('s')).toBeUndefined();
  await store.close();
});

const DAY_MS = 86_400_000;
