/** Decisions of people whose process died before it had written their audit rows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig, placeOf } from '../../boot/index.ts';
import { startOrchestrator } from '../../boot/orchestrator.ts';
import { manualClock, silentLog, systemClock, systemIds } from '../../seams/index.ts';
import { createAudit } from '../../soc/audit.ts';
import { openStore } from '../../store/index.ts';
import { acceptTask, ask, openDesk } from '../support/approvals.ts';

test('a decision that a process did not live to put on the audit record is there after the next start, once, and says that it is late', async () => {
  const data = mkdtempSync(join(tmpdir(), 'aurora-missed-'));
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  const file = placeOf(data).ledger;
  const flags = { data, ports: { orchestrator: 0 }, api: { port: 0 }, log_level: 'silent' as const };
  const startAndStop = async () => (await startOrchestrator(loadConfig({ env: {}, flags }))).drain();
  await startAndStop(); // the record begins

  const desk = await openDesk({ file, clock: manualClock(Date.now()) });
  const audit = createAudit({ store: desk.store, clock: desk.clock, ids: systemIds(() => desk.clock.now()) });
  const decisions = [
    ['user:ada', 'approve'],
    ['user:eve', 'reject'],
    ['user:kim', 'approve'], // whose row was written
    ['operator:local', 'approve'], // who has none: the mesh itself is no door of the API
  ] as const;
  const targets: string[] = [];
  for (const [nth, [by, decision]] of decisions.entries()) {
    const { approval_id, action_hash } = await ask(desk, await acceptTask(desk, { task_id: `task_${nth}` }));
    await desk.approvals.decide(by, { approval_id, action_hash, decision });
    targets.push(approval_id);
  }
  await audit.write({ sub: 'user:kim with key_1' }, { action: 'approval.approve', target: targets[2]! });
  const done_at = desk.clock.now();
  await desk.store.close();

  await startAndStop();
  await startAndStop();
  const store = await openStore({ file, durability: 'full', clock: systemClock, log: silentLog });
  onTestFinished(() => store.close());
  const rows = await store.db.selectFrom('audit').selectAll().where('action', 'like', 'approval.%').execute();
  const late = JSON.stringify({ late: true, done_at: new Date(done_at).toISOString() });
  expect(rows.map(({ actor, action, target, detail }) => [actor, action, target, detail])).toEqual([
    ['user:kim with key_1', 'approval.approve', targets[2], '{}'],
    ['user:ada', 'approval.approve', targets[0], late],
    ['user:eve', 'approval.reject', targets[1], late],
  ]);
});
