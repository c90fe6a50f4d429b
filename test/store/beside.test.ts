/** What is kept beside the ledger, while the disk fails: said as that, to everybody, until the store proved itself again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock, memoryLog } from '../../seams/index.ts';
import { openConnection } from '../../store/connection.ts';
import type { SqlDriver } from '../../store/driver.ts';
import { createGroupCommit } from '../../store/group-commit.ts';
import { toKysely } from '../../store/kysely.ts';
import { migrate } from '../../store/migrations.ts';
import { createAsOwner, takeEpoch } from '../../store/ownership.ts';
import { createSqliteJournal } from '../../store/sqlite-journal.ts';

const IOERR_FSYNC = 1034;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aurora-beside-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A store whose disk does not sync while `disk.is_broken`: SQLite then rolls back by itself, and says why. */
async function open() {
  const disk = { is_broken: false };
  const connection = openConnection({ file: join(folder, 'ledger.db'), driver: 'libsql', durability: 'full' });
  const driver: SqlDriver = {
    name: connection.name,
    get in_transaction() {
      return connection.in_transaction;
    },
    prepare: (sql) => connection.prepare(sql),
    exec(sql) {
      const fails = sql === 'COMMIT' && disk.is_broken;
      connection.exec(fails ? 'ROLLBACK' : sql);
      if (fails) throw Object.assign(new Error('disk I/O error'), { rawCode: IOERR_FSYNC });
    },
    close: () => connection.close(),
  };
  const db = toKysely(driver);
  await migrate(db);
  const epoch = takeEpoch(connection, 'the test');
  const clock = manualClock();
  const log = memoryLog();
  const journal = createSqliteJournal(driver, epoch);
  const writes = createGroupCommit({ journal, clock, log, isBusy: () => driver.in_transaction });
  const asOwner = createAsOwner(db, () => epoch, writes.apart);
  const note = (key: string) => asOwner((trx) => trx.insertInto('meta').values({ key, value: 'x' }).executeTakeFirst());
  const notes = () => db.selectFrom('meta').select('key').where('value', '=', 'x').execute();
  const accept = (task_id: string) => {
    const at = new Date(clock.now()).toISOString();
    const opens = { root_id: task_id, parent_id: null, skill: 'analyze_threat', deadline: at };
    return writes.append({ task_id, at, opens, arrows: [{ type: 'accepted', payload: task_id }] });
  };
  return { disk, clock, log, writes, note, notes, accept, asOwner, close: () => connection.close() };
}

test('PROM-P15 X26: a sync that fails beside the ledger is 5030 with its cause, and nothing is acknowledged before the store proved itself', async () => {
  const { disk, clock, log, writes, note, notes, accept, close } = await open();
  await note('before');
  disk.is_broken = true;
  const cause = 'the disk does not take what is written';
  await expect(note('lost')).rejects.toMatchObject({
    code: 5030,
    retry_after_ms: 1_000,
    message: `The database cannot do that now: ${cause}`,
  });
  expect(writes.health()).toMatchObject({ state: 'degraded', cause });
  expect(JSON.stringify(log.lines)).toContain(cause);

  disk.is_broken = false;
  const refusal = { code: 5030, retry_after_ms: 1_000, message: `The ledger cannot write: ${cause}` };
  await expect(note('too early')).rejects.toMatchObject(refusal);
  await expect(accept('task_early')).rejects.toMatchObject(refusal);
  clock.advance(1_000);
  expect(writes.health()).toEqual({ state: 'ok' });
  await note('after');
  expect(await accept('task_a')).toMatchObject({ outcome: 'kept' });
  expect((await notes()).map(({ key }) => key)).toEqual(['after', 'before']);
  close();
});

test('what whoever asks is wrong about says nothing about the store', async () => {
  const { writes, note, asOwner, close } = await open();
  await note('once');
  await expect(note('once')).rejects.toThrow('UNIQUE');
  await expect(asOwner(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(writes.health()).toEqual({ state: 'ok' });
  close();
});
