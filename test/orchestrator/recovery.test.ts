/** Recovering page by page: an end that cannot be kept fails the start (PROM-P6). */
import { expect, test } from 'vitest';
import { acceptedBy } from '../../orchestrator/journal.ts';
import type { StoredEvent } from '../../orchestrator/ledger.ts';
import { recoverTasks } from '../../orchestrator/recovery.ts';
import { manualClock, toIso } from '../../seams/index.ts';
import { row } from '../support/ledger.ts';

const PAGE_TASKS = 500;

test('the end of a late task that cannot be kept is the error of the start, before another page is read (PROM-P6)', async () => {
  const clock = manualClock();
  const pages: number[] = [];
  const bounds: object[] = [];
  const recovering = recoverTasks({
    clock,
    reads: {
      openAfter(last, page) {
        pages.push(last);
        bounds.push(page);
        const length = last === 0 ? PAGE_TASKS : 0;
        return Promise.resolve(Array.from({ length }, (_, nth) => ({ task_id: `t${nth}`, position: nth + 1 })));
      },
      eventsOf: (task_ids) => Promise.resolve(new Map(task_ids.map((task_id) => [task_id, [accepted(task_id)]]))),
      familiesOf: () => Promise.resolve(new Map()),
    },
    dueOf: () => clock.monotonic(),
    readmit: () => undefined,
    restore: () => undefined,
    settle: () => Promise.reject(new Error('the disk is full')),
  });
  await expect(recovering).rejects.toThrow('the disk is full');
  expect(pages).toEqual([0]);
  expect(bounds).toEqual([{ limit: PAGE_TASKS, bytes_max: 8_388_608 }]);

  function accepted(task_id: string): StoredEvent {
    const { type, payload } = acceptedBy(row(task_id));
    return { task_id, type, fence: null, at: toIso(clock.now()), payload: JSON.stringify(payload) };
  }
});
