/** A PostgreSQL schema as what a store stands on: owned by one active node, brought to the newest form. */
import { hostname } from 'node:os';
import { toIso } from '../seams/index.ts';
import type { Database, OpenOptions } from './database.ts';
import { migrate, MIGRATIONS } from './migrations.ts';
import { createPostgresJournal } from './postgres-journal.ts';
import { takeLockOf, takeOffice } from './postgres-owner.ts';
import { openPool, openSession, schemaOf, type PostgresAddress, type Session } from './postgres.ts';

/** Takes office in the schema, and makes it when it is missing. Throws a sentence when another node is active, or the tables are of a newer release. */
export async function openPostgres(address: PostgresAddress, options: OpenOptions): Promise<Database> {
  const { durability, clock, log, standby } = options;
  const schema = schemaOf(address);
  const connect = () => openSession(address, durability);
  const session = await takeLockOf({ connect, schema, clock, log, standby });
  const db = openPool(address, durability);
  try {
    await makeSchema(session, schema);
    await migrate(db, MIGRATIONS, schema);
    const by = `process ${process.pid} on ${hostname()} since ${toIso(clock.now())}`;
    const journal = createPostgresJournal({ tenure: await takeOffice(session, by), connect, schema });
    return {
      db,
      driver: 'postgres',
      tail: undefined,
      assurance: session.assurance,
      journal,
      epoch: journal.epoch,
      isBusy: () => false,
      backup() {
        throw new Error(
          'A PostgreSQL database is copied with pg_dump, while work goes on, and brought back with pg_restore',
        );
      },
      async close() {
        await journal.close();
        await db.destroy();
      },
    };
  } catch (reason) {
    await db.destroy();
    await session.close();
    throw reason;
  }
}

async function makeSchema(session: Session, schema: string): Promise<void> {
  const [found] = await session.query({ text: 'SELECT to_regnamespace($1) AS name', values: [schema] });
  if (found?.['name'] === null) await session.query({ text: `CREATE SCHEMA "${schema}"` });
}
