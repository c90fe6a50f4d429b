/** Deadlines: 5040 when over, and nothing starts after (wire.md 7). */
import { expect, test } from 'vitest';
import { applyEvent, releasedBy } from '../../orchestrator/journal.ts';
import type { Task } from '../../protocol/index.ts';
import { AuroraError, TaskPage } from '../../protocol/index.ts';
import { manualClock, noEffects, sleep, type ManualClock } from '../../seams/index.ts';
import type { Arrow } from '../../store/index.ts';
import { runFor, runUntilQuiet, settled } from '../support/drive.ts';
import { echoAgent } from '../support/echo.ts';
import { row } from '../support/ledger.ts';
import { startMesh, type TestMesh } from '../support/mesh.ts';

test('a task that is not over in time fails with 5040, on the millisecond', async () => {
  const clock = manualClock();
  const mesh = await start(clock, 60_000);
  const waiting = expect(ask(mesh, 3_000)).rejects.toMatchObject({ code: 5040 });
  await runFor(clock, 2_999);
  expect(await states(mesh)).toEqual(['working']);
  await runFor(clock, 1);
  expect(await states(mesh)).toEqual(['failed']);
  await waiting;
});

test('without a wish a task has 60 s', async () => {
  const clock = manualClock();
  const mesh = await start(clock, 120_000);
  const waiting = expect(ask(mesh)).rejects.toMatchObject({ code: 5040 });
  await runFor(clock, 59_999);
  expect(await states(mesh)).toEqual(['working']);
  await runFor(clock, 1);
  await waiting;
});

test('a task whose time ends after another try had to be made says what came of the one before', async () => {
  const clock = manualClock();
  let times = 0;
  const fail = async (_text: string, { signal }: { signal: AbortSignal }) => {
    if (++times === 1) throw new AuroraError(5030, { message: 'the sandbox is full' });
    await sleep(clock, 60_000, signal);
    return '';
  };
  const mesh = await startMesh([echoAgent('ada', fail)], { clock });
  await mesh.online(1);
  await expectTimely(clock, ask(mesh, 2_000), {
    code: 5040,
    message: 'Deadline exceeded. Attempt 1 came to nothing: the sandbox is full',
    detail: { detail: { last_attempt: { attempt: 1, agent_id: 'ada', outcome: '5030', why: 'the sandbox is full' } } },
  });
});

test('what only a person can change is not tried again, and is no strike against its agent', async () => {
  const clock = manualClock();
  const mesh = await startMesh([echoAgent('ada', () => Promise.reject(noEffects.unable()))], { clock });
  await mesh.online(1);
  for (let turn = 0; turn < 6; turn++)
    await expectTimely(clock, ask(mesh), { code: 4120, message: noEffects.unable().message });
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  expect(items.map(({ attempts, outcome }) => [attempts.length, outcome])).toEqual(Array(6).fill([1, 'failed']));
  expect(mesh.orchestrator.health().breakers).toEqual([]);
});

test('nothing starts after its time, however late the timer of it is: what holds a process up holds that up (PROM-P6, INV9)', async () => {
  const clock = manualClock();
  const late = { ...clock, after: (delay_ms: number, run: () => void) => clock.after(delay_ms + LATE_MS, run) };
  const runs: string[] = [];
  let is_up = false;
  const agent = echoAgent('ada', (text) => {
    runs.push(text);
    return text;
  });
  const mesh = await startMesh([agent], { clock: late, is_up: () => is_up });
  const waiting = expect(ask(mesh, 1_000)).rejects.toMatchObject({ code: 5040, message: 'The task ran out of time' });
  await runFor(clock, 1_010);
  is_up = true; // dialled before the task's timer is called
  await runFor(clock, LATE_MS);
  await waiting;
  expect(mesh.orchestrator.health().agents).toMatchObject([{ state: 'online' }]);
  expect(runs).toEqual([]);
});

test('a wall clock that jumps changes no deadline', async () => {
  const clock = manualClock();
  const mesh = await start(clock, 2_000);
  const answer = ask(mesh, 3_000);
  await settled();
  clock.jumpWall(3_600_000);
  await runFor(clock, 2_500);
  expect(await answer).toMatchObject({ text: 'hi' });
});

