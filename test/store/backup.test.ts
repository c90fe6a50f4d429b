/** Copies: made while work goes on, checked before they are trusted, never put under somebody's feet. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock, silentLog } from '../../seams/index.ts';
import { openStore, restoreBackup, type Store } from '../../store/index.ts';
import { openLibsql } from '../../store/libsql.ts';

const clock = manualClock();
let folder: string;
let file: string;
let copy: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aurora-backup-'));
  file = join(folder, 'ledger.db');
  copy = join(folder, 'copy.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () => openStore({ file, durability: 'full', clock, log: silentLog });
const accept = (store: Store, task_id: string) => {
  const at = new Date(clock.now()).toISOString();
  const opens = { root_id: task_id, parent_id: null, skill: 'analyze_threat', deadline: at };
  return store.append({ task_id, at, opens, arrows: [{ type: 'accepted', payload: task_id }] });
};

test('a backup holds what was committed, and brings the file back to it', async () => {
  const store = await open();
  await accept(store, 'task_a');
  const later = accept(store, 'task_b');
  store.backup(copy);
  await later;
  expect(statSync(copy).mode & 0o077).toBe(0);
  await expect(restoreBackup({ from: copy, to: file })).rejects.toThrow('is in use by');
  await store.close();

  expect(await restoreBackup({ from: copy, to: file })).toEqual({ ok: true, tasks: 1, events: 1 });
  const restored = await open();
  const rows = await restored.db.selectFrom('tasks').select('task_id').execute();
  expect(rows).toEqual([{ task_id: 'task_a' }]);
  await restored.close();
});

test('what is restored, and what it replaces, is for its owner alone, whatever mode the backup came with', async () => {
  const store = await open();
  await accept(store, 'task_a');
  store.backup(copy);
  await store.close();
  chmodSync(copy, 0o644);
  chmodSync(file, 0o644);
  const keep = join(folder, 'ledger.db.replaced');
  await restoreBackup({ from: copy, to: file, keep });
  expect([file, keep].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
});

test('a restored file goes on above all epochs: numbers that streams gave since the backup are not given again (REQ-T07)', async () => {
  const first = await open();
  await accept(first, 'task_a');
  first.backup(copy);
  await first.close();
  const second = await open();
  await second.close();
  await restoreBackup({ from: copy, to: file });
  const restored = await open();
  expect(Number(restored.epoch)).toBeGreaterThan(Number(second.epoch));
  await restored.close();
  await restoreBackup({ from: copy, to: join(folder, 'elsewhere.db') });
});

test('what a restore replaces is kept under the name it is given', async () => {
  const store = await open();
  await accept(store, 'task_a');
  store.backup(copy);
  await accept(store, 'task_b');
  await store.close();
  const keep = join(folder, 'ledger.db.replaced');
  await restoreBackup({ from: copy, to: file, keep });
  const kept = await openStore({ file: keep, durability: 'full', clock, log: silentLog });
  expect(await kept.verifyChain()).toEqual({ ok: true, tasks: 2, events: 2 });
  await kept.close();
});

test('a backup never overwrites, and leaves no half of itself', async () => {
  const store = await open();
  writeFileSync(copy, 'precious');
  expect(() => store.backup(copy)).toThrow('exists already');
  expect(readFileSync(copy, 'utf8')).toBe('precious');
  expect(() => store.backup(join(folder, 'no/such/folder.db'))).toThrow();
  expect(existsSync(`${copy}.draft`)).toBe(false);
  await store.close();
});

test.each([
  [
    'whose rows were changed',
    (path: string) => runSql(path, `UPDATE events SET payload = '"x"'`),
    'its payload was changed',
  ],
  ['whose pages are damaged', (path: string) => scribble(path), 'is not a good backup'],
  ['that is no database', (path: string) => writeFileSync(path, 'x'.repeat(9_000)), 'not a database'],
])('a backup %s is refused, and the file stays as it was', async (_what, spoil, why) => {
  const store = await open();
  await accept(store, 'task_a');
  store.backup(copy);
  await accept(store, 'task_b');
  await store.close();
  spoil(copy);
  await expect(restoreBackup({ from: copy, to: file })).rejects.toThrow(why);
  const after = await open();
  expect(await after.verifyChain()).toEqual({ ok: true, tasks: 2, events: 2 });
  await after.close();
});

function runSql(path: string, sql: string): void {
  const database = openLibsql(path);
  database.exec(sql);
  database.close();
}

/** Overwrites every page but the first. */
function scribble(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xff, 4_096);
  writeFileSync(path, bytes);
}
