/** What operators can do about what failed: read its record, ask for it once more, say what became of it (PROM-P4, P11). */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, memoryLink, type Peer } from '../../mesh/index.ts';
import {
  AuroraError,
  HistoryPage,
  isFinal,
  Redriven,
  skill,
  Task,
  TaskPage,
  type LedgerVerdict,
  type RecordedEvent,
} from '../../protocol/index.ts';
import { settled } from '../support/drive.ts';
import { startMesh } from '../support/mesh.ts';
import { tapped, type Frame } from '../support/tap.ts';

test('a failed task is redriven as a new one of whoever says so; the old one keeps its end and gets a note (INV4)', async () => {
  const { operator, task, mend } = await broken();
  const before = await recordOf(operator, task.task_id);
  mend();
  const redriven = Redriven.parse(await operator.request('task/redrive', { task_id: task.task_id, reason: 'mended' }));
  expect(redriven).toMatchObject({ redrive_of: task.task_id });
  const again = await untilFinal(operator, redriven.task_id);
  expect(again).toMatchObject({ state: 'completed', result: { seen: 'x' }, mode: 'monitor', priority: 7 });
  expect(again.reason).toBe(`Redrive of ${task.task_id}: mended`);
  const old = await get(operator, task.task_id);
  expect([old.state, old.outcome, old.redriven_as]).toEqual(['failed', 'failed', redriven.task_id]);
  const [note, ...none] = (await recordOf(operator, task.task_id)).slice(before.length);
  expect([note?.type, note?.payload, none]).toEqual([
    'audit',
    { kind: 'redriven', by: 'operator:test', reason: 'mended', new_task_id: redriven.task_id },
    [],
  ]);
});

test('a second redrive waits for the end of the first; what did not fail is not redriven; nobody redrives what is not there', async () => {
  const { operator, task, hang } = await broken();
  const release = hang();
  const first = Redriven.parse(await operator.request('task/redrive', { task_id: task.task_id, reason: 'a' }));
  const both = { task_id: task.task_id, reason: 'b' };
  await expect(operator.request('task/redrive', both)).rejects.toMatchObject({
    code: 4090,
    message: expect.stringContaining(first.task_id) as string,
  });
  release();
  await untilFinal(operator, first.task_id);
  const second = Redriven.parse(await operator.request('task/redrive', both));
  expect(second.task_id).not.toBe(first.task_id);
  await untilFinal(operator, second.task_id);
  await expect(operator.request('task/redrive', { ...both, task_id: second.task_id })).rejects.toMatchObject({
    code: 4090,
    message: expect.stringContaining('completed') as string,
  });
  await expect(operator.request('task/redrive', { ...both, task_id: 'task_0' })).rejects.toMatchObject({ code: 4040 });
});

test('two redrives at once make one task', async () => {
  const { operator, task, hang } = await broken();
  const release = hang();
  const ask = () => operator.request('task/redrive', { task_id: task.task_id, reason: 'a' });
  expect(await Promise.allSettled([ask(), ask()])).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 4090 } }]);
  release();
});

test('an unknown effect is resolved once, by a person who looked; after that only its opposite is redriven (PROM-P4)', async () => {
  const { operator, ledger, task } = await broken();
  const resolve = (task_id: string, applied: boolean) =>
    operator.request('task/resolve', { task_id, applied, note: 'looked at the switch' });
  await expect(resolve(task.task_id, true)).rejects.toMatchObject({ code: 4090 });
  const row = (await ledger.get(task.task_id))!;
  const unknown = async (task_id: string) => {
    const fresh = { ...row, task_id, root_id: task_id, state: 'submitted' as const, attempts: [], key: undefined };
    await ledger.accept(fresh, { fan_out_max: 32, root_tasks_max: 256 });
    const { hop, path, actor } = fresh;
    const to = { agent_id: 'worker', instance_id: 'w', hop, path, actor, effect: 'non_idempotent' as const };
    await ledger.lease(task_id, to);
    const error = { code: 5000, message: 'unknown' };
    await ledger.settle(task_id, { state: 'failed', as: 'unknown_effect', error });
    return task_id;
  };
  const applied = await unknown('task_applied');
  const resolved = Task.parse(await resolve(applied, true));
  expect(resolved.resolved).toMatchObject({ by: 'operator:test', applied: true, note: 'looked at the switch' });
  expect([resolved.state, resolved.outcome]).toEqual(['failed', 'unknown_effect']);
  await expect(resolve(applied, false)).rejects.toMatchObject({ code: 4090 });
  await expect(operator.request('task/redrive', { task_id: applied, reason: 'x' })).rejects.toMatchObject({
    code: 4090,
    message: expect.stringContaining('twice') as string,
  });
  const not_applied = await unknown('task_not_applied');
  await resolve(not_applied, false);
  Redriven.parse(await operator.request('task/redrive', { task_id: not_applied, reason: 'it did not' }));
  const listed = TaskPage.parse(await operator.request('task/list', { outcome: 'unknown_effect' }));
  expect(listed.items.map(({ task_id }) => task_id)).toEqual([not_applied, applied]);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  expect(TaskPage.parse(await operator.request('task/list', { since: tomorrow })).items).toEqual([]);
});

