/** The hot path to a database, as the group commit sees it: read what a group needs, commit the group, try again after a fault. */
import { AuroraError } from '../protocol/index.ts';
import type { NewEvent } from './chain.ts';
import type { Either } from './either.ts';
import type { KeyRow, TaskIndex } from './schema.ts';

/** All rows of one group. */
export interface Batch {
  tasks: readonly TaskIndex[];
  events: readonly NewEvent[];
  keys: readonly KeyRow[];
}

/** Rows that a group must know before it is drawn up. */
export interface Wanted {
  task_ids: readonly string[];
  scopes: readonly string[];
}

/** Those of them that exist. */
export interface Known {
  tasks: ReadonlyMap<string, TaskIndex>;
  keys: ReadonlyMap<string, KeyRow>;
}

/** What the group commit writes through: SQLite answers at once, PostgreSQL later; one call at a time. */
export interface Journal {
  read(wanted: Wanted): Either<Known>;
  /** Commits a batch, synced as the connection was opened. Throws with nothing of it kept, or `UnknownCommit`. */
  commit(batch: Batch): Either<void>;
  /** Tries whether writing works again; with `thorough`, whatever a fault may have left behind is also made good. */
  probe(thorough: boolean): Either<void>;
  /** Says when the connection is lost while nothing is asked of it. */
  onLost?(listener: (reason: Error) => void): void;
}

/** What a write meets after somebody else took the database over (PROM-P14). */
export class StaleEpoch extends AuroraError {
  /** The epoch of whoever owns it now. */
  readonly found: string;

  constructor(own: string, found: string) {
    super(5030, { message: `Another orchestrator owns this database: epoch ${found}, ours is ${own}` });
    this.found = found;
  }
}

/** The connection was lost before the database said whether it kept the batch; once `probe` works, `isKept` says it (FLT-X30). */
export class UnknownCommit extends Error {
  readonly isKept: () => Promise<boolean>;

  constructor(isKept: () => Promise<boolean>, cause: unknown) {
    super('Whether the database kept what was written is not known yet', { cause });
    this.isKept = isKept;
  }
}
