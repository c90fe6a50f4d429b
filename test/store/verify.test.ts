/** Checking a long ledger beside other work. */
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
