/** The corners of a group commit, over a journal that answers as it is told. */
import { expect, test } from 'vitest';
import { manualClock, memoryLog } from '../../seams/index.ts';
import { createGroupCommit } from '../../store/group-commit.ts';
import type { Append } from '../../store/group.ts';
import type { Journal } from '../../store/journal.ts';

const AT = '2026-01-01T00:00:00.000Z';
const accept = (task_id: string): Append => ({
  task_id,
  at: AT,
  opens: { root_id: task_id, parent_id: null, skill: 'analyze_threat', deadline: AT },
  arrows: [{ type: 'accepted', payload: task_id }],
});
const fault = (rawCode: number) => Object.assign(new Error(`result code ${rawCode}`), { rawCode });
const CONSTRAINT = 19;
const IOERR_FSYNC = 1034;
const FULL = 13;

function open(commit: Journal['commit']) {
  const journal: Journal = { read: () => ({ tasks: new Map(), keys: new Map() }), commit, probe: () => undefined };
  return createGroupCommit({ journal, clock: manualClock(), log: memoryLog(), isBusy: () => false });
}

test('X26: where each write of a group is tried alone, nothing is acknowledged after a sync that failed', async () => {
  const faults = [fault(CONSTRAINT), fault(IOERR_FSYNC)];
  const writes = open(() => {
    const next = faults.shift();
    if (next) throw next;
  });
  const told = await Promise.allSettled(
    ['task_a', 'task_b', 'task_c'].map((task_id) => writes.append(accept(task_id))),
  );
  expect(told.map((one) => (one.status === 'rejected' ? (one.reason as unknown) : one.value))).toMatchObject(
    Array(3).fill({ code: 5030 }),
  );
  expect(writes.health()).toMatchObject({ state: 'degraded' });
});

test('PROM-P15: what waits is kept at the end, and nothing begins beside it any more', async () => {
  const kept: string[] = [];
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const writes = open(async ({ tasks }) => {
    await gate;
    kept.push(...tasks.map(({ task_id }) => task_id));
  });
  const first = writes.append(accept('task_a'));
  await new Promise((resolve) => void setImmediate(resolve)); // it is being written from here on
  const beside = writes.apart(() => Promise.resolve('beside'));
  const waiting = Array.from({ length: 200 }, (_, nth) => writes.append(accept(`task_${nth}`), { patient: true }));
  const closed = writes.close();
  release();
  await expect(beside).rejects.toMatchObject({ code: 5030 });
  expect((await Promise.all([first, ...waiting])).every(({ outcome }) => outcome === 'kept')).toBe(true);
  await closed;
  expect(kept).toHaveLength(201);
});

test('what is large is cut into groups: a thread that writes them never has all of it in memory at once', async () => {
  const groups: number[] = [];
  const writes = open(({ events }) => void groups.push(events.length));
  const large = 'x'.repeat(5 * 1_048_576);
  const kept = Array.from({ length: 7 }, (_, nth) => {
    const { arrows: _arrows, ...about } = accept(`task_${nth}`);
    return writes.append({ ...about, arrows: [{ type: 'accepted', payload: large }] });
  });
  expect((await Promise.all(kept)).every(({ outcome }) => outcome === 'kept')).toBe(true);
  expect(groups).toEqual([3, 3, 1]);
});

test('one write that is larger than a group may be is kept alone', async () => {
  const groups: number[] = [];
  const writes = open(({ events }) => void groups.push(events.length));
  const huge: Append = { ...accept('task_a'), arrows: [{ type: 'accepted', payload: 'x'.repeat(17 * 1_048_576) }] };
  await Promise.all([writes.append(huge), writes.append(accept('task_b'))]);
  expect(groups).toEqual([1, 1]);
});

test('PROM-P15: what waits for a full disk is bounded by its size too, and there is room again once it was written', async () => {
  const full = { is: true };
  const clock = manualClock();
  const journal: Journal = {
    read: () => ({ tasks: new Map(), keys: new Map() }),
    commit: () => {
      if (full.is) throw fault(FULL);
    },
    probe: () => {
      if (full.is) throw fault(FULL);
    },
  };
  const writes = createGroupCommit({ journal, clock, log: memoryLog(), isBusy: () => false });
  const text = JSON.stringify('x'.repeat(4_194_304));
  const large = (task_id: string): Append => ({
    ...accept(task_id),
    arrows: [{ type: 'accepted', payload: null, text }],
  });
  const waiting = [writes.append(large('task_0'), { patient: true })];
  await new Promise((resolve) => void setImmediate(resolve));
  expect(writes.health()).toMatchObject({ state: 'degraded' });
  for (let nth = 1; nth < 23; nth++) waiting.push(writes.append(large(`task_${nth}`), { patient: true }));
  await expect(writes.append(large('task_23'), { patient: true })).rejects.toMatchObject({ code: 5030 });
  waiting.push(writes.append(accept('task_small'), { patient: true })); // for a small one there is room
  full.is = false;
  clock.advance(1_000);
  expect((await Promise.all(waiting)).every(({ outcome }) => outcome === 'kept')).toBe(true);
  expect(await writes.append(large('task_23'), { patient: true })).toMatchObject({ outcome: 'kept' });
});
