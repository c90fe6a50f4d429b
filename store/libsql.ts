/** SQLite by libsql: prebuilt inside npm, SQLite 3.45.1. */
import Database from 'libsql';
import { isRow, type SqlDriver } from './driver.ts';

/** Opens one connection. */
export function openLibsql(file: string): SqlDriver {
  const database = new Database(file);
  let is_open = true;
  /** libsql 0.5 aborts the whole process when a closed connection is asked something. */
  const opened = () => {
    if (!is_open) throw new Error('The database is closed');
    return database;
  };
  return {
    name: 'libsql',
    exec: (sql) => void opened().exec(sql),
    prepare(sql) {
      const statement = opened().prepare(sql);
      return {
        reader: statement.reader,
        all: (values) => {
          opened();
          return statement.all([...values]).filter(isRow);
        },
        first: (values) => {
          opened();
          const row = statement.get([...values]);
          return isRow(row) ? row : undefined;
        },
        run: (values) => {
          opened();
          return statement.run(values).changes;
        },
      };
    },
    get in_transaction() {
      return is_open && database.inTransaction;
    },
    close() {
      if (!is_open) return;
      is_open = false;
      database.close();
    },
  };
}
