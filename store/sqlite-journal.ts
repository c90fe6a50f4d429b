/** The hot path to SQLite: constant SQL, kept prepared, many rows a statement, one transaction a group, all in one turn. */
import { inTransaction, type SqlDriver, type SqlRow, type SqlStatement, type SqlValue } from './driver.ts';
import { StaleEpoch, type Batch, type Journal } from './journal.ts';
import { EVENTS, KEYS, TASKS, toKey, toTask, valuesOf, type BatchValues, type Table } from './rows.ts';

/** A journal that answers at once. */
export interface SqliteJournal extends Journal {
  commit(batch: Batch): void;
  /** Commits what was written out before. */
  write(values: BatchValues): void;
  /** Whether a batch was committed: its events are written all or none, and no other event has their hashes. */
  has(batch: Batch): boolean;
}

/** Writes for the owner of `epoch`. */
export function createSqliteJournal(driver: SqlDriver, epoch: string): SqliteJournal {
  const statements = new Map<string, SqlStatement>();
  const prepared = (sql: string): SqlStatement => {
    const known = statements.get(sql);
    if (known) return known;
    const made = driver.prepare(sql);
    statements.set(sql, made);
    return made;
  };

  const asOwner = (write: () => void) =>
    inTransaction(driver, () => {
      const owner = prepared(`SELECT value FROM meta WHERE key = 'epoch'`).first([]);
      if (owner?.['value'] !== epoch) throw new StaleEpoch(epoch, String(owner?.['value']));
      write();
    });

  const inserts = new Map([TASKS, EVENTS, KEYS].map((table) => [table, new Map<number, SqlStatement>()]));
  const insertOf = (table: Table, size: number): SqlStatement => {
    const statement = inserts.get(table)?.get(size) ?? driver.prepare(insertSql(table, size));
    inserts.get(table)?.set(size, statement);
    return statement;
  };
  const insert = (table: Table, values: readonly SqlValue[]) => {
    let from = 0;
    for (const size of ROWS_PER_STATEMENT) {
      const width = size * table.columns.length;
      for (; values.length - from >= width; from += width) {
        insertOf(table, size).run(values.length === width ? values : values.slice(from, from + width));
      }
    }
  };
  const write = ({ tasks, events, keys }: BatchValues) =>
    asOwner(() => {
      insert(TASKS, tasks);
      insert(EVENTS, events);
      insert(KEYS, keys);
    });

  return {
    read({ task_ids, scopes }) {
      const task = prepared(`SELECT ${TASKS.columns.join()} FROM tasks WHERE task_id = ?`);
      const key = prepared(`SELECT ${KEYS.columns.join()} FROM keys WHERE scope = ?`);
      return {
        tasks: found(task_ids, (task_id) => task.first([task_id]), toTask),
        keys: found(scopes, (scope) => key.first([scope]), toKey),
      };
    },
    commit: (batch) => write(valuesOf(batch)),
    write,
    has({ events: [first] }) {
      if (!first) return true;
      const event = prepared('SELECT 1 FROM events WHERE task_id = ? AND seq = ? AND hash = ?');
      return event.first([first.task_id, first.seq, first.hash]) !== undefined;
    },
    probe(thorough) {
      asOwner(() => void prepared(`UPDATE meta SET value = value + 1 WHERE key = 'probes'`).run([]));
      if (!thorough) return;
      const [outcome] = prepared('PRAGMA wal_checkpoint(TRUNCATE)').all([]);
      if (outcome?.['busy'] !== 0) throw new Error('a reader holds the log');
    },
  };
}

/** What there is of what is looked for, by its name. */
function found<T>(names: readonly string[], look: (name: string) => SqlRow | undefined, to: (row: SqlRow) => T) {
  const known = new Map<string, T>();
  for (const name of names) {
    const row = look(name);
    if (row) known.set(name, to(row));
  }
  return known;
}

const insertSql = ({ name, columns, conflict }: Table, rows: number): string => {
  const row = `(${columns.map(() => '?').join()})`;
  return `INSERT INTO ${name} (${columns.join()}) VALUES ${Array(rows).fill(row).join()} ${conflict}`;
};

/** Statements are made for these numbers of rows; a group is cut into the largest that fit. */
const ROWS_PER_STATEMENT = [32, 8, 1];
