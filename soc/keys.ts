/** Keys for machines: shown once, kept as a hash, never wider than whoever made them (ATK-B11, B12). */
import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { ApiKey, AuroraError, Permission, permissionsOf, type Caller, type User } from '../protocol/index.ts';
import { makeRoom, sha256Of, toIso } from '../seams/index.ts';
import type { ApiKeyRow, Writing } from '../store/index.ts';
import type { KeepAnswer } from './answers.ts';
import type { Audit, Doer } from './audit.ts';
import { cursorOf, readCursor } from './cursor.ts';
import type { SocDeps } from './soc.ts';
import type { Users } from './users.ts';

/** The API keys of all people. */
export interface Keys {
  list(query: {
    username?: string | undefined;
    limit: number;
    cursor?: string | undefined;
  }): Promise<{ items: ApiKey[]; next_cursor: string | null }>;
  /** Throws 4040 for a key that is not the caller's, unless the caller administers. */
  get(caller: Pick<Caller, 'role' | 'username'>, key_id: string): Promise<ApiKey>;
  /**
   * Throws 4030 for a scope that its maker does not hold, and when the maker is a key itself; 4010 when their session ended
   * meanwhile, and 4090 when they have as many as one may. The answer that is kept holds no key.
   */
  create(
    by: Doer,
    caller: Caller,
    asked: { name: string; scopes: Permission[]; expires_in_days?: number | undefined },
    keepAnswer?: KeepAnswer<ApiKey>,
  ): Promise<ApiKey & { api_key: string }>;
  /** Throws 4040 for a key that is not the caller's, unless the caller administers. */
  revoke(by: Doer, caller: Caller, key_id: string): Promise<void>;
  /** Who acts with this key: its owner, with what both of them hold now; undefined when it does not count, or no longer. */
  find(api_key: string): Promise<Caller | undefined>;
  /** The same for a key that was shown before. */
  findById(key_id: string): Promise<Caller | undefined>;
  /** Forgets keys that were revoked, or over, before that wall time; their rows in the audit record stay as long as others. */
  prune(before_ms: number): Promise<void>;
}

/** Keys in the store; `onChanged` is called after one was revoked, so that what it opened is looked at again. */
export function createKeys(deps: SocDeps & { audit: Audit; users: Pick<Users, 'find'>; onChanged: () => void }): Keys {
  const { store, clock, random, log, audit, users, onChanged } = deps;
  const { db } = store;
  const now = () => toIso(clock.now());
  const told = new Map<string, number>(); // when last_used_at was written, monotonic ms

  return { list, get, create, revoke, find, findById: (key_id) => callerOf(key_id, undefined), prune };

  async function list({ username, limit, cursor }: Parameters<Keys['list']>[0]): ReturnType<Keys['list']> {
    const question = ['keys', username];
    const place = readCursor(question, cursor, z.tuple([KeyId]));
    let query = db
      .selectFrom('api_keys')
      .selectAll()
      .orderBy('key_id')
      .limit(limit + 1);
    if (username !== undefined) query = query.where('username', '=', username);
    if (place) query = query.where('key_id', '>', place[0]);
    const rows = await query.execute();
    const items = rows.slice(0, limit).map(toKey);
    const last = items.at(-1);
    return { items, next_cursor: rows.length > limit && last ? cursorOf(question, [last.key_id]) : null };
  }

  async function get(...[{ role, username }, key_id]: Parameters<Keys['get']>): Promise<ApiKey> {
    const row = await db.selectFrom('api_keys').selectAll().where('key_id', '=', key_id).executeTakeFirst();
    if (!row || (role !== 'admin' && row.username !== username)) throw noKey(key_id);
    return toKey(row);
  }

  async function create(
    ...[by, caller, { name, scopes, expires_in_days = DAYS_DEFAULT }, keepAnswer]: Parameters<Keys['create']>
  ): Promise<ApiKey & { api_key: string }> {
    if (caller.key_id !== undefined) throw new AuroraError(4030, { message: 'A key makes no keys: sign in for that' });
    const beyond = scopes.find((scope) => !caller.permissions.includes(scope));
    if (beyond !== undefined) {
      throw new AuroraError(4030, { message: `You do not hold ${beyond} yourself`, detail: { scope: beyond } });
    }
    const { key_id, api_key, prefix } = newKey(random.bytes(ID_BYTES), random.bytes(SECRET_BYTES));
    const row: ApiKeyRow = {
      key_id,
      name,
      username: caller.username,
      prefix,
      hash: sha256Of(api_key),
      scopes: JSON.stringify([...new Set(scopes)]),
      created_at: now(),
      expires_at: toIso(clock.now() + expires_in_days * DAY_MS),
      last_used_at: null,
      revoked_at: null,
    };
    await store.asOwner(async (trx) => {
      await assertStillIn(trx, caller);
      const live = await trx
        .selectFrom('api_keys')
        .select('key_id')
        .where('username', '=', caller.username)
        .where('revoked_at', 'is', null)
        .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now())]))
        .execute();
      if (live.length >= KEYS_MAX) {
        throw new AuroraError(4090, { message: `One user may have ${KEYS_MAX} keys: revoke one that is not needed` });
      }
      await trx.insertInto('api_keys').values(row).execute();
      await audit.within(trx, by, { action: 'key.create', target: key_id, detail: { name, scopes } });
      await keepAnswer?.(trx, toKey(row));
    });
    return { ...toKey(row), api_key };
  }

  /** A key outlives what it is made with: whoever was thrown out since they asked would leave themselves a way in (ATK-B4). */
  async function assertStillIn(trx: Writing, { username, session_id }: Caller): Promise<void> {
    const session = await trx
      .selectFrom('sessions')
      .select('session_id')
      .where('session_id', '=', session_id ?? '')
      .where('username', '=', username)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    if (!session) throw new AuroraError(4010, { message: 'This session has ended: sign in again' });
  }

  async function revoke(by: Doer, caller: Caller, key_id: string): Promise<void> {
    await store.asOwner(async (trx) => {
      const row = await trx.selectFrom('api_keys').selectAll().where('key_id', '=', key_id).executeTakeFirst();
      const may = caller.role === 'admin' || (row?.username === caller.username && caller.key_id === undefined);
      if (!row || !may) throw noKey(key_id);
      if (row.revoked_at !== null) return;
      await trx.updateTable('api_keys').set({ revoked_at: now() }).where('key_id', '=', key_id).execute();
      await audit.within(trx, by, { action: 'key.revoke', target: key_id });
    });
    onChanged();
  }

  async function find(api_key: string): Promise<Caller | undefined> {
    const key_id = keyIdIn(api_key);
    return key_id === undefined ? undefined : callerOf(key_id, api_key);
  }

  async function callerOf(key_id: string, api_key: string | undefined): Promise<Caller | undefined> {
    const row = await db.selectFrom('api_keys').selectAll().where('key_id', '=', key_id).executeTakeFirst();
    if (!row || (api_key !== undefined && !isSame(sha256Of(api_key), row.hash))) return undefined;
    if (row.revoked_at !== null || (row.expires_at !== null && row.expires_at <= now())) return undefined;
    const owner = await users.find(row.username);
    if (!owner || owner.disabled) return undefined;
    if (api_key !== undefined) tellUsed(key_id);
    return toCaller(row, owner);
  }

  async function prune(before_ms: number): Promise<void> {
    const before = toIso(before_ms);
    await store.asOwner((trx) =>
      trx
        .deleteFrom('api_keys')
        .where((where) => where.or([where('revoked_at', '<', before), where('expires_at', '<', before)]))
        .execute(),
    );
  }

  /** Once a minute is enough to know a key that nobody needs any more. */
  function tellUsed(key_id: string): void {
    const at = clock.monotonic();
    if (at - (told.get(key_id) ?? -USED_EVERY_MS) < USED_EVERY_MS) return;
    told.delete(key_id);
    makeRoom(told, TOLD_MAX, TOLD_MAX / 8);
    told.set(key_id, at);
    store
      .asOwner((trx) => trx.updateTable('api_keys').set({ last_used_at: now() }).where('key_id', '=', key_id).execute())
      .catch((err: unknown) => log.warn({ key_id, err }, 'the last use of a key was not written down'));
  }
}