test('the handler is told to stop at the deadline', async () => {
  const clock = manualClock();
  let stopped_at: number | undefined;
  const agent = echoAgent('ada', async (text, { signal }) => {
    await sleep(clock, 60_000, signal).catch(() => (stopped_at = clock.monotonic()));
    return text;
  });
  const mesh = await startMesh([agent], { clock });
  await mesh.online(1);
  const waiting = expect(ask(mesh, 1_000)).rejects.toMatchObject({ code: 5040 });
  await runUntilQuiet(clock);
  await waiting;
  expect(stopped_at).toBe(1_000);
});

test('a task that found nobody before its deadline is never sent, also when somebody comes then', async () => {
  const clock = manualClock();
  const runs: string[] = [];
  let is_up = false;
  const agent = echoAgent('ada', (text) => {
    runs.push(text);
    return text;
  });
  const mesh = await startMesh([agent], { clock, is_up: () => is_up });
  const waiting = expect(ask(mesh, 2_000)).rejects.toMatchObject({ code: 5040 });
  await runFor(clock, 2_000);
  await waiting;
  is_up = true;
  await runUntilQuiet(clock);
  expect(mesh.orchestrator.health().agents).toMatchObject([{ state: 'online' }]);
  expect(runs).toEqual([]);
});

test('no second attempt starts when the link is lost at the deadline', async () => {
  const clock = manualClock();
  const runs: string[] = [];
  const slow = echoAgent('ada', async (text, { signal }) => {
    runs.push(text);
    await sleep(clock, 60_000, signal).catch(() => undefined);
    return text;
  });
  const mesh = await startMesh([slow, slow], { clock });
  await mesh.online(2);
  const waiting = expect(ask(mesh, 1_000)).rejects.toMatchObject({ code: 5040 });
  await settled();
  clock.after(1_000, () => [...mesh.hosts.keys()].forEach((url) => mesh.crash(url)));
  await runUntilQuiet(clock);
  await waiting;
  expect(runs).toHaveLength(1);
});

test('a parent without time to give is refused its handoff with 5040', async () => {
  const clock = manualClock();
  const ada = echoAgent('ada', async (text, ctx) => {
    await sleep(clock, 960, ctx.signal);
    await ctx.handoff({ to: { agent_id: 'bob', skill: 'echo_text' }, params: { text }, reason: 'late' });
    return text;
  });
  const mesh = await startMesh([ada, echoAgent('bob')], { clock });
  await mesh.online(2);
  const waiting = expect(ask(mesh, 1_000)).rejects.toMatchObject({ code: 5040 });
  await runUntilQuiet(clock);
  await waiting;
  expect(await states(mesh)).toEqual(['failed']); // the child was never accepted
});

async function start(clock: ManualClock, work_ms: number): Promise<TestMesh> {
  const agent = echoAgent('ada', async (text, { signal }) => {
    await sleep(clock, work_ms, signal);
    return text;
  });
  const mesh = await startMesh([agent], { clock });
  await mesh.online(1);
  return mesh;
}

async function expectTimely(clock: ManualClock, answer: Promise<unknown>, error: object): Promise<void> {
  const failing = expect(answer).rejects.toMatchObject(error);
  await runUntilQuiet(clock);
  await failing;
}

const ask = (mesh: TestMesh, deadline_ms?: number): Promise<unknown> =>
  mesh.operator.request('handoff', {
    to: { agent_id: 'ada', skill: 'echo_text' },
    params: { text: 'hi' },
    options: deadline_ms === undefined ? {} : { deadline_ms },
  });

async function states(mesh: TestMesh): Promise<Task['state'][]> {
  return TaskPage.parse(await mesh.operator.request('task/list', {})).items.map(({ state }) => state);
}

test('what an earlier attempt said is not put into the mouth of one that said nothing', () => {
  const task = row('task_1');
  const at = '2026-01-01T00:00:00.000Z';
  const give = ({ type, fence, payload }: Arrow) =>
    applyEvent(task, { type, fence: fence ?? null, at, payload }, () => 0);
  give(releasedBy(1, '5030', 'the sandbox is full'));
  expect(task.last_why).toBe('the sandbox is full');
  give(releasedBy(2, 'link_lost'));
  expect(task.last_why).toBeUndefined();
});
const LATE_MS = 5_000;
