/** Checking a long ledger beside other work. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { manualClock, silentLog } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';

test('checking gives way to other work between pages, and finds work that was kept meanwhile in order', async () => {
  const clock = manualClock();
  const store = await openStore({ file: ':memory:', durability: 'full', clock, log: silentLog });
  const at = '2026-01-01T00:00:00.000Z';
  const accept = (task_id: string) => {
    const opens = { root_id: task_id, parent_id: null, skill: 's', deadline: at };
    return store.append({ task_id, at, opens, arrows: [{ type: 'accepted', payload: task_id }] });
  };
  await Promise.all(Array.from({ length: 1_000 }, (_, nth) => accept(`task_${String(nth).padStart(4, '0')}`)));
  let is_checked = false;
  const checking = store.verifyChain().finally(() => (is_checked = true));
  const kept: string[] = [];
  for (const task_id of ['task_0000a', 'task_9999']) {
    await accept(task_id);
    if (!is_checked) kept.push(task_id);
  }
  expect(kept).toEqual(['task_0000a', 'task_9999']);
  expect(await checking).toMatchObject({ ok: true });
  await store.close();
});

test('a page that cannot be read is a verdict, which names the last row before it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-verify-'));
  const open = (file: string) => openStore({ file, durability: 'full', clock: manualClock(), log: silentLog });
  const store = await open(join(folder, 'ledger.db'));
  const at = '2026-01-01T00:00:00.000Z';
  const opens = (task_id: string) => ({ root_id: task_id, parent_id: null, skill: 's', deadline: at });
  const accept = (task_id: string) =>
    store.append({
      task_id,
      at,
      opens: opens(task_id),
      arrows: [{ type: 'accepted', payload: `asked of ${task_id}` }],
    });
  await Promise.all(Array.from({ length: 1_000 }, (_, nth) => accept(`task_${String(nth).padStart(4, '0')}`)));
  const copy = join(folder, 'copy.db'); // all of it in one file, without a log beside it
  store.backup(copy);
  await store.close();
  const bytes = readFileSync(copy);
  const place = bytes.indexOf('asked of task_0700');
  expect(place).toBeGreaterThan(0);
  const start = place - (place % PAGE_BYTES);
  writeFileSync(copy, bytes.fill(0xff, start, start + PAGE_BYTES));

  const damaged = await open(copy);
  const verdict = await damaged.verifyChain();
  expect(verdict).toEqual({
    ok: false,
    task_id: 'task_0599',
    seq: 1,
    why: 'the database file is damaged: not all that follows can be read',
  });
  await damaged.close();
  rmSync(folder, { recursive: true });
});

/** Of a SQLite file, unless it was made otherwise. */
const PAGE_BYTES = 4_096;
