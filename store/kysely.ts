/** Kysely over the one connection: for everything that is not hot. */
import { Kysely, SqliteDialect } from 'kysely';
import { toSqlValues, type SqlDriver } from './driver.ts';
import type { Tables } from './schema.ts';

/** Every statement is checked for what SQLite can store; a transaction must not wait for anything but the database. */
export function toKysely(driver: SqlDriver): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: new SqliteDialect({
      database: {
        close: () => undefined, // the store closes the connection it opened
        prepare(sql) {
          const statement = driver.prepare(sql);
          return {
            reader: statement.reader,
            all: (values) => [...statement.all(toSqlValues(values))],
            run: (values) => ({ changes: statement.run(toSqlValues(values)), lastInsertRowid: 0 }),
            iterate: (values) => statement.all(toSqlValues(values)).values(),
          };
        },
      },
    }),
  });
}
