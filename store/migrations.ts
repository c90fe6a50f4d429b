/** How the tables came to be: forward from any earlier release, in one transaction. */
import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import { formsOf } from './dialect.ts';
import type { Tables } from './schema.ts';
import { createSoc } from './soc-migration.ts';

/** Every step by its name; names sort in order. A released step is never edited: the next one changes what it made. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001_ledger': { up: createLedger },
  '0002_anchors': { up: addAnchors },
  '0003_soc': { up: createSoc },
  '0004_keys_of_tasks': { up: indexKeys },
};

/** Brings the tables to the newest form. Throws when the file was written by a newer release, or a step fails. */
export async function migrate(
  db: Kysely<Tables>,
  steps: Readonly<Record<string, Migration>> = MIGRATIONS,
  schema?: string,
): Promise<void> {
  const provider = { getMigrations: async () => ({ ...steps }) };
  const migrator = new Migrator({ db, provider, ...(schema !== undefined && { migrationTableSchema: schema }) });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof Error && error.message.startsWith('corrupted migrations')) {
    throw new Error('The database was written by a newer release of Aurora Mesh: use that one, or restore a backup', {
      cause: error,
    });
  }
  throw error instanceof Error ? error : new Error('A migration failed', { cause: error });
}

async function createLedger(db: Kysely<unknown>): Promise<void> {
  const { text, whole, strict, strict_by_key, numbered } = formsOf(db);
  await db.schema
    .createTable('tasks')
    .addColumn('position', whole, numbered)
    .addColumn('task_id', text, (column) => column.notNull().unique())
    .addColumn('root_id', text, (column) => column.notNull())
    .addColumn('parent_id', text)
    .addColumn('skill', text, (column) => column.notNull())
    .addColumn('phase', text, (column) => column.notNull())
    .addColumn('fence', 'integer', (column) => column.notNull())
    .addColumn('seq', 'integer', (column) => column.notNull())
    .addColumn('head', text, (column) => column.notNull())
    .addColumn('created_at', text, (column) => column.notNull())
    .addColumn('updated_at', text, (column) => column.notNull())
    .addColumn('deadline', text, (column) => column.notNull())
    .addColumn('final_at', text)
    .modifyEnd(strict)
    .execute();
  await db.schema.createIndex('tasks_family').on('tasks').column('root_id').execute();
  await db.schema
    .createIndex('tasks_open')
    .on('tasks')
    .column('position')
    .where(sql.ref('final_at'), 'is', null)
    .execute();
  await db.schema
    .createIndex('tasks_final')
    .on('tasks')
    .column('final_at')
    .where(sql.ref('final_at'), 'is not', null)
    .execute();
  await db.schema
    .createTable('events')
    .addColumn('position', whole, numbered)
    .addColumn('task_id', text, (column) => column.notNull())
    .addColumn('seq', 'integer', (column) => column.notNull())
    .addColumn('type', text, (column) => column.notNull())
    .addColumn('fence', 'integer')
    .addColumn('at', text, (column) => column.notNull())
    .addColumn('payload', text, (column) => column.notNull())
    .addColumn('payload_hash', text, (column) => column.notNull())
    .addColumn('prev_hash', text, (column) => column.notNull())
    .addColumn('hash', text, (column) => column.notNull())
    .addUniqueConstraint('events_of_task', ['task_id', 'seq'])
    .modifyEnd(strict)
    .execute();
  await db.schema
    .createTable('keys')
    .addColumn('scope', text, (column) => column.primaryKey())
    .addColumn('task_id', text, (column) => column.notNull())
    .addColumn('digest', text, (column) => column.notNull())
    .addColumn('expires_at', text, (column) => column.notNull())
    .modifyEnd(strict_by_key)
    .execute();
  await db.schema
    .createTable('checkpoints')
    .addColumn('seq', 'integer', (column) => column.primaryKey())
    .addColumn('at', text, (column) => column.notNull())
    .addColumn('before', text, (column) => column.notNull())
    .addColumn('tasks', 'integer', (column) => column.notNull())
    .addColumn('heads_hash', text, (column) => column.notNull())
    .addColumn('prev_hash', text, (column) => column.notNull())
    .addColumn('hash', text, (column) => column.notNull())
    .modifyEnd(strict)
    .execute();
  await db.schema
    .createTable('meta')
    .addColumn('key', text, (column) => column.primaryKey())
    .addColumn('value', text, (column) => column.notNull())
    .modifyEnd(strict_by_key)
    .execute();
}

/** Anchors over ranges of events, and what retention took out of them, signed (ATK-J3). */
async function addAnchors(db: Kysely<unknown>): Promise<void> {
  const { text, whole, strict } = formsOf(db);
  await db.schema
    .createTable('anchors')
    .addColumn('seq', 'integer', (column) => column.primaryKey())
    .addColumn('at', text, (column) => column.notNull())
    .addColumn('after_position', whole, (column) => column.notNull())
    .addColumn('to_position', whole, (column) => column.notNull())
    .addColumn('events', 'integer', (column) => column.notNull())
    .addColumn('digest', text, (column) => column.notNull())
    .addColumn('checkpoint_seq', 'integer', (column) => column.notNull())
    .addColumn('checkpoint_hash', text, (column) => column.notNull())
    .addColumn('prev_hash', text, (column) => column.notNull())
    .addColumn('hash', text, (column) => column.notNull())
    .addColumn('signature', text, (column) => column.notNull())
    .addColumn('folded_by', 'integer')
    .modifyEnd(strict)
    .execute();
  await db.schema.alterTable('checkpoints').addColumn('folds', text).execute();
  await db.schema.alterTable('checkpoints').addColumn('signature', text).execute();
}

/** Whether a task has a key is asked of every task that is to be forgotten: without it all keys are read for that (PROM-P2). */
async function indexKeys(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex('keys_of_task').on('keys').column('task_id').execute();
}
