/** PostgreSQL by pg: sessions with their durability asserted, and nothing said that holds a password. */
import {
  Kysely,
  PostgresDialect,
  type PostgresCursor,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import pg from 'pg';
import { AuroraError } from '../protocol/index.ts';
import type { Assurance, Durability } from './connection.ts';
import { isRow, type SqlRow } from './driver.ts';
import { faultOf, refusedBy } from './faults.ts';
import type { Tables } from './schema.ts';

/** Where the database is. */
export interface PostgresAddress {
  /** `postgres://user:password@host:port/database`; never written anywhere. */
  url: string;
  /** Where the tables are, `public` unless said; made when it is missing. Each schema has its own one active node. */
  schema?: string | undefined;
}

/** A statement; with a name it is kept prepared. */
export interface Statement {
  name?: string;
  text: string;
  values?: readonly unknown[];
}

/** One connection, whose session holds locks. */
export interface Session {
  /** Rejects with `LostSession` when the answer will never be known; with PostgreSQL's own error when it refused. */
  query(statement: Statement): Promise<SqlRow[]>;
  readonly is_lost: boolean;
  /** Called once, when the connection ends without having been closed. */
  onLost(listener: (reason: Error) => void): void;
  close(): Promise<void>;
}

/** The connection ended, or an answer took too long: what was asked last may have been done. */
export class LostSession extends Error {
  readonly code = '08006';

  constructor(cause: unknown) {
    super('The connection to PostgreSQL was lost', { cause });
  }
}

/** Opens a session, set up and asserted (PROM-P1). */
export async function openSession(
  address: PostgresAddress,
  durability: Durability,
): Promise<Session & { assurance: Assurance }> {
  const client = new pg.Client(configOf(address));
  const listeners: ((reason: Error) => void)[] = [];
  let end: 'open' | 'lost' | 'closed' = 'open';
  const lose = (reason: unknown) => {
    if (end !== 'open') return;
    end = 'lost';
    client.end().catch(() => undefined); // it is gone already
    for (const listener of listeners) listener(new LostSession(reason));
  };
  client.on('error', lose);
  client.on('end', () => lose(undefined));

  const session: Session = {
    async query({ values, ...statement }) {
      if (end !== 'open') throw new LostSession(undefined);
      try {
        const { rows } = await client.query<SqlRow>({ ...statement, ...(values && { values: [...values] }) });
        return rows.filter(isRow);
      } catch (reason) {
        if (isRuling(reason)) throw refusedBy(reason);
        lose(reason);
        throw new LostSession(reason);
      }
    },
    get is_lost() {
      return end === 'lost';
    },
    onLost: (listener) => void listeners.push(listener),
    async close() {
      end = 'closed';
      await client.end().catch(() => undefined); // what is gone needs no farewell
    },
  };
  try {
    await client.connect();
    await session.query({ text: settingsOf(address, durability) });
    return Object.assign(session, { assurance: await assure(session, durability) });
  } catch (reason) {
    await session.close();
    throw reason;
  }
}

/** Kysely over a few more connections: for everything that is not hot. */
export function openPool(address: PostgresAddress, durability: Durability): Kysely<Tables> {
  const pool = new pg.Pool({ ...configOf(address), max: POOL_MAX });
  pool.on('error', ignore); // an idle connection that ends is replaced by the next who asks
  pool.on('connect', (client) => void client.on('error', ignore)); // one in use tells whoever asks it next
  const ready = new WeakSet<pg.PoolClient>();
  const connect = async (): Promise<PostgresPoolClient> => {
    const client = await pool.connect().catch(refuse);
    try {
      if (!ready.has(client)) await client.query(settingsOf(address, durability));
      ready.add(client);
      return honest(client);
    } catch (reason) {
      client.release(true); // else its place in the pool would be taken for good
      return refuse(reason);
    }
  };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: { connect, end: () => pool.end() } }) });
}

