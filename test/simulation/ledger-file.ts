/** The file of the ledger: what was committed outlives every process; one connection serves all seeds. */
import type { Kysely } from 'kysely';
import type { Log } from '../../seams/index.ts';
import type { Store } from '../../store/index.ts';
import { openConnection } from '../../store/connection.ts';
import { createGroupCommit } from '../../store/group-commit.ts';
import { UnknownCommit, type Batch, type Journal } from '../../store/journal.ts';
import { toKysely } from '../../store/kysely.ts';
import { migrate } from '../../store/migrations.ts';
import { takeEpoch } from '../../store/ownership.ts';
import type { Tables } from '../../store/schema.ts';
import { createSqliteJournal } from '../../store/sqlite-journal.ts';
import type { SimulatedProcess } from './process.ts';

/** What an orchestrator's process keeps its ledger in. */
export type SimulatedStore = Pick<Store, 'db' | 'append' | 'health'> & { epoch: number };

/** How the disk is, asked at every write. */
export interface Disk {
  isFull(): boolean;
  /** The end of a commit is not known: it took place, or it did not. */
  isDoubtful(): 'kept' | 'lost' | undefined;
  onCommit(batch: Batch): void;
}

/** The file. */
export interface LedgerFile {
  readonly db: Kysely<Tables>;
  /** Empties it. */
  clear(): void;
  /** Takes it over, as a new process does. `endOfTurn` is the moment of every commit. */
  open(
    process: SimulatedProcess,
    about: { log: Log; disk: Disk; endOfTurn: (run: () => void) => void },
  ): SimulatedStore;
}

let file: Promise<LedgerFile> | undefined;

/** The one file of this process. */
export const ledgerFile = (): Promise<LedgerFile> => (file ??= make());

async function make(): Promise<LedgerFile> {
  const connection = openConnection({ file: ':memory:', driver: 'libsql', durability: 'full' });
  const db = toKysely(connection);
  await migrate(db);
  return {
    db,
    clear: () => connection.exec(TABLES.map((table) => `DELETE FROM ${table};`).join(' ')),
    open({ name, pid, clock }, { log, disk, endOfTurn }) {
      const epoch = takeEpoch(connection, `${name} ${pid}`);
      const journal = faulty(createSqliteJournal(connection, epoch), disk);
      const isBusy = () => connection.in_transaction;
      const { append, health } = createGroupCommit({ journal, clock, log, endOfTurn, isBusy });
      return { db, append, health, epoch: Number(epoch) };
    },
  };
}

/** The shipped journal on a disk that may fail. */
function faulty(journal: Journal, disk: Disk): Journal {
  const assertRoom = () => {
    if (disk.isFull()) throw Object.assign(new Error('the disk is full'), { rawCode: SQLITE_FULL });
  };
  return {
    ...journal,
    commit(batch) {
      assertRoom();
      const doubt = disk.isDoubtful();
      if (doubt !== 'lost') void journal.commit(batch); // done when it returns: the file is SQLite
      if (doubt !== 'lost') disk.onCommit(batch);
      if (doubt) throw new UnknownCommit(async () => doubt === 'kept', new Error('the connection was lost'));
    },
    probe(thorough) {
      assertRoom();
      return journal.probe(thorough);
    },
  };
}

const SQLITE_FULL = 13;
const TABLES = ['events', 'tasks', 'keys', 'checkpoints', 'anchors', 'meta'];
