/** Kysely over the one connection: for everything that is not hot. */
import { Kysely, type SqliteDatabase } from 'kysely';
import { BEGIN, inTransaction, toSqlValues, type SqlDriver, type SqlValue } from './driver.ts';
import { refusedBy } from './faults.ts';
import type { Tables } from './schema.ts';
import { TurnTakingDialect } from './turn-taking.ts';

/**
 * Every statement is checked for what SQLite can store; a transaction must not wait for anything but the database. While
 * `committing` answers a promise, nothing is written.
 */
export function toKysely(
  driver: SqlDriver,
  committing: () => Promise<void> | undefined = () => undefined,
): Kysely<Tables> {
  const bounds = boundsOf(driver);
  const database: SqliteDatabase = {
    close: () => undefined, // the store closes the connection it opened
    prepare(sql) {
      const bound = bounds.get(sql);
      if (bound) return { ...NOTHING, run: () => told(() => (bound(), NO_CHANGE)) };
      const statement = driver.prepare(sql);
      const is_alone = () => WRITES.test(sql) && !driver.in_transaction;
      const ask = <T>(act: (values: SqlValue[]) => T, values: readonly unknown[]): T =>
        told(() => {
          const given = toSqlValues(values);
          return is_alone() ? inTransaction(driver, () => act(given)) : act(given);
        });
      return {
        reader: statement.reader,
        all: (values) => ask((given) => [...statement.all(given)], values),
        run: (values) => ({ changes: ask((given) => statement.run(given), values), lastInsertRowid: 0 }),
        iterate: (values) => ask((given) => statement.all(given).values(), values),
      };
    },
  };
  return new Kysely<Tables>({ dialect: new TurnTakingDialect({ database }, committing) });
}

/** How transactions begin and end. Faults of the disk roll back by themselves: what is told then is the fault, not that nothing is open. */
const boundsOf = (driver: SqlDriver): ReadonlyMap<string, () => void> =>
  new Map([
    ['begin', () => driver.exec(BEGIN)],
    ['commit', () => driver.exec('COMMIT')],
    [
      'rollback',
      () => {
        if (driver.in_transaction) driver.exec('ROLLBACK');
      },
    ],
  ]);

/** What the database cannot do now is said as that, and when to ask again. */
function told<T>(act: () => T): T {
  try {
    return act();
  } catch (reason) {
    throw refusedBy(reason);
  }
}

const NO_CHANGE = { changes: 0, lastInsertRowid: 0 };
const NOTHING = { reader: false, all: () => [], iterate: () => [].values() };
const WRITES = /^\s*(insert|update|delete|replace)\b/i;
