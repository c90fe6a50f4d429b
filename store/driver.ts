/** The seam to SQLite: one synchronous connection, whichever library makes it. */

/** What SQLite stores. Anything else is refused before the driver sees it: libsql aborts the process on a boolean. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** A row as it comes back. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A statement kept prepared. */
export interface SqlStatement {
  /** True when it answers rows. */
  readonly reader: boolean;
  all(values: readonly SqlValue[]): SqlRow[];
  /** Its first row: where there is one at most, cheaper than all of one. */
  first(values: readonly SqlValue[]): SqlRow | undefined;
  /** Rows changed. */
  run(values: readonly SqlValue[]): number;
}

/** A connection. Everything is synchronous: what is called in one turn, nothing comes between. */
export interface SqlDriver {
  readonly name: DriverName;
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  /** True between `begin` and its end, whoever began. */
  readonly in_transaction: boolean;
  close(): void;
}

/** Which driver of SQLite is there. */
export type DriverName = 'libsql' | 'node:sqlite';

/**
 * Runs `write` in a transaction that begins with the lock. It is the only place where another program's lock is met: a prepared
 * statement that meets one is left unfinished by libsql, and while it is, no transaction of the connection can be committed.
 */
export function inTransaction<T>(driver: SqlDriver, write: () => T): T {
  driver.exec(BEGIN);
  try {
    const written = write();
    driver.exec('COMMIT');
    return written;
  } catch (reason) {
    if (driver.in_transaction) driver.exec('ROLLBACK');
    throw reason;
  }
}

/** Begins with the lock that every write needs; to be given to `exec`, which leaves nothing behind when it is held elsewhere. */
export const BEGIN = 'BEGIN IMMEDIATE';

/** What `sql` answers as its one value, e.g. of a pragma. */
export function readValue(driver: SqlDriver, sql: string): unknown {
  const row = driver.prepare(sql).first([]);
  return row && Object.values(row)[0];
}

/** Tells a row from whatever a library may answer. */
export const isRow = (value: unknown): value is SqlRow => typeof value === 'object' && value !== null;

/** Any values as SQLite can store them. */
export const toSqlValues = (values: readonly unknown[]): SqlValue[] => values.map(toSqlValue);

function toSqlValue(value: unknown): SqlValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`SQLite cannot store a ${typeof value}`);
}