/** The same connection; where its server is gone it says so, and when to ask again (PROM-P15). */
function honest(client: PostgresPoolClient): PostgresPoolClient {
  return { query, release: () => client.release() };

  function query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query<R>(asked: string | PostgresCursor<R>, parameters: readonly unknown[] = []) {
    return typeof asked === 'string' ? client.query<R>(asked, parameters).catch(refuse) : client.query(asked);
  }
}

function refuse(reason: unknown): never {
  if (isRuling(reason)) throw refusedBy(reason);
  const message = `The ledger cannot be read: ${faultOf(new LostSession(reason)).cause}`;
  throw new AuroraError(5030, { message, retry_after_ms: RETRY_AFTER_MS, cause: reason });
}

/** The schema's name, safe to be written into SQL. */
export function schemaOf({ schema = 'public' }: PostgresAddress): string {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) return schema;
  throw new Error(`"${schema}" cannot be a schema: small letters, digits and _ only`);
}

function configOf({ url }: PostgresAddress): pg.ClientConfig {
  if (!isAddress(url)) throw new Error('The address of PostgreSQL must be a postgres:// URL');
  return {
    connectionString: url,
    application_name: 'aurora-mesh',
    connectionTimeoutMillis: CONNECT_MS_MAX,
    query_timeout: ANSWER_MS_MAX,
    keepAlive: true,
    types: TYPES,
  };
}

/**
 * Whether PostgreSQL itself undid the statement and goes on. Shutdowns, broken connections and its own faults leave no certainty.
 * Judged by the code: the word for the severity is in the server's language.
 */
const isRuling = (reason: unknown): boolean =>
  reason instanceof pg.DatabaseError && reason.code !== undefined && !/^(08|25P|57P|58|XX)/.test(reason.code);

/** Whether pg can read it; it would say what it cannot. */
function isAddress(url: string): boolean {
  return /^postgres(ql)?:\/\/./.test(url) && URL.canParse(url);
}

const settingsOf = (address: PostgresAddress, durability: Durability): string => {
  const settings = Object.entries({
    search_path: `"${schemaOf(address)}"`,
    synchronous_commit: durability === 'full' ? 'on' : 'off',
    lock_timeout: LOCK_MS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    tcp_keepalives_idle: 5, // s: a node that vanished gives its lock up within 11 s
    tcp_keepalives_interval: 2,
    tcp_keepalives_count: 3,
  });
  return `SELECT ${settings.map(([name, value]) => `set_config('${name}', '${value}', false)`).join()}`;
};

/** Reads back what PostgreSQL really does. */
async function assure(session: Session, durability: Durability): Promise<Assurance> {
  const [found] = await session.query({
    text: `SELECT current_setting('synchronous_commit') AS commit, current_setting('fsync') AS fsync,
      current_setting('full_page_writes') AS pages, current_setting('server_encoding') AS encoding`,
  });
  const { commit, fsync, pages, encoding } = found ?? {};
  if (encoding !== 'UTF8') throw new Error(`The database is encoded in ${String(encoding)}, not in UTF8`);
  const is_full = commit === 'on' && fsync === 'on' && pages === 'on';
  if (durability === 'full' && !is_full) {
    throw new Error(
      `PostgreSQL keeps synchronous_commit ${String(commit)}, fsync ${String(fsync)} and full_page_writes ${String(pages)}, not all on`,
    );
  }
  return { journal_mode: 'wal', synchronous: commit === 'on' ? 'full' : 'normal' };
}

function ignore(): void {
  // Whoever asks next hears of it.
}

const INT8_OID = 20;
/** Positions and counts are numbers here: they stay far below 2^53. */
const TYPES = new pg.TypeOverrides();
TYPES.setTypeParser(INT8_OID, Number);
/** When somebody whose question the server did not hear may ask again, ms. */
const RETRY_AFTER_MS = 1_000;
/** Connections beside the session of the journal. */
const POOL_MAX = 4;
const CONNECT_MS_MAX = 5_000;
/** How long a write waits for somebody else's lock, ms. */
const LOCK_MS_MAX = 2_000;
const STATEMENT_MS_MAX = 15_000;
/** A connection that says nothing for so long is lost, ms; PostgreSQL itself gives up before. */
const ANSWER_MS_MAX = 20_000;
