/** A connection that begins no write of its own while a thread commits to the same file: SQLite has one writer at a time. */
import { SqliteDialect, type DatabaseConnection, type Driver, type SqliteDialectConfig } from 'kysely';

/**
 * Kysely's dialect, waiting for what `committing` answers before a write or a transaction. Reads do not wait for the thread, only for a
 * write that came before them: there is one connection.
 */
export class TurnTakingDialect extends SqliteDialect {
  readonly #committing: () => Promise<void> | undefined;

  constructor(config: SqliteDialectConfig, committing: () => Promise<void> | undefined) {
    super(config);
    this.#committing = committing;
  }

  override createDriver(): Driver {
    const driver = super.createDriver();
    let connection: DatabaseConnection | undefined; // there is one, as there is one file
    const acquire = driver.acquireConnection.bind(driver);
    driver.acquireConnection = async () => {
      const own = await acquire();
      connection ??= takingTurns(own, this.#committing);
      return connection;
    };
    return driver;
  }
}

function takingTurns(connection: DatabaseConnection, committing: () => Promise<void> | undefined): DatabaseConnection {
  return {
    async executeQuery(query) {
      if (WRITES.test(query.sql)) while (committing()) await committing();
      return connection.executeQuery(query);
    },
    streamQuery: (query, size) => connection.streamQuery(query, size),
  };
}

/** What takes the lock of the file. Within a transaction nobody commits beside it: there is nothing to wait for. */
const WRITES = /^\s*(begin|insert|update|delete|replace)\b/i;
