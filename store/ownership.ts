/** Exactly one owner a database: for a file a lock that dies with its process, and an epoch that outlives it (PROM-P14). */
import { closeSync, openSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Kysely, Transaction } from 'kysely';
import { MEMORY } from './connection.ts';
import { shared } from './dialect.ts';
import { readValue, type DriverName, type SqlDriver } from './driver.ts';
import { faultOf } from './faults.ts';
import type { GroupCommit } from './group-commit.ts';
import { StaleEpoch } from './journal.ts';
import { openLibsql } from './libsql.ts';
import { openNodeSqlite } from './node-sqlite.ts';
import type { Tables } from './schema.ts';

/** Holds `<file>.lock` until it is released; the kernel releases it when the process dies. Throws a sentence when somebody holds it. */
export function takeLock(file: string, driver: DriverName): () => void {
  if (file === MEMORY) return () => undefined;
  const path = `${join(realpathSync(dirname(file)), basename(file))}.lock`;
  closeSync(openSync(path, 'a', 0o600));
  const lock = open(driver, path);
  try {
    lock.exec('PRAGMA busy_timeout=0');
    lock.exec('BEGIN EXCLUSIVE'); // never committed: nothing is ever written there
  } catch (reason) {
    lock.close();
    if (faultOf(reason).kind !== 'locked') throw reason;
    throw new Error(`${file} is in use by ${ownerOf(file, driver)}: stop it first; one file has one owner`, {
      cause: reason,
    });
  }
  return () => lock.close();
}

/** Takes the next epoch. From here on, whoever writes with an earlier one fails. */
export function takeEpoch(driver: SqlDriver, owner: string): string {
  driver.exec('BEGIN IMMEDIATE');
  const epoch = String(Number(readValue(driver, `SELECT value FROM meta WHERE key = 'epoch'`) ?? 0) + 1);
  const put = driver.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value');
  put.run(['epoch', epoch]);
  put.run(['owner', owner]);
  driver.prepare(`INSERT INTO meta VALUES ('probes', '0') ON CONFLICT DO NOTHING`).run([]);
  driver.exec('COMMIT');
  return epoch;
}

/** A transaction of the owner of `epoch`: it fails when somebody else took over. It must wait for nothing but the database. */
export type AsOwner = <T>(write: (trx: Writing) => Promise<T>) => Promise<T>;

/** Such a transaction. */
export type Writing = Transaction<Tables>;

/** Makes such transactions, apart from the groups; on PostgreSQL nobody takes over while one is open. */
export function createAsOwner(db: Kysely<Tables>, epoch: () => string, apart: GroupCommit['apart']): AsOwner {
  return (write) =>
    apart(() =>
      db.transaction().execute(async (trx) => {
        const own = epoch();
        const row = trx.selectFrom('meta').select('value').where('key', '=', 'epoch');
        const found = await shared(trx, row).executeTakeFirst();
        if (found?.value !== own) throw new StaleEpoch(own, String(found?.value));
        return write(trx);
      }),
    );
}

/** Who says that it owns the file; for the sentence only. */
function ownerOf(file: string, driver: DriverName): string {
  try {
    const reader = open(driver, file);
    try {
      const owner = readValue(reader, `SELECT value FROM meta WHERE key = 'owner'`);
      return typeof owner === 'string' ? owner : 'another process';
    } finally {
      reader.close();
    }
  } catch {
    return 'another process';
  }
}

const open = (driver: DriverName, path: string): SqlDriver =>
  driver === 'libsql' ? openLibsql(path) : openNodeSqlite(path);
