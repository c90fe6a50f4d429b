/** What a store stands on, whichever database it is. */
import type { Kysely } from 'kysely';
import type { Clock, Log } from '../seams/index.ts';
import type { Assurance, Durability } from './connection.ts';
import type { DriverName } from './driver.ts';
import type { Either } from './either.ts';
import type { Journal } from './journal.ts';
import type { PostgresAddress } from './postgres.ts';
import type { Tables } from './schema.ts';
import type { ThreadUse } from './threaded-journal.ts';
import type { WalTail } from './wal-tail.ts';

/** A file that one process owns. */
export interface SqliteAddress {
  /** A path whose folder exists, or `:memory:`. */
  file: string;
  driver?: DriverName | undefined;
  /** What a thread commits: groups while the disk is `slow`, or `all`. Not for `:memory:`. */
  thread?: ThreadUse | undefined;
}

/** Where things are kept. */
export type DatabaseAddress = ({ kind: 'sqlite' } & SqliteAddress) | ({ kind: 'postgres' } & PostgresAddress);

/** An owned database with the newest tables. */
export interface Database {
  readonly db: Kysely<Tables>;
  readonly driver: DriverName | 'postgres';
  readonly assurance: Assurance;
  readonly tail: WalTail | undefined;
  readonly journal: Journal;
  readonly epoch: () => string;
  /** True while somebody else's transaction is open on the journal's own connection. */
  readonly isBusy: () => boolean;
  readonly backup: (file: string) => void;
  readonly close: () => Either<void>;
}

/** What opening either needs. */
export interface OpenOptions {
  durability: Durability;
  clock: Clock;
  log: Log;
  /** PostgreSQL: waits until it is this node's turn, or the signal aborts; without it, opening fails while another node is active. */
  standby?: { signal: AbortSignal } | undefined;
}
