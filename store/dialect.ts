/** What the two databases say differently; everything else is one Kysely code path. */
import {
  PostgresAdapter,
  sql,
  type ColumnDefinitionBuilder,
  type QueryExecutorProvider,
  type RawBuilder,
} from 'kysely';

/** How columns and tables are declared. */
export interface Forms {
  /** Text, in the order of its bytes: no locale, and none that changes with the machine. */
  text: 'text' | RawBuilder<string>;
  /** A whole number as large as a position. */
  whole: 'integer' | 'bigint';
  /** The end of a table's declaration: what is stored is of the declared type. */
  strict: RawBuilder<unknown>;
  strict_by_key: RawBuilder<unknown>;
  /** A position: numbered by the database in the order of writing; PostgreSQL may leave gaps. */
  numbered: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
}

/** The forms of the database behind `db`. */
export const formsOf = (db: QueryExecutorProvider): Forms => (isPostgres(db) ? POSTGRES : SQLITE);

/** Keeps a row that was read as it is until the transaction ends; SQLite has one writer anyway. */
export const shared = <Query extends { forShare(): Query }>(db: QueryExecutorProvider, query: Query): Query =>
  isPostgres(db) ? query.forShare() : query;

const isPostgres = (db: QueryExecutorProvider): boolean => db.getExecutor().adapter instanceof PostgresAdapter;

const SQLITE: Forms = {
  text: 'text',
  whole: 'integer',
  strict: sql`strict`,
  strict_by_key: sql`strict, without rowid`,
  numbered: (column) => column.primaryKey(),
};
const POSTGRES: Forms = {
  text: sql`text collate "C"`,
  whole: 'bigint',
  strict: sql``,
  strict_by_key: sql``,
  numbered: (column) => column.generatedAlwaysAsIdentity().primaryKey(),
};
