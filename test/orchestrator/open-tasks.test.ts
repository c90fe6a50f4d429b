/** The tasks that are not over: who is stopped is waited for, with all that is below it. */
import { expect, test } from 'vitest';
import { createOpenTasks } from '../../orchestrator/open-tasks.ts';
import { AuroraError } from '../../protocol/index.ts';
import { countingMetrics, manualClock } from '../../seams/index.ts';
import { settled } from '../support/drive.ts';
import { row } from '../support/ledger.ts';

test('a child that is asked for while its parent is being stopped is stopped, and waited for like those before it', async () => {
  const clock = manualClock();
  const open = createOpenTasks({ clock, metrics: countingMetrics() });
  const due = { due: clock.monotonic() + 60_000 };
  const parent = open.open(row('parent', due));
  const first = open.open(row('first', { ...due, parent_id: 'parent' }));
  let is_over = false;
  const stopped = open.stop('parent', new AuroraError(4990)).then(() => (is_over = true));
  const second = open.open(row('second', { ...due, parent_id: 'parent' }));
  expect(second.stop.aborted).toBe(true);
  first.close();
  parent.close();
  await settled();
  expect(is_over).toBe(false);
  second.close();
  await stopped;
  await open.idle();
});
