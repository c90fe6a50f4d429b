/** Sessions: signing in begins one, a chain of refresh tokens carries it on, and one token used twice ends it (ATK-B6). */
import { AuroraError, type User } from '../protocol/index.ts';
import { sha256Of, toIso } from '../seams/index.ts';
import type { Audit, Doer } from './audit.ts';
import type { SocDeps } from './soc.ts';
import { changedMeanwhile, type Users } from './users.ts';

/** Signing in, carrying on, ending. */
export interface Sessions {
  /** For `user` as they were when they proved who they are: throws 4010 when they were changed or disabled since. */
  begin(by: Doer, user: User): Promise<IssuedSession>;
  /** Throws 4012 for an unknown token, 4011 for one that is over, and 4012 for one that was used: then the session is over as well. */
  refresh(by: Omit<Doer, 'sub'>, refresh_token: string): Promise<IssuedSession>;
  end(by: Doer, session_id: string): Promise<void>;
  /** Whose session it is, while it and its user are alive. */
  find(session_id: string): Promise<User | undefined>;
  /** Forgets sessions and tokens that are over since that wall time. */
  prune(before_ms: number): Promise<void>;
}

/** What a session gives its user. */
export interface IssuedSession {
  session_id: string;
  user: User;
  refresh_token: string;
  refresh_expires_in: number;
}

/** Sessions in the store; `onChanged` is called after one ended, so that what it opened is looked at again. */
export function createSessions(
  deps: SocDeps & { audit: Audit; users: Pick<Users, 'find'>; onChanged: () => void },
): Sessions {
  const { store, clock, ids, random, audit, users, onChanged } = deps;
  const { db } = store;
  const now = () => toIso(clock.now());

  return { begin, refresh, end, find, prune };

  async function begin(by: Doer, user: User): Promise<IssuedSession> {
    const session_id = ids.next('session');
    const { username, version, created_at: since } = user;
    const issued = newToken();
    const is_crowded = await store.asOwner(async (trx) => {
      // Proving takes a tenth of a second: a password that was reset meanwhile must not begin what the reset has just ended.
      const same = await trx
        .updateTable('users')
        .set({ last_login_at: now() })
        .where('username', '=', username)
        .where('version', '=', version)
        .where('created_at', '=', since)
        .where('disabled', '=', 0)
        .executeTakeFirst();
      if (same.numUpdatedRows !== 1n) throw changedMeanwhile();
      const own = await trx
        .selectFrom('sessions')
        .select('session_id')
        .where('username', '=', username)
        .where('ended_at', 'is', null)
        .where('expires_at', '>', now())
        .orderBy('created_at', 'desc')
        .execute();
      const crowd = own.slice(SESSIONS_MAX - 1).map((row) => row.session_id);
      if (crowd.length > 0) {
        const over = { ended_at: now(), why: 'too many' };
        await trx.updateTable('sessions').set(over).where('session_id', 'in', crowd).execute();
      }
      const created_at = now();
      const expires_at = toIso(clock.now() + SESSION_MS);
      const fresh = { session_id, username, created_at, expires_at, ended_at: null, why: null };
      await trx.insertInto('sessions').values(fresh).execute();
      await trx
        .insertInto('refresh_tokens')
        .values({ ...issued.row, session_id })
        .execute();
      await audit.within(trx, by, { action: 'session.begin', target: session_id });
      return crowd.length > 0;
    });
    if (is_crowded) onChanged();
    return { session_id, user, refresh_token: issued.token, refresh_expires_in: REFRESH_MS / 1_000 };
  }

  async function refresh(by: Omit<Doer, 'sub'>, refresh_token: string): Promise<IssuedSession> {
    const hash = sha256Of(refresh_token);
    const issued = newToken();
    const row = await store.asOwner(async (trx) => {
      const token = await trx.selectFrom('refresh_tokens').selectAll().where('hash', '=', hash).executeTakeFirst();
      const session =
        token &&
        (await trx.selectFrom('sessions').selectAll().where('session_id', '=', token.session_id).executeTakeFirst());
      if (!token || !session) throw new AuroraError(4012, { message: 'This refresh token is not known' });
      if (session.ended_at !== null) throw over();
      const { session_id, username } = session;
      if (token.used_at === null && (token.expires_at <= now() || session.expires_at <= now())) throw over();
      // Of two who come at once, one is first: the other finds it used.
      const used = await trx
        .updateTable('refresh_tokens')
        .set({ used_at: now() })
        .where('hash', '=', hash)
        .where('used_at', 'is', null)
        .executeTakeFirst();
      if (used.numUpdatedRows === 0n) {
        const ended = { ended_at: now(), why: 'a refresh token was used twice' };
        await trx.updateTable('sessions').set(ended).where('session_id', '=', session_id).execute();
        const note = { action: 'session.reuse', target: session_id, outcome: 'refused' } as const;
        await audit.within(trx, { ...by, sub: `user:${username}` }, note);
        return { ...session, is_reused: true };
      }
      await trx
        .insertInto('refresh_tokens')
        .values({ ...issued.row, session_id })
        .execute();
      return { ...session, is_reused: false };
    });
    if (row.is_reused) {
      onChanged();
      throw new AuroraError(4012, {
        message: 'This refresh token was used before: its session is ended, sign in again',
      });
    }
    const user = await users.find(row.username);
    if (!user || user.disabled) throw over();
    const { session_id } = row;
    return { session_id, user, refresh_token: issued.token, refresh_expires_in: REFRESH_MS / 1_000 };
  }

  async function end(by: Doer, session_id: string): Promise<void> {
    await store.asOwner(async (trx) => {
      await trx
        .updateTable('sessions')
        .set({ ended_at: now(), why: 'signed out' })
        .where('session_id', '=', session_id)
        .where('ended_at', 'is', null)
        .execute();
      await audit.within(trx, by, { action: 'session.end', target: session_id });
    });
    onChanged();
  }

  async function find(session_id: string): Promise<User | undefined> {
    const row = await db
      .selectFrom('sessions')
      .select('username')
      .where('session_id', '=', session_id)
      .where('ended_at', 'is', null)
      .where('expires_at', '>', now())
      .executeTakeFirst();
    const user = row && (await users.find(row.username));
    return user?.disabled ? undefined : user;
  }

  async function prune(before_ms: number): Promise<void> {
    const before = toIso(before_ms);
    await store.asOwner(async (trx) => {
      await trx.deleteFrom('refresh_tokens').where('expires_at', '<', before).execute();
      await trx.deleteFrom('sessions').where('expires_at', '<', before).execute();
    });
  }

  function newToken() {
    const token = `aurora_refresh_${Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url')}`;
    return { token, row: { hash: sha256Of(token), expires_at: toIso(clock.now() + REFRESH_MS), used_at: null } };
  }
}

const over = (): AuroraError => new AuroraError(4011, { message: 'The session is over: sign in again' });

/** Sessions of one user; the oldest end for more. */
const SESSIONS_MAX = 100;
const SECRET_BYTES = 32;
const DAY_MS = 86_400_000;
/** After that long without a refresh a session is over, and after this long in any case. */
const REFRESH_MS = 7 * DAY_MS;
const SESSION_MS = 30 * DAY_MS;
