/** Copies of a database: made while it works, checked before they are trusted, put in its place when nobody owns it. */
import { chmodSync, closeSync, constants, copyFileSync, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncPathNow } from '../seams/index.ts';
import { openConnection } from './connection.ts';
import { inTransaction, readValue, type DriverName, type SqlDriver } from './driver.ts';
import { faultOf } from './faults.ts';
import { toKysely } from './kysely.ts';
import { migrate } from './migrations.ts';
import { takeLock } from './ownership.ts';
import { verifyChain, type ChainVerdict } from './verify.ts';

/** Writes a whole, synced copy to `file`, which must not exist; the process stands still meanwhile (about 1 s a GB). */
export function backupTo(driver: SqlDriver, file: string): void {
  if (existsSync(file)) throw new Error(`${file} exists already`);
  const draft = `${file}.draft`;
  rmSync(draft, { force: true });
  try {
    closeSync(openSync(draft, 'wx', PRIVATE));
    driver.prepare('VACUUM INTO ?').run([draft]);
    settle(draft, file);
  } catch (reason) {
    rmSync(draft, { force: true });
    throw reason;
  }
}

/**
 * Puts the backup `from` in the place of `to`, after checking its pages and its chains; what was there before stays under the
 * name `keep`, with its log. Throws while `to` has an owner.
 */
export async function restoreBackup(options: {
  from: string;
  to: string;
  keep?: string;
  driver?: DriverName;
}): Promise<ChainVerdict> {
  const { from, to, keep, driver = 'libsql' } = options;
  const release = takeLock(to, driver);
  const draft = `${to}.draft`;
  try {
    copyPrivately(from, draft);
    const verdict = await checkFile(draft, driver);
    if (!verdict.ok) {
      const where = verdict.task_id === '' ? '' : `${verdict.task_id} #${verdict.seq}: `;
      throw new Error(`${from} is not a good backup: ${where}${verdict.why}`);
    }
    for (const ending of keep === undefined ? [] : ['', '-wal']) {
      if (existsSync(`${to}${ending}`)) copyPrivately(`${to}${ending}`, `${keep}${ending}`);
    }
    raiseEpoch(draft, Math.max(epochOf(draft, driver), existsSync(to) ? epochOf(to, driver) : 0), driver);
    for (const ending of ['-wal', '-shm']) rmSync(`${to}${ending}`, { force: true });
    settle(draft, to);
    return verdict;
  } finally {
    for (const ending of ['', '-wal', '-shm']) rmSync(`${draft}${ending}`, { force: true });
    release();
  }
}

/** A copy takes on the mode of what it is copied from, and a backup may have been carried with any. */
function copyPrivately(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  chmodSync(to, PRIVATE);
}

/** Streams number their events by the epoch: what was numbered since the backup must not be numbered again (requirements.md T07). */
function raiseEpoch(file: string, epoch: number, driver: DriverName): void {
  const connection = openConnection({ file, driver, durability: 'full' });
  try {
    const sql = `UPDATE meta SET value = ? WHERE key = 'epoch'`;
    inTransaction(connection, () => connection.prepare(sql).run([String(epoch + EPOCHS_SINCE)]));
    readValue(connection, 'PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    connection.close();
  }
}

/** The epoch that a file says; 0 where it cannot be read. */
function epochOf(file: string, driver: DriverName): number {
  try {
    const connection = openConnection({ file, driver, durability: 'full' });
    try {
      return Number(readValue(connection, `SELECT value FROM meta WHERE key = 'epoch'`) ?? 0);
    } finally {
      connection.close();
    }
  } catch {
    return 0;
  }
}

/** Read and written by its owner alone. */
const PRIVATE = 0o600;
/** More starts than there were since the backup, wherever they were. */
const EPOCHS_SINCE = 1_000;

async function checkFile(file: string, driver: DriverName): Promise<ChainVerdict> {
  return inspect(file, driver).catch((reason: unknown): ChainVerdict => {
    // Pages of the schema itself may be what is damaged: then nothing can even be asked.
    if (faultOf(reason).kind !== 'corrupt' || !(reason instanceof Error)) throw reason;
    return { ok: false, task_id: '', seq: 0, why: reason.message };
  });
}

async function inspect(file: string, driver: DriverName): Promise<ChainVerdict> {
  const connection = openConnection({ file, driver, durability: 'full' });
  try {
    const pages = readValue(connection, 'PRAGMA integrity_check(1)');
    if (pages !== 'ok') return { ok: false, task_id: '', seq: 0, why: String(pages) };
    const db = toKysely(connection);
    await migrate(db);
    return await verifyChain(db);
  } finally {
    connection.close();
  }
}

/** A name that a power cut cannot take back. */
function settle(draft: string, file: string): void {
  syncPathNow(draft);
  renameSync(draft, file);
  syncPathNow(dirname(file));
}
