/** Step 0003: the tables of a security team beside the ledger's. */
import { sql, type Kysely } from 'kysely';
import { formsOf } from './dialect.ts';

/** Makes them, on either database. */
export async function createSoc(db: Kysely<unknown>): Promise<void> {
  const { text, whole, strict, strict_by_key, numbered } = formsOf(db);
  const table = (name: string, columns: Readonly<Record<string, Kind>>) =>
    Object.entries(columns).reduce((made, [column, kind]) => {
      const type = kind.startsWith('whole') ? whole : text;
      return made.addColumn(column, type, (built) => {
        if (kind === 'key') return built.primaryKey();
        return kind.endsWith('?') ? built : built.notNull();
      });
    }, db.schema.createTable(name));

  await table('users', {
    username: 'key',
    password: 'text',
    role: 'text',
    disabled: 'whole',
    must_change: 'whole',
    created_at: 'text',
    created_by: 'text',
    updated_at: 'text',
    last_login_at: 'text?',
    version: 'whole',
  })
    .modifyEnd(strict_by_key)
    .execute();
  await table('sessions', {
    session_id: 'key',
    username: 'text',
    created_at: 'text',
    expires_at: 'text',
    ended_at: 'text?',
    why: 'text?',
  })
    .modifyEnd(strict_by_key)
    .execute();
  await table('refresh_tokens', { hash: 'key', session_id: 'text', expires_at: 'text', used_at: 'text?' })
    .modifyEnd(strict_by_key)
    .execute();
  await table('api_keys', {
    key_id: 'key',
    name: 'text',
    username: 'text',
    prefix: 'text',
    hash: 'text',
    scopes: 'text',
    created_at: 'text',
    expires_at: 'text?',
    last_used_at: 'text?',
    revoked_at: 'text?',
  })
    .modifyEnd(strict_by_key)
    .execute();
  await table('counters', { name: 'key', value: 'whole' }).modifyEnd(strict_by_key).execute();
  await table('settings', {
    name: 'key',
    value: 'text',
    version: 'whole',
    updated_at: 'text',
    updated_by: 'text',
  })
    .modifyEnd(strict_by_key)
    .execute();
  await table('answers', { scope: 'key', digest: 'text', status: 'whole', body: 'text?', expires_at: 'text' })
    .modifyEnd(strict_by_key)
    .execute();

  await db.schema
    .createTable('alerts')
    .addColumn('position', whole, numbered)
    .addColumn('alert_id', text, (column) => column.notNull().unique())
    .addColumn('id', text, (column) => column.notNull().unique())
    .addColumn('external_id', text)
    .addColumn('title', text, (column) => column.notNull())
    .addColumn('description', text, (column) => column.notNull())
    .addColumn('severity', text, (column) => column.notNull())
    .addColumn('severity_rank', whole, (column) => column.notNull())
    .addColumn('status', text, (column) => column.notNull())
    .addColumn('source', text, (column) => column.notNull())
    .addColumn('asset_type', text)
    .addColumn('affected_assets', text, (column) => column.notNull())
    .addColumn('iocs', text, (column) => column.notNull())
    .addColumn('mitre_techniques', text, (column) => column.notNull())
    .addColumn('raw_log', text)
    .addColumn('http', text)
    .addColumn('email', text)
    .addColumn('metadata', text, (column) => column.notNull())
    .addColumn('assignee', text)
    .addColumn('case_id', text)
    .addColumn('acknowledged_by', text)
    .addColumn('acknowledged_at', text)
    .addColumn('dedup_hash', text, (column) => column.notNull())
    .addColumn('occurrences', whole, (column) => column.notNull())
    .addColumn('last_seen_at', text, (column) => column.notNull())
    .addColumn('created_by', text, (column) => column.notNull())
    .addColumn('created_at', text, (column) => column.notNull())
    .addColumn('updated_at', text, (column) => column.notNull())
    .addColumn('version', whole, (column) => column.notNull())
    .modifyEnd(strict)
    .execute();
  await db.schema
    .createTable('audit')
    .addColumn('position', whole, numbered)
    .addColumn('audit_id', text, (column) => column.notNull())
    .addColumn('at', text, (column) => column.notNull())
    .addColumn('actor', text, (column) => column.notNull())
    .addColumn('action', text, (column) => column.notNull())
    .addColumn('target', text)
    .addColumn('outcome', text, (column) => column.notNull())
    .addColumn('request_id', text)
    .addColumn('remote', text)
    .addColumn('detail', text, (column) => column.notNull())
    .modifyEnd(strict)
    .execute();

  await db.schema.createIndex('sessions_of_user').on('sessions').column('username').execute();
  await db.schema.createIndex('refresh_of_session').on('refresh_tokens').column('session_id').execute();
  await db.schema.createIndex('keys_of_user').on('api_keys').column('username').execute();
  await db.schema.createIndex('alerts_alike').on('alerts').columns(['dedup_hash', 'created_at']).execute();
  await db.schema
    .createIndex('alerts_outside')
    .on('alerts')
    .columns(['source', 'external_id'])
    .where(sql.ref('external_id'), 'is not', null)
    .execute();
  await db.schema.createIndex('alerts_seen').on('alerts').columns(['last_seen_at', 'position']).execute();
  await db.schema.createIndex('alerts_grave').on('alerts').columns(['severity_rank', 'position']).execute();
  await db.schema.createIndex('audit_at').on('audit').column('at').execute();
}

type Kind = 'key' | 'text' | 'text?' | 'whole' | 'whole?';
