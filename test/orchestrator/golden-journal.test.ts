/** A journal that the first release wrote: every later one opens it, checks it, and folds it to the same tasks (INV21). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { objectionToUse } from '../../orchestrator/approval.ts';
import { createLedger } from '../../orchestrator/durable-ledger.ts';
import { fold } from '../../orchestrator/journal.ts';
import { createPolicy, PolicyRules } from '../../orchestrator/policy.ts';
import { manualClock, silentLog } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import { openConnection } from '../../store/connection.ts';
import { toKysely } from '../../store/kysely.ts';
import { migrate, MIGRATIONS } from '../../store/migrations.ts';
import { ARROWS } from '../../store/transition.ts';

const golden = readFileSync(join(import.meta.dirname, '..', 'store', 'fixtures', 'v1.sql'), 'utf8');
const StoredEvent = z.object({
  task_id: z.string(),
  type: z.enum(ARROWS),
  fence: z.number().nullable(),
  at: z.string(),
  payload: z.string(),
});
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aurora-golden-'));
  file = join(folder, 'ledger.db');
  const connection = openConnection({ file, driver: 'libsql', durability: 'full' });
  connection.exec(golden);
  connection.close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () => openStore({ file, durability: 'full', clock: manualClock(), log: silentLog });

test('it opens, its chains are whole, and it folds to the tasks it was', async () => {
  const store = await open();
  const ledger = createLedger(store, manualClock());
  expect(await store.verifyChain()).toEqual({ ok: true, tasks: 5, events: 19 });
  expect(await ledger.get('task_000001')).toMatchObject({
    state: 'completed',
    agent_id: 'threat-intel',
    params: { iocs: [{ type: 'ip', value: '192.0.2.1' }], note: 'naïve “quotes” 😀' },
    attempts: [
      { attempt: 1, fence: 1, instance_id: 'i1', outcome: 'link_lost', ended_at: '2026-01-01T00:00:00.020Z' },
      { attempt: 2, fence: 2, instance_id: 'i2', outcome: 'completed', ended_at: '2026-01-01T00:00:00.040Z' },
    ],
    result: { verdict: 'malicious', confidence: 0.9 },
  });
  const listed = (await ledger.list({ limit: 10 })).map((task) => [task.task_id, task.state, task.error?.code]);
  expect(listed).toEqual([
    ['task_000005', 'canceled', 4990],
    ['task_000004', 'failed', 5040],
    ['task_000003', 'rejected', 4031],
    ['task_000002', 'submitted', undefined],
    ['task_000001', 'completed', undefined],
  ]);
  expect(await ledger.byKey('operator:test handoff 1')).toMatchObject({ task_id: 'task_000001' });
  expect((await ledger.recover()).map(({ task }) => task.task_id)).toEqual(['task_000002']);
  await store.close();
});

test('an approval from before kinds of effects is read, and what it began goes on under its own policy (INV13, INV21)', () => {
  const lines = readFileSync(join(import.meta.dirname, '..', 'store', 'fixtures', 'approval-v1.jsonl'), 'utf8');
  const task = fold(
    lines
      .trim()
      .split('\n')
      .map((line) => StoredEvent.parse(JSON.parse(line))),
    () => 60_000,
  );
  const [approval] = task.approvals ?? [];
  expect(task).toMatchObject({ state: 'working', approvals: [{ state: 'granted', targets: ['ws-7'] }] });
  expect(approval).toMatchObject({ effect_kinds: [], votes: [{ by: 'operator:eve' }], consumed: [{}] });
  const { approval_id = '', action_hash = '' } = approval ?? {};
  const objection = (effect_key: string) =>
    objectionToUse(task, approval, {
      use: { approval_id, action_hash, effect_key },
      agent_id: 'responder',
      now: Date.parse('2026-01-01T00:00:30.000Z'),
      policy_version: createPolicy(PolicyRules.parse({}), ['mesh-host']).version,
      mode: 'active',
    });
  expect(objection('isolate:ws-7')).toBeUndefined();
  expect(objection('disk_wipe:ws-7')).toMatchObject({ code: 4090 });
});

test('a later step goes forward over it in one piece: all of it, or nothing', async () => {
  const connection = openConnection({ file, driver: 'libsql', durability: 'full' });
  const db = toKysely(connection);
  const add = { up: (own: typeof db) => own.schema.alterTable('tasks').addColumn('note', 'text').execute() };
  const fail = { up: () => Promise.reject(new Error('power cut')) };
  connection.exec('BEGIN IMMEDIATE');
  await expect(migrate(db, { ...MIGRATIONS, '0002_note': add, '0003_fail': fail })).rejects.toThrow('power cut');
  connection.exec('ROLLBACK');
  await expect(db.selectFrom('tasks').select(db.dynamic.ref('note')).execute()).rejects.toThrow('no such column');
  await migrate(db, { ...MIGRATIONS, '0002_note': add });
  expect(await db.selectFrom('tasks').selectAll().execute()).toHaveLength(5);
  connection.close();
  await expect(open()).rejects.toThrow('written by a newer release');
});
