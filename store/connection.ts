/** The one connection of a store, with its durability asserted rather than hoped for. */
import { closeSync, existsSync, openSync } from 'node:fs';
import { readValue, type DriverName, type SqlDriver } from './driver.ts';
import { openLibsql } from './libsql.ts';
import { openNodeSqlite } from './node-sqlite.ts';

/** How safely a write is kept before it is acknowledged (PROM-P1); anything but `full` may lose acknowledged rows with the power. */
export type Durability = 'full' | 'normal' | 'off';

/** What SQLite really does, read back from it. */
export interface Assurance {
  journal_mode: string;
  synchronous: Durability;
}

/** Opens `file` (or `:memory:`) and sets it up; throws when SQLite would not do what was asked. */
export function openConnection(options: {
  file: string;
  driver: DriverName;
  durability: Durability;
}): SqlDriver & { assurance: Assurance } {
  const { file, durability } = options;
  // Made private here; SQLite's own files beside it inherit that. A file that is there is not touched: closing it would drop the locks
  // that this process holds on it by another connection, and the next program would take the log away (sqlite.org/howtocorrupt.html 2.2).
  if (file !== MEMORY && !existsSync(file)) closeSync(openSync(file, 'a', 0o600));
  const driver = options.driver === 'libsql' ? openLibsql(file) : openNodeSqlite(file);
  try {
    driver.exec(`PRAGMA busy_timeout=${BUSY_MS}`);
    driver.exec('PRAGMA foreign_keys=OFF');
    driver.exec('PRAGMA trusted_schema=OFF');
    readValue(driver, 'PRAGMA journal_mode=WAL');
    driver.exec(`PRAGMA synchronous=${durability.toUpperCase()}`);
    driver.exec('PRAGMA fullfsync=ON'); // macOS: its plain sync stops at the drive's cache
    driver.exec('PRAGMA checkpoint_fullfsync=ON');
    return Object.assign(driver, { assurance: assure(driver, { file, durability }) });
  } catch (reason) {
    driver.close();
    throw reason;
  }
}

/** Reads back what was set: an unwritable folder or a foreign build of SQLite may have kept its own (PROM-P1). */
function assure(driver: SqlDriver, wanted: { file: string; durability: Durability }): Assurance {
  const journal_mode = readValue(driver, 'PRAGMA journal_mode');
  const synchronous = LEVELS[Number(readValue(driver, 'PRAGMA synchronous'))];
  const expected_mode = wanted.file === MEMORY ? 'memory' : 'wal';
  if (journal_mode !== expected_mode || synchronous !== wanted.durability) {
    throw new Error(
      `SQLite keeps journal_mode ${String(journal_mode)} and synchronous ${String(synchronous)}, not ${expected_mode} and ${wanted.durability}`,
    );
  }
  return { journal_mode: expected_mode, synchronous };
}

/** A store without a file: tests. */
export const MEMORY = ':memory:';

const LEVELS: readonly Durability[] = ['off', 'normal', 'full'];
/** How long a write waits for somebody else's lock, ms: the wait stops this process, so it is short; the store tries again by itself. */
const BUSY_MS = 250;
