/** What followers are told of questions that an earlier process asked. */
import { expect, test } from 'vitest';
import { createFeed } from '../../api/feed.ts';
import { localBus, silentLog } from '../../seams/index.ts';
import { acceptTask, ask, openDesk } from '../support/approvals.ts';
import { settled } from '../support/drive.ts';

test('a question that runs out after a restart is told as one that ran out while all was well (REQ-E110)', async () => {
  const desk = await openDesk();
  const { clock, ledger } = desk;
  const task = await acceptTask(desk, { due: clock.monotonic() + 86_400_000 });
  const { approval_id, expires_at } = await ask(desk, task);

  const bus = localBus(clock);
  const feed = createFeed({ bus, clock, log: silentLog, ledger });
  await feed.resume();
  expect(bus.next('approvals', 0)).toBeUndefined();
  clock.advance(Date.parse(expires_at) - clock.now());
  await settled();
  expect(JSON.parse(bus.next('approvals', 0)?.text ?? '')).toMatchObject({ type: 'approval.expired', id: approval_id });
  await desk.store.close();
});
