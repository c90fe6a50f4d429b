/** The tables of every release: what 0001 made is pinned, what came later goes forward over it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock, silentLog } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import { openConnection } from '../../store/connection.ts';
import { toKysely } from '../../store/kysely.ts';
import { migrate, MIGRATIONS } from '../../store/migrations.ts';

const released = readFileSync(join(import.meta.dirname, 'fixtures', 'v1.sql'), 'utf8');
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aurora-steps-'));
  file = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What SQLite says its tables and indexes are, word for word. */
async function formOf(prepare: (connection: ReturnType<typeof openConnection>) => Promise<void> | void) {
  const connection = openConnection({ file: ':memory:', driver: 'libsql', durability: 'full' });
  await prepare(connection);
  const rows = connection
    .prepare(`SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name`)
    .all([]);
  connection.close();
  const text = (row: Readonly<Record<string, unknown>>) =>
    `${String(row['type'])} ${String(row['name'])}: ${String(row['sql'])}`;
  return rows.map((row) => text(row).replace('CREATE TABLE IF NOT EXISTS', 'create table').toLowerCase());
}

test('the released step 0001 still makes the tables it made then', async () => {
  const { '0001_ledger': first } = MIGRATIONS;
  const made = await formOf((connection) => migrate(toKysely(connection), { '0001_ledger': first! }));
  const then = await formOf((connection) => connection.exec(released));
  const own = (lines: readonly string[]) => lines.filter((line) => !line.includes('kysely_'));
  expect(own(made)).toEqual(own(then));
  expect(own(then).length).toBeGreaterThan(7);
});

test('a database of 0001 opens, checks, is anchored, and forgets behind its anchors', async () => {
  const connection = openConnection({ file, driver: 'libsql', durability: 'full' });
  connection.exec(released);
  connection.exec(
    `INSERT INTO checkpoints VALUES (1, '2026-01-01T00:00:00.000Z', '2025-12-01T00:00:00.000Z', 0,
      '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945', '${'0'.repeat(64)}',
      'be9d1e972c4eedf8087898ff956f41f396b2bb8a3a3cd781a6d34f6b0f4758d4')`,
  );
  connection.close();
  const clock = manualClock(Date.UTC(2027, 0, 1));
  const anchors = { file: join(folder, 'anchors.jsonl'), sign: (text: string) => `ours ${text}`, verify: isOurs };
  const store = await openStore({ file, durability: 'full', clock, log: silentLog, anchors });
  expect(await store.verifyChain()).toEqual({ ok: true, tasks: 5, events: 19 });
  await store.anchor();
  expect(await store.prune(clock.now())).toBe(3); // one of five is open, one holds the newest event
  expect(await store.verifyChain()).toMatchObject({ ok: true, tasks: 2, anchors: 1 });
  await store.close();
});

test('whether a task has a key is looked up: a sweep holds up the process that serves, and reads no other keys for it', async () => {
  const connection = openConnection({ file: ':memory:', driver: 'libsql', durability: 'full' });
  await migrate(toKysely(connection));
  const plan = connection
    .prepare(
      'EXPLAIN QUERY PLAN SELECT 1 FROM tasks WHERE NOT EXISTS (SELECT 1 FROM keys WHERE keys.task_id = tasks.task_id)',
    )
    .all([]);
  connection.close();
  expect(plan.map(({ detail }) => detail)).toContain('SEARCH keys USING COVERING INDEX keys_of_task (task_id=?)');
});

test('a sweep looks at so many tasks that keys keep, and goes on once the keys are over', async () => {
  const clock = manualClock(Date.UTC(2027, 0, 1));
  const store = await openStore({ file, durability: 'off', clock, log: silentLog });
  await sql`WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n <= 10000)
    INSERT INTO tasks (task_id, root_id, skill, phase, fence, seq, head, created_at, updated_at, deadline, final_at)
    SELECT n, n, 'look', 'SUCCEEDED', 1, 1, '', '', '', '', printf('2026-12-31T%05d', n) FROM n`.execute(store.db);
  await sql`INSERT INTO keys SELECT task_id, task_id, '', '2027-01-02T' FROM tasks WHERE position <= 10000`.execute(
    store.db,
  );
  await sql`INSERT INTO events SELECT 1, 'open', 1, 'accepted', NULL, '2027-01-01', '', '', '', ''`.execute(store.db);
  expect(await store.prune(clock.now())).toBe(0);
  clock.advance(2 * 86_400_000);
  expect(await store.prune(clock.now())).toBe(1_000);
  await store.close();
});

const isOurs = (text: string, signature: string): boolean => signature === `ours ${text}`;
