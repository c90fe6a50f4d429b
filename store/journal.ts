/** The hot path to SQLite: constant SQL, kept prepared, many rows a statement, one transaction a group. */
import { AuroraError } from '../protocol/index.ts';
import type { NewEvent } from './chain.ts';
import type { SqlDriver, SqlStatement, SqlValue } from './driver.ts';
import type { KeyRow, TaskIndex } from './schema.ts';
import { PHASES } from './transition.ts';

/** All rows of one group. */
export interface Batch {
  tasks: readonly TaskIndex[];
  events: readonly NewEvent[];
  keys: readonly KeyRow[];
}

/** What the group commit writes through. */
export interface Journal {
  /** Commits a batch, synced as the connection was opened; throws with nothing of it kept. */
  commit(batch: Batch): void;
  /** Tries whether writing works again; with `thorough`, everything committed is also brought from the log into the file and synced. */
  probe(thorough: boolean): void;
  task(task_id: string): TaskIndex | undefined;
  key(scope: string): KeyRow | undefined;
}

/** What a write meets after somebody else took the file over (PROM-P14). */
export class StaleEpoch extends AuroraError {
  constructor(own: string, found: string) {
    super(5030, { message: `Another orchestrator owns this database: epoch ${found}, ours is ${own}` });
  }
}

/** Writes for the owner of `epoch`. */
export function createJournal(driver: SqlDriver, epoch: string): Journal {
  const statements = new Map<string, SqlStatement>();
  const prepared = (sql: string): SqlStatement => {
    const known = statements.get(sql);
    if (known) return known;
    const made = driver.prepare(sql);
    statements.set(sql, made);
    return made;
  };

  const inTransaction = (write: () => void) => {
    prepared('BEGIN IMMEDIATE').run([]);
    try {
      const [found] = prepared(`SELECT value FROM meta WHERE key = 'epoch'`).all([]);
      if (found?.['value'] !== epoch) throw new StaleEpoch(epoch, String(found?.['value']));
      write();
      prepared('COMMIT').run([]);
    } catch (reason) {
      if (driver.in_transaction) prepared('ROLLBACK').run([]);
      throw reason;
    }
  };

  const insert = (table: Table, rows: readonly SqlValue[][]) => {
    let from = 0;
    for (const size of ROWS_PER_STATEMENT) {
      for (; rows.length - from >= size; from += size) {
        prepared(insertSql(table, size)).run(rows.slice(from, from + size).flat());
      }
    }
  };

  return {
    commit: ({ tasks, events, keys }) =>
      inTransaction(() => {
        insert(TASKS, tasks.map(taskValues));
        insert(EVENTS, events.map(eventValues));
        insert(KEYS, keys.map(keyValues));
      }),
    probe(thorough) {
      inTransaction(() => void prepared(`UPDATE meta SET value = value + 1 WHERE key = 'probes'`).run([]));
      if (!thorough) return;
      const [outcome] = prepared('PRAGMA wal_checkpoint(TRUNCATE)').all([]);
      if (outcome?.['busy'] !== 0) throw new Error('a reader holds the log');
    },
    task(task_id) {
      const [row] = prepared(`SELECT ${TASKS.columns.join()} FROM tasks WHERE task_id = ?`).all([task_id]);
      return row && toTask(row);
    },
    key(scope) {
      const [row] = prepared(`SELECT ${KEYS.columns.join()} FROM keys WHERE scope = ?`).all([scope]);
      return row && toKey(row);
    },
  };
}

interface Table {
  name: string;
  columns: readonly string[];
  conflict: string;
}

const insertSql = ({ name, columns, conflict }: Table, rows: number): string => {
  const row = `(${columns.map(() => '?').join()})`;
  return `INSERT INTO ${name} (${columns.join()}) VALUES ${Array(rows).fill(row).join()} ${conflict}`;
};

const TASKS: Table = {
  name: 'tasks',
  columns: [
    'task_id',
    'root_id',
    'parent_id',
    'skill',
    'phase',
    'fence',
    'seq',
    'head',
    'created_at',
    'updated_at',
    'deadline',
    'final_at',
  ],
  conflict: `ON CONFLICT (task_id) DO UPDATE SET phase = excluded.phase, fence = excluded.fence, seq = excluded.seq,
    head = excluded.head, updated_at = excluded.updated_at, final_at = excluded.final_at`,
};
const EVENTS: Table = {
  name: 'events',
  columns: ['task_id', 'seq', 'type', 'fence', 'at', 'payload', 'payload_hash', 'prev_hash', 'hash'],
  conflict: '',
};
/** A key whose time is over is given to the next who asks; the group commit has looked. */
const KEYS: Table = {
  name: 'keys',
  columns: ['scope', 'task_id', 'digest', 'expires_at'],
  conflict: `ON CONFLICT (scope) DO UPDATE SET task_id = excluded.task_id, digest = excluded.digest, expires_at = excluded.expires_at`,
};

const taskValues = (task: TaskIndex): SqlValue[] => [
  task.task_id,
  task.root_id,
  task.parent_id,
  task.skill,
  task.phase,
  task.fence,
  task.seq,
  task.head,
  task.created_at,
  task.updated_at,
  task.deadline,
  task.final_at,
];
const eventValues = (event: NewEvent): SqlValue[] => [
  event.task_id,
  event.seq,
  event.type,
  event.fence,
  event.at,
  event.payload,
  event.payload_hash,
  event.prev_hash,
  event.hash,
];
const keyValues = (key: KeyRow): SqlValue[] => [key.scope, key.task_id, key.digest, key.expires_at];

function toTask(row: Readonly<Record<string, unknown>>): TaskIndex {
  const phase = PHASES.find((known) => known === row['phase']);
  if (!phase) throw new AuroraError(5000, { cause: new Error(`task ${text(row, 'task_id')} is in no known phase`) });
  return {
    task_id: text(row, 'task_id'),
    root_id: text(row, 'root_id'),
    parent_id: textOrNull(row, 'parent_id'),
    skill: text(row, 'skill'),
    phase,
    fence: Number(row['fence']),
    seq: Number(row['seq']),
    head: text(row, 'head'),
    created_at: text(row, 'created_at'),
    updated_at: text(row, 'updated_at'),
    deadline: text(row, 'deadline'),
    final_at: textOrNull(row, 'final_at'),
  };
}

const toKey = (row: Readonly<Record<string, unknown>>): KeyRow => ({
  scope: text(row, 'scope'),
  task_id: text(row, 'task_id'),
  digest: text(row, 'digest'),
  expires_at: text(row, 'expires_at'),
});

const text = (row: Readonly<Record<string, unknown>>, column: string): string => String(row[column]);
const textOrNull = (row: Readonly<Record<string, unknown>>, column: string): string | null =>
  row[column] === null ? null : text(row, column);

/** Statements are made for these numbers of rows; a group is cut into the largest that fit. */
const ROWS_PER_STATEMENT = [32, 8, 1];
