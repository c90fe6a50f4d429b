/** Exactly one active node a schema: an advisory lock that dies with its session, and an epoch that outlives it (PROM-P14). */
import { hash } from 'node:crypto';
import { sleep, type Clock, type Log } from '../seams/index.ts';
import { StaleEpoch } from './journal.ts';
import type { Session } from './postgres.ts';

/** A stay in office. */
export interface Tenure {
  /** Holds the lock. */
  session: Session;
  epoch: string;
  /** Names this stay and no other, whoever looks. */
  owner: string;
}

/** Waits for the lock when `standby` is given; otherwise throws a sentence when an active node holds it. */
export async function takeLockOf<Opened extends Session>(options: {
  connect: () => Promise<Opened>;
  schema: string;
  clock: Clock;
  log: Log;
  standby?: { signal: AbortSignal } | undefined;
}): Promise<Opened> {
  const { connect, schema, clock, log, standby } = options;
  const isOurTurn = async (session: Opened) => {
    try {
      return await holdsLock(session, schema);
    } catch (reason) {
      if (standby && session.is_lost) return false; // a standby waits for a server that restarts, too
      throw reason;
    }
  };
  let session = await connect();
  try {
    while (!(await isOurTurn(session))) {
      if (!standby) throw new Error(`${await ownerOf(session)} is active in this database: others wait as standby`);
      log.debug({ schema }, 'another node is active: waiting as a standby');
      session = await waitAWhile(session, { connect, clock, signal: standby.signal });
    }
    return session;
  } catch (reason) {
    await session.close();
    throw reason;
  }
}

/** Takes the next epoch: from here on, whoever writes with an earlier one fails. The tables exist. */
export async function takeOffice(session: Session, by: string): Promise<Tenure> {
  const [row] = await session.query({
    text: `WITH named AS (
        INSERT INTO meta VALUES ('owner', $1::text || ', stay ' || gen_random_uuid())
        ON CONFLICT (key) DO UPDATE SET value = excluded.value RETURNING value),
      numbered AS (
        INSERT INTO meta VALUES ('epoch', '1')
        ON CONFLICT (key) DO UPDATE SET value = (meta.value::bigint + 1)::text RETURNING value)
      SELECT named.value AS owner, numbered.value AS epoch FROM named, numbered`,
    values: [by],
  });
  return { session, epoch: String(row?.['epoch']), owner: String(row?.['owner']) };
}

/**
 * Goes on in a new session. The next epoch is taken here too: whatever the lost session still has under way either was kept before,
 * or fails. Throws `StaleEpoch` when somebody else was in office meanwhile.
 */
export async function goOn(tenure: Tenure, session: Session, schema: string): Promise<Tenure> {
  if (!(await holdsLock(session, schema))) {
    const owner = await ownerOf(session);
    if (owner !== tenure.owner) throw new StaleEpoch(tenure.epoch, `of ${owner}`);
    throw new Error('the lost session still holds its lock');
  }
  const [row] = await session.query({
    text: `UPDATE meta SET value = (value::bigint + 1)::text
      WHERE key = 'epoch' AND (SELECT value FROM meta WHERE key = 'owner') = $1 RETURNING value`,
    values: [tenure.owner],
  });
  if (!row) throw new StaleEpoch(tenure.epoch, `of ${await ownerOf(session)}`);
  return { ...tenure, session, epoch: String(row['value']) };
}

async function holdsLock(session: Session, schema: string): Promise<boolean> {
  const [row] = await session.query({
    text: 'SELECT pg_try_advisory_lock($1, $2) AS is_ours',
    values: [LOCK_CLASS, lockKeyOf(schema)],
  });
  return row?.['is_ours'] === true;
}

/** Asks again after a while, in a new session if the old one was lost; a waiting statement would hold old rows back from cleaning. */
async function waitAWhile<Opened extends Session>(
  session: Opened,
  options: { connect: () => Promise<Opened>; clock: Clock; signal: AbortSignal },
): Promise<Opened> {
  for (;;) {
    await sleep(options.clock, STANDBY_MS, options.signal);
    if (!session.is_lost) return session;
    const next = await options.connect().catch(() => undefined); // the server is down: the standby waits for it too
    if (next) return next;
  }
}

/** Who says that it is active; for the sentence only. */
async function ownerOf(session: Session): Promise<string> {
  const [table] = await session.query({ text: `SELECT to_regclass('meta') AS name` });
  if (table?.['name'] === null) return 'another process';
  const [row] = await session.query({ text: `SELECT value FROM meta WHERE key = 'owner'` });
  return typeof row?.['value'] === 'string' ? row['value'] : 'another process';
}

const lockKeyOf = (schema: string): number => hash('sha256', schema, 'buffer').readInt32BE();

/** "AURA": keeps our locks apart from those of other programs in the same database. */
const LOCK_CLASS = 0x41555241;
/** How often a standby asks whether it is its turn, ms. */
const STANDBY_MS = 500;
