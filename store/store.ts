/** The store: one owner, the ledger's tables, and what may be done with them. */
import type { Kysely } from 'kysely';
import { toIso } from '../seams/index.ts';
import type { Against } from './anchor-check.ts';
import { readAnchors } from './anchor-file.ts';
import { createAnchoring, type AnchorSeam } from './anchors.ts';
import type { Database, DatabaseAddress, OpenOptions, SqliteAddress } from './database.ts';
import { after } from './either.ts';
import { createGroupCommit, type GroupCommit } from './group-commit.ts';
import { createAsOwner, type AsOwner } from './ownership.ts';
import { prune } from './retention.ts';
import type { AnchorRow, Tables } from './schema.ts';
import { openSqlite } from './sqlite-database.ts';
import { verifyChain, type ChainVerdict } from './verify.ts';

/** What is kept, by its one owner. */
export interface Store
  extends Pick<GroupCommit, 'append' | 'health' | 'counts'>, Pick<Database, 'driver' | 'assurance' | 'tail'> {
  /** Reads of everything that is not hot. */
  readonly db: Kysely<Tables>;
  /** Writes of a few rows that are not hot, in one transaction; it fails when somebody else took the database over. */
  readonly asOwner: AsOwner;
  /** Grows with every opening, and whenever a lost connection was replaced; a write of an earlier one fails. */
  readonly epoch: string;
  /** Checks all chains and anchors; names the first row that does not fit. `written` is the anchor file unless said. */
  verifyChain(against?: Against): Promise<ChainVerdict>;
  /** Signs everything committed since the last anchor, and syncs the file; answers the new anchors. For a timer, and before closing. */
  anchor(): Promise<AnchorRow[]>;
  /** A whole copy, made while work goes on; `file` must not exist. PostgreSQL has its own tools for that. */
  backup(file: string): void;
  /** Forgets tasks that were final before that wall time, in ms, behind a checkpoint; at most 1 000 a call. Answers how many. */
  prune(before_ms: number): Promise<number>;
  /** Commits what waits and gives the database up; with SQLite and no thread all of it happens before this returns. */
  close(): Promise<void>;
}

/** What opening needs: a SQLite file, by its path alone, or any database. */
export type StoreOptions = OpenOptions & {
  /** When a group ends; `setImmediate` unless a simulator says otherwise. */
  endOfTurn?: (run: () => void) => void;
  /** Without it nothing is anchored, and what was anchored is not forgotten. */
  anchors?: AnchorSeam | undefined;
} & ((SqliteAddress & { database?: undefined }) | { database: DatabaseAddress });

/** Opens, or makes, the database. Throws a sentence when it has an owner, is damaged, or is of a newer release. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { clock, anchors: seam } = options;
  const base = await openDatabase(options);
  const { db, driver, assurance, tail, journal, backup } = base;
  const writes = createGroupCommit({ ...options, journal, isBusy: base.isBusy });
  const asOwner = createAsOwner(db, base.epoch, writes.apart);
  const anchor = seam && createAnchoring({ db, asOwner, seam, clock });
  const inTurn = createQueue();

  return {
    db,
    driver,
    assurance,
    tail,
    asOwner,
    append: writes.append,
    health: writes.health,
    counts: writes.counts,
    backup,
    get epoch() {
      return base.epoch();
    },
    verifyChain: (against) =>
      inTurn(() =>
        verifyChain(db, { ...(seam && { verify: seam.verify, written: readAnchors(seam.file) }), ...against }),
      ),
    async anchor() {
      if (!anchor) throw new Error('This store was opened without a file for anchors');
      return inTurn(anchor);
    },
    prune: (before_ms) => inTurn(() => prune(asOwner, { now: toIso(clock.now()), before: toIso(before_ms), seam })),
    async close() {
      await after(writes.close(), base.close);
    },
  };
}

async function openDatabase(options: StoreOptions): Promise<Database> {
  const { database } = options;
  if (database === undefined) return openSqlite(options, options);
  if (database.kind === 'sqlite') return openSqlite(database, options);
  const { openPostgres } = await import('./postgres-database.ts'); // most processes never need it
  return openPostgres(database, options);
}

/** Checking, anchoring and forgetting take turns, so that none sees half of another. */
function createQueue(): <T>(act: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const next = last.then(act, act);
    last = next.catch(() => undefined);
    return next;
  };
}
