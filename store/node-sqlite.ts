/** SQLite by the module that newer Nodes bring along (22.16, 24 and later). */
import { isRow, type SqlDriver, type SqlValue } from './driver.ts';

/** Opens one connection. Throws a sentence where this Node has no SQLite, or one too young to say whether a transaction is open. */
export function openNodeSqlite(file: string): SqlDriver {
  const module = process.getBuiltinModule('node:sqlite');
  if (!hasDatabase(module)) throw new Error(`Node ${process.versions.node} brings no node:sqlite: use libsql`);
  const database = new module.DatabaseSync(file);
  if (typeof database.isTransaction !== 'boolean') {
    throw new Error(`The node:sqlite of Node ${process.versions.node} is too young: use libsql, or Node 22.16`);
  }
  return {
    name: 'node:sqlite',
    exec(sql) {
      database.exec(sql);
    },
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        all: (values) => statement.all(...values).filter(isRow),
        first: (values) => {
          const row = statement.get(...values);
          return isRow(row) ? row : undefined;
        },
        run: (values) => Number(statement.run(...values).changes),
      };
    },
    get in_transaction() {
      return database.isTransaction;
    },
    close() {
      database.close();
    },
  };
}

/** Whether this Node has it. */
export const hasNodeSqlite = (): boolean => hasDatabase(process.getBuiltinModule('node:sqlite'));

/** The part of it that is used; Node 20's own types do not know it. */
interface NodeDatabase {
  readonly isTransaction: boolean;
  exec(sql: string): void;
  close(): void;
  prepare(sql: string): {
    columns(): unknown[];
    all(...values: SqlValue[]): unknown[];
    get(...values: SqlValue[]): unknown;
    run(...values: SqlValue[]): { changes: number | bigint };
  };
}

const hasDatabase = (module: object | undefined): module is { DatabaseSync: new (file: string) => NodeDatabase } =>
  module !== undefined && 'DatabaseSync' in module && typeof module.DatabaseSync === 'function';
