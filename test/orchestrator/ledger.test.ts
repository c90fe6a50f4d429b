/** The ledger in memory holds to the contract of all ledgers, and to a budget of bytes. */
import { describe, expect, test } from 'vitest';
import { memoryLedger } from '../../orchestrator/index.ts';
import { manualClock } from '../../seams/index.ts';
import { ledgerContract, row } from '../support/ledger.ts';

describe('the ledger in memory', () => ledgerContract(memoryLedger));

test('results that are large together push out the oldest finished tasks, never an open one', async () => {
  const ledger = memoryLedger(manualClock(), { open_max: 10, finished_max: 10, finished_bytes_max: 3_000 });
  const bounds = { fan_out_max: 32, root_tasks_max: 256 };
  for (const task_id of ['open', 'a', 'b', 'c', 'd']) await ledger.accept(row(task_id), bounds);
  for (const task_id of ['a', 'b', 'c', 'd']) {
    await ledger.settle(task_id, { state: 'completed', result: 'x'.repeat(1_200) });
  }
  const kept = await ledger.list({ limit: 10 });
  expect(kept.map(({ task_id }) => task_id)).toEqual(['d', 'c', 'open']);
});
