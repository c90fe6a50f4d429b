/** The people of the installation. */
import { z } from 'zod';
import { AuroraError, User, type UserRole } from '../protocol/index.ts';
import { toIso } from '../seams/index.ts';
import type { UserRow, Writing } from '../store/index.ts';
import { forgetAnswers, type KeepAnswer } from './answers.ts';
import type { Audit, Doer } from './audit.ts';
import { cursorOf, readCursor } from './cursor.ts';
import type { Passwords } from './passwords.ts';
import type { SocDeps } from './soc.ts';

/** People, and what may happen to them. */
export interface Users {
  /** Makes the first administrator where nobody is; answers the one-time password, once. */
  ensureAdmin(): Promise<{ username: string; one_time_password: string } | undefined>;
  list(query: { limit: number; cursor?: string | undefined; role?: UserRole | undefined }): Promise<UserPage>;
  /**
   * Throws 4090 for a name that is taken or means something else, and when there are as many as there may be. Whoever keeps the
   * answer leaves out the password that was made.
   */
  create(
    by: Doer,
    asked: { username: string; role: UserRole; password?: string | undefined },
    keepAnswer?: KeepAnswer<NewUser>,
  ): Promise<NewUser>;
  /** Throws 4040, 4120 when it is not at version `if_match`, and 4090 rather than leave no administrator who can sign in. */
  update(
    by: Doer,
    asked: {
      username: string;
      role?: UserRole | undefined;
      disabled?: boolean | undefined;
      reset_password?: true | undefined;
    },
    if_match?: number,
  ): Promise<NewUser>;
  /** Ends their sessions and keys. Throws 4040, 4120 when they are not at version `if_match`, and 4090 rather than leave no administrator who can sign in. */
  remove(by: Doer, username: string, if_match?: number): Promise<void>;
  /** The person, when that is their password; undefined after the same time when it is not, or nobody of that name may sign in. */
  prove(username: string, password: string): Promise<User | undefined>;
  /**
   * Ends their sessions, but not the one that is named. For `user` as they were when they proved who they are: throws 4010 when they
   * were changed since.
   */
  setPassword(
    by: Doer,
    user: Pick<User, 'username' | 'version' | 'created_at'>,
    password: string,
    spared?: { session_id: string },
  ): Promise<User>;
  find(username: string): Promise<User | undefined>;
}

/** A page of people. */
export interface UserPage {
  items: User[];
  next_cursor: string | null;
}

/** A person, with the password that was made for them; null when none was. */
export type NewUser = User & { one_time_password: string | null };

/** What people are kept with; `onChanged` is called after rights or passwords changed, so that what they opened is looked at again. */
export interface UsersDeps extends SocDeps {
  audit: Audit;
  passwords: Passwords;
  onChanged: () => void;
}