test('a record comes in pages, with its children when asked, and what is long is cut', async () => {
  const { operator } = await broken();
  const text = 'y'.repeat(10_000);
  const parent = await handOff(operator, 'pass_on', { text });
  const own = await recordOf(operator, parent.task_id);
  expect(own.map(({ type }) => type)).toEqual(['accepted', 'queued', 'leased', 'succeeded']);
  expect(own[0]?.payload).toMatchObject({ skill: 'pass_on', params: { cut_bytes: 10_011 } });
  const tree = await recordOf(operator, parent.task_id, { tree: true, limit: 3 });
  expect(new Set(tree.map(({ task_id }) => task_id)).size).toBe(2);
  expect(tree.map(({ hash }) => hash)).toEqual([...new Set(tree.map(({ hash }) => hash))]);
  expect(tree.at(-1)).toMatchObject({ task_id: parent.task_id, type: 'succeeded' });
  const bad = { task_id: parent.task_id, cursor: 'x' };
  await expect(operator.request('task/history', bad)).rejects.toMatchObject({ code: -32602 });
  await expect(operator.request('task/history', { task_id: 'task_0' })).rejects.toMatchObject({ code: 4040 });
});

test('an agent reads no record, redrives nothing, and copies nothing', async () => {
  const { operator, task } = await broken();
  const answers = z.array(z.number()).parse((await handOff(operator, 'pry_around', { text: task.task_id })).result);
  expect(answers).toEqual([4030, 4030, 4030, 4030, 4030]);
});

test('one check or copy at a time: the second is told to come back', async () => {
  let finish: (verdict: LedgerVerdict) => void = () => undefined;
  const verify = () => new Promise<LedgerVerdict>((resolve) => (finish = resolve));
  const backup = () => Promise.resolve({ path: '/b', bytes: 1, sha256: 's' });
  const { operator } = await startMesh([], { orchestrator: { care: { verify, backup } } });
  const first = operator.request('ledger/verify', {});
  await expect(operator.request('ledger/backup', {})).rejects.toMatchObject({ code: 4290, retry_after_ms: 5_000 });
  finish({ ok: true, tasks: 0, events: 0 });
  expect(await first).toEqual({ ok: true, tasks: 0, events: 0 });
  expect(await operator.request('ledger/backup', {})).toEqual({ path: '/b', bytes: 1, sha256: 's' });
});

/** A mesh whose worker fails until it is mended, and one task that failed on it. */
async function broken() {
  let work = (text: string): Promise<string> => Promise.reject(new AuroraError(4220, { message: `no ${text}` }));
  const params = z.object({ text: z.string() });
  const about = { title: 'T', description: 'D', tags: ['t'], effect: 'read' as const, params };
  const doWork = skill({ ...about, id: 'do_work', result: z.object({ seen: z.string() }) });
  const passOn = skill({ ...about, id: 'pass_on', result: z.object({ seen: z.string() }) });
  const pryAround = skill({ ...about, id: 'pry_around', result: z.array(z.number()) });
  const worker = defineAgent({
    id: 'worker',
    name: 'W',
    description: 'W',
    skills: [doWork.implement(async ({ text }) => ({ seen: await work(text) }))],
  });
  const asker = defineAgent({
    id: 'asker',
    name: 'A',
    description: 'A',
    skills: [
      passOn.implement(async ({ text }, ctx) => {
        work = (given) => Promise.resolve(given.slice(0, 1));
        await ctx.handoff({ to: { skill: 'do_work' }, params: { text }, reason: 'r' });
        return { seen: text };
      }),
      pryAround.implement(async ({ text }, ctx) => {
        const asked = ['task/history', 'task/redrive', 'task/resolve', 'ledger/verify', 'ledger/backup'];
        const params = { task_id: text, reason: 'r', applied: true, note: 'n' };
        const code = (reason: unknown) => AuroraError.from(reason).code;
        const pry = (method: string) => ctx.handoff({ to: { skill: 'raw' }, params: { method, params }, reason: 'r' });
        return Promise.all(asked.map((method) => pry(method).then(() => 0, code)));
      }),
    ],
  });
  const mesh = await startMesh([worker, asker], {
    link: (url) => {
      const [near, far] = memoryLink({ protocol: 'mesh.v1', dialled: new URL(url).host });
      return [near, tapped(far, { said: unwrap })];
    },
  });
  await mesh.online(2);
  const task = await handOff(mesh.operator, 'do_work', { text: 'x' });
  return {
    ...mesh,
    task,
    mend: () => void (work = (text) => Promise.resolve(text)),
    hang: () => {
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      work = (text) => held.then(() => text);
      return release;
    },
  };
}

/** A handoff to `raw` leaves the agent as the method that it wraps. */
function unwrap(frame: Frame): Frame {
  const wrapped = Wrapped.safeParse(frame);
  return wrapped.success ? { ...frame, ...wrapped.data.params.params } : frame;
}

const Wrapped = z.object({
  method: z.literal('handoff'),
  params: z.object({
    to: z.object({ skill: z.literal('raw') }),
    params: z.object({ method: z.string(), params: z.looseObject({}) }),
  }),
});

async function handOff(operator: Peer, to_skill: string, params: object): Promise<Task> {
  const asked = { to: { skill: to_skill }, params, wait: 'accepted', options: { priority: 7 } };
  const { task_id } = z.object({ task_id: z.string() }).parse(await operator.request('handoff', asked));
  return untilFinal(operator, task_id);
}

const get = async (operator: Peer, task_id: string): Promise<Task> =>
  Task.parse(await operator.request('task/get', { task_id }));

async function untilFinal(operator: Peer, task_id: string): Promise<Task> {
  for (let turn = 0; turn < 10_000; turn++) {
    const task = await get(operator, task_id);
    if (isFinal(task.state)) return task;
    await settled();
  }
  throw new Error(`${task_id} does not end`);
}

/** The whole record, page by page. */
async function recordOf(operator: Peer, task_id: string, options = {}): Promise<RecordedEvent[]> {
  const items: RecordedEvent[] = [];
  let cursor: string | null = null;
  do {
    const asked = { task_id, ...options, ...(cursor !== null && { cursor }) };
    const page: HistoryPage = HistoryPage.parse(await operator.request('task/history', asked));
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
}