const noKey = (key_id: string): AuroraError => new AuroraError(4040, { message: 'No such key', detail: { key_id } });

/** A key acts for its owner, with what both hold: an owner who was demoted narrows it. */
function toCaller({ key_id, username, scopes }: ApiKeyRow, owner: User): Caller {
  const held = permissionsOf(owner.role);
  const granted = Permission.array().parse(JSON.parse(scopes));
  const permissions = granted.filter((scope) => held.includes(scope));
  return { sub: `user:${username}`, username, role: 'api_service', permissions, key_id };
}

const toKey = ({ hash: _hash, scopes, ...row }: ApiKeyRow): ApiKey =>
  ApiKey.parse({ ...row, scopes: JSON.parse(scopes) } satisfies Record<string, unknown>);

/** `aurora_key_<id><secret><check>`: the check lets scanners of leaked secrets tell a key from chance. */
function newKey(id_bytes: Uint8Array, secret_bytes: Uint8Array): { key_id: string; api_key: string; prefix: string } {
  const id = toText(id_bytes);
  const body = `${id}${toText(secret_bytes)}`;
  return { key_id: `key_${id}`, api_key: `${KEY_PREFIX}${body}${checkOf(body)}`, prefix: `${KEY_PREFIX}${id}` };
}

/** The id in a key; undefined when it is none. */
function keyIdIn(api_key: string): string | undefined {
  const [, body = '', check] = KEY_SHAPE.exec(api_key) ?? [];
  return check === checkOf(body) && body !== '' ? `key_${body.slice(0, ID_CHARS)}` : undefined;
}

const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const checkOf = (body: string): string => sha256Of(`${KEY_PREFIX}${body}`).slice(0, CHECK_CHARS);
const isSame = (left: string, right: string): boolean =>
  left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));

const KEY_PREFIX = 'aurora_key_';
const ID_BYTES = 5;
const ID_CHARS = 2 * ID_BYTES;
const SECRET_BYTES = 20;
const CHECK_CHARS = 6;
const KeyId = z.string().regex(/^key_[0-9a-f]{10}$/);
const KEY_SHAPE = /^aurora_key_([0-9a-f]{50})([0-9a-f]{6})$/;
const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 90;
const KEYS_MAX = 100;
const USED_EVERY_MS = 60_000;
const TOLD_MAX = 10_000;