/** People in the store, each change with its row in the audit record. */
export function createUsers({ store, clock, audit, passwords, onChanged }: UsersDeps): Users {
  const { db } = store;
  const now = () => toIso(clock.now());

  return { ensureAdmin, list, create, update, remove, prove, setPassword, find };

  async function ensureAdmin(): ReturnType<Users['ensureAdmin']> {
    const anybody = await db.selectFrom('users').select('username').limit(1).executeTakeFirst();
    if (anybody) return undefined;
    const { one_time_password } = await create({ sub: 'system' }, { username: FIRST_ADMIN, role: 'admin' });
    return { username: FIRST_ADMIN, one_time_password: one_time_password ?? '' };
  }

  async function list({ limit, cursor, role }: Parameters<Users['list']>[0]): Promise<UserPage> {
    const question = ['users', role];
    const place = readCursor(question, cursor, z.tuple([User.shape.username]));
    let query = db
      .selectFrom('users')
      .selectAll()
      .orderBy('username')
      .limit(limit + 1);
    if (role !== undefined) query = query.where('role', '=', role);
    if (place) query = query.where('username', '>', place[0]);
    const rows = await query.execute();
    const items = rows.slice(0, limit).map(toUser);
    const last = items.at(-1);
    return { items, next_cursor: rows.length > limit && last ? cursorOf(question, [last.username]) : null };
  }

  async function create(
    ...[by, { username, role, password }, keepAnswer]: Parameters<Users['create']>
  ): Promise<NewUser> {
    if (RESERVED.has(username)) throw new AuroraError(4090, { message: `${username} is no name for a user` });
    const one_time_password = password === undefined ? passwords.generate() : null;
    const row: UserRow = {
      username,
      password: await passwords.hash(password ?? one_time_password ?? ''),
      role,
      disabled: 0,
      must_change: one_time_password === null ? 0 : 1,
      created_at: now(),
      created_by: by.sub,
      updated_at: now(),
      last_login_at: null,
      version: 1,
    };
    await store.asOwner(async (trx) => {
      const taken = await trx
        .selectFrom('users')
        .select('username')
        .where('username', '=', username)
        .executeTakeFirst();
      if (taken) throw new AuroraError(4090, { message: `There is a user ${username} already` });
      const { count } = await trx
        .selectFrom('users')
        .select((select) => select.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      if (count >= USERS_MAX) {
        throw new AuroraError(4090, { message: `There may be ${USERS_MAX} users: delete one that is not needed` });
      }
      await trx.insertInto('users').values(row).execute();
      await audit.within(trx, by, { action: 'user.create', target: username, detail: { role } });
      await forgetAnswers(trx, `user:${username}`);
      await keepAnswer?.(trx, { ...toUser(row), one_time_password });
    });
    return { ...toUser(row), one_time_password };
  }

  async function update(
    by: Doer,
    { username, role, disabled, reset_password }: Parameters<Users['update']>[1],
    if_match?: number,
  ): Promise<NewUser> {
    const one_time_password = reset_password ? passwords.generate() : null;
    const password = one_time_password === null ? undefined : await passwords.hash(one_time_password);
    const row = await store.asOwner(async (trx) => {
      const before = await trx.selectFrom('users').selectAll().where('username', '=', username).executeTakeFirst();
      if (!before) throw noUser(username);
      if (if_match !== undefined && if_match !== before.version) throw stale(before.version);
      const after: UserRow = {
        ...before,
        ...(role && { role }),
        ...(disabled !== undefined && { disabled: disabled ? 1 : 0 }),
        ...(password !== undefined && { password, must_change: 1 }),
        updated_at: now(),
        version: before.version + 1,
      };
      await trx.updateTable('users').set(after).where('username', '=', username).execute();
      if (isAdmin(before) && !isAdmin(after)) await assertAdminLeft(trx);
      const changed = { role, disabled, ...(reset_password && { reset_password }) };
      await audit.within(trx, by, { action: 'user.update', target: username, detail: changed });
      if (disabled || reset_password) await endSessions(trx, username, disabled ? 'disabled' : 'password reset');
      return after;
    });
    onChanged();
    return { ...toUser(row), one_time_password };
  }

  async function remove(by: Doer, username: string, if_match?: number): Promise<void> {
    await store.asOwner(async (trx) => {
      const row = await trx.selectFrom('users').selectAll().where('username', '=', username).executeTakeFirst();
      if (!row) throw noUser(username);
      if (if_match !== undefined && if_match !== row.version) throw stale(row.version);
      await trx.deleteFrom('users').where('username', '=', username).execute();
      if (isAdmin(row)) await assertAdminLeft(trx);
      await endSessions(trx, username, 'deleted');
      await trx
        .updateTable('api_keys')
        .set({ revoked_at: now() })
        .where('username', '=', username)
        .where('revoked_at', 'is', null)
        .execute();
      await audit.within(trx, by, { action: 'user.delete', target: username });
      await forgetAnswers(trx, `user:${username}`);
    });
    onChanged();
  }

  async function prove(username: string, password: string): Promise<User | undefined> {
    const row = await db.selectFrom('users').selectAll().where('username', '=', username).executeTakeFirst();
    const is_right = await passwords.verify(password, row?.password);
    return is_right && row && row.disabled === 0 ? toUser(row) : undefined;
  }

  async function setPassword(
    by: Doer,
    user: Pick<User, 'username' | 'version' | 'created_at'>,
    password: string,
    spared?: { session_id: string },
  ): Promise<User> {
    const { username, version, created_at } = user;
    const hashed = await passwords.hash(password);
    const row = await store.asOwner(async (trx) => {
      const before = await trx.selectFrom('users').selectAll().where('username', '=', username).executeTakeFirst();
      if (before?.version !== version || before.created_at !== created_at) throw changedMeanwhile();
      const after = { ...before, password: hashed, must_change: 0, updated_at: now(), version: version + 1 };
      await trx.updateTable('users').set(after).where('username', '=', username).execute();
      await endSessions(trx, username, 'password changed', spared?.session_id);
      await audit.within(trx, by, { action: 'user.password', target: username });
      return after;
    });
    onChanged();
    return toUser(row);
  }

  async function find(username: string): Promise<User | undefined> {
    const row = await db.selectFrom('users').selectAll().where('username', '=', username).executeTakeFirst();
    return row && toUser(row);
  }

  async function endSessions(trx: Writing, username: string, why: string, spared = ''): Promise<void> {
    await trx
      .updateTable('sessions')
      .set({ ended_at: now(), why })
      .where('username', '=', username)
      .where('ended_at', 'is', null)
      .where('session_id', '!=', spared)
      .execute();
  }

  async function assertAdminLeft(trx: Writing): Promise<void> {
    const admin = trx.selectFrom('users').select('username').where('role', '=', 'admin').where('disabled', '=', 0);
    if (await admin.limit(1).executeTakeFirst()) return;
    throw new AuroraError(4090, { message: 'Somebody must stay who administers this installation' });
  }
}

const isAdmin = ({ role, disabled }: UserRow): boolean => role === 'admin' && disabled === 0;

const toUser = ({ must_change, disabled, ...row }: UserRow): User =>
  User.parse({ ...row, disabled: disabled === 1, must_change_password: must_change === 1 });

/** Whatever was proved may be true no longer. */
export const changedMeanwhile = (): AuroraError =>
  new AuroraError(4010, { message: 'This user was changed meanwhile: sign in again' });

const noUser = (username: string): AuroraError =>
  new AuroraError(4040, { message: 'No such user', detail: { username } });
const stale = (version: number): AuroraError =>
  new AuroraError(4120, { message: `It is at version ${version}`, detail: { version } });

const FIRST_ADMIN = 'admin';
/** Names that mean something else in a path. */
const RESERVED = new Set(['me', 'system', 'anonymous']);
const USERS_MAX = 10_000;
