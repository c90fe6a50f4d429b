/** The store: one owner, one connection, the ledger's tables. */
import type { Kysely } from 'kysely';
import { toIso, type Clock, type Log } from '../seams/index.ts';
import { backupTo } from './backup.ts';
import { openConnection, type Assurance, type Durability } from './connection.ts';
import type { DriverName } from './driver.ts';
import { createGroupCommit, type GroupCommit } from './group-commit.ts';
import { createJournal } from './journal.ts';
import { toKysely } from './kysely.ts';
import { migrate } from './migrations.ts';
import { takeEpoch, takeLock } from './ownership.ts';
import { prune } from './retention.ts';
import type { Tables } from './schema.ts';
import { verifyChain, type ChainVerdict } from './verify.ts';
import { walTailOf, type WalTail } from './wal-tail.ts';

/** What is kept, by its one owner. */
export interface Store extends Pick<GroupCommit, 'append' | 'health' | 'counts'> {
  /** Everything that is not hot: reads, and writes of a few rows. A transaction here must wait for nothing but the database. */
  readonly db: Kysely<Tables>;
  /** Grows with every opening of the file; a write of an earlier one fails. */
  readonly epoch: string;
  readonly driver: DriverName;
  /** What SQLite really does, read back at the start. */
  readonly assurance: Assurance;
  /** What the log ended with when the file was opened; `damaged_bytes` above 0 means that something was cut. */
  readonly tail: WalTail | undefined;
  /** Checks all chains; names the first row that does not fit. */
  verifyChain(): Promise<ChainVerdict>;
  /** A whole copy, made while work goes on; `file` must not exist. */
  backup(file: string): void;
  /** Forgets tasks that were final before that wall time, in ms, behind a checkpoint; at most 1 000 a call. Answers how many. */
  prune(before_ms: number): Promise<number>;
  /** Commits what waits and gives the file up. */
  close(): void;
}

/** What opening needs. */
export interface StoreOptions {
  /** A path whose folder exists, or `:memory:`. */
  file: string;
  driver?: DriverName;
  durability: Durability;
  clock: Clock;
  log: Log;
  /** When a group ends; `setImmediate` unless a simulator says otherwise. */
  endOfTurn?: (run: () => void) => void;
}

/** Opens, or makes, the database of `file`. Throws a sentence when it has an owner, is damaged, or is of a newer release. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { file, driver = 'libsql', durability, clock, log } = options;
  const releaseLock = takeLock(file, driver);
  try {
    const tail = walTailOf(file);
    if (tail && tail.damaged_bytes > 0)
      log.warn({ ...tail }, 'the log ends in what was not written whole, or was spoiled since: SQLite drops it');
    const connection = openConnection({ file, driver, durability });
    try {
      const db = toKysely(connection);
      connection.exec('BEGIN IMMEDIATE');
      await migrate(db);
      connection.exec('COMMIT');
      const epoch = takeEpoch(connection, `process ${process.pid} since ${toIso(clock.now())}`);
      const journal = createJournal(connection, epoch);
      const writes = createGroupCommit({ ...options, journal, isBusy: () => connection.in_transaction });
      return {
        db,
        epoch,
        driver,
        assurance: connection.assurance,
        tail,
        append: writes.append,
        health: writes.health,
        counts: writes.counts,
        verifyChain: () => verifyChain(db),
        backup: (copy) => backupTo(connection, copy),
        prune: (before_ms) => prune(db, { now: toIso(clock.now()), before: toIso(before_ms) }),
        close() {
          writes.close();
          connection.close();
          releaseLock();
        },
      };
    } catch (reason) {
      connection.close();
      throw reason;
    }
  } catch (reason) {
    releaseLock();
    throw reason;
  }
}
