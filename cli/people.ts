/** `aurora users` and `keys`: people and machines that may use the API, as a table or as JSON. */
import { z } from 'zod';
import type { Config } from '../boot/index.ts';
import { ApiKey, pageOf, routes, User, type Permission, type UserRole } from '../protocol/index.ts';
import { advising } from './outcome.ts';
import { readPagesAs } from './pages.ts';
import { plainTable, print } from './print.ts';
import { askAs } from './session.ts';
import { safe } from './text.ts';

/** Everybody, as far as the API lets that many be. */
export async function showUsers(config: Config, json: boolean): Promise<void> {
  const asked = { route: routes.users.list, items_max: USERS_MAX, page_max: PAGE_MAX };
  const page = await readPagesAs(config, asked, pageOf(User));
  if (json) {
    print(page);
    return;
  }
  const table = plainTable(['user', 'role', 'state', 'last signed in', 'made']);
  for (const { username, role, disabled, must_change_password, last_login_at, created_at } of page.items) {
    const state = disabled ? 'disabled' : must_change_password ? 'has a first password' : 'active';
    table.push([safe(username), role, state, last_login_at ?? 'never', created_at]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

/** Makes a user; the first password is shown once. */
export async function addUser(config: Config, username: string, role: UserRole, json: boolean): Promise<void> {
  const made = NewUser.parse(await askAs(config, routes.users.create, { body: { username, role } }));
  if (json) print(made);
  else
    process.stdout.write(`${username} is ${role}; the first password, shown once: ${made.one_time_password ?? ''}\n`);
}

/** Changes a role, or whether somebody may sign in, or gives a new first password. */
export async function changeUser(config: Config, username: string, change: UserChange, json: boolean): Promise<void> {
  const asked = { params: { username }, body: change };
  const changed = NewUser.parse(await askAs(config, routes.users.update, asked).catch(noSuchUser));
  if (json) print(changed);
  else if (changed.one_time_password === null) process.stdout.write(`${username} is changed\n`);
  else process.stdout.write(`${username} has a new first password, shown once: ${changed.one_time_password}\n`);
}

/** What can be changed of a user. */
export interface UserChange {
  role?: UserRole;
  disabled?: boolean;
  reset_password?: true;
}

/** Deletes a user: sessions and keys end at once. */
export async function removeUser(config: Config, username: string, json: boolean): Promise<void> {
  await askAs(config, routes.users.remove, { params: { username } }).catch(noSuchUser);
  if (json) print({ username, deleted: true });
  else process.stdout.write(`${username} is deleted\n`);
}

/** The keys of whoever is signed in; an administrator sees all. */
export async function showKeys(config: Config, json: boolean): Promise<void> {
  const asked = { route: routes.auth.listKeys, items_max: KEYS_MAX, page_max: PAGE_MAX };
  const page = await readPagesAs(config, asked, pageOf(ApiKey));
  if (page.next_cursor !== null) process.stderr.write(`aurora: only the first ${KEYS_MAX} keys are shown\n`);
  if (json) {
    print(page);
    return;
  }
  const table = plainTable(['key', 'name', 'of', 'scopes', 'state', 'last used']);
  for (const key of page.items) {
    const state = key.revoked_at === null ? `until ${key.expires_at ?? 'revoked'}` : 'revoked';
    const { key_id, name, username, scopes, last_used_at } = key;
    table.push([key_id, safe(name), safe(username), scopes.join(' '), state, last_used_at ?? 'never']);
  }
  process.stdout.write(`${table.toString()}\n`);
}

/** Makes a key; it is shown once. */
export async function addKey(
  config: Config,
  asked: { name: string; scopes: Permission[]; days: number | undefined },
  json: boolean,
): Promise<void> {
  const { name, scopes, days } = asked;
  const body = { name, scopes, ...(days !== undefined && { expires_in_days: days }) };
  const made = NewKey.parse(await askAs(config, routes.auth.createKey, { body }));
  if (json) print(made);
  else process.stdout.write(`${made.key_id} is made; the key, shown once: ${made.api_key}\n`);
}

/** Revokes a key: at once, on open streams too. */
export async function revokeKey(config: Config, key_id: string, json: boolean): Promise<void> {
  await askAs(config, routes.auth.revokeKey, { params: { key_id } }).catch(noSuchKey);
  if (json) print({ key_id, revoked: true });
  else process.stdout.write(`${key_id} is revoked\n`);
}

const noSuchUser = advising(4040, 'See who there is: aurora users');
const noSuchKey = advising(4040, 'See which there are: aurora keys');

const NewUser = User.extend({ one_time_password: z.string().nullable() });
const NewKey = ApiKey.extend({ api_key: z.string() });
/** More than the API lets there be; and keys of a hundred users. */
const USERS_MAX = 10_000;
const KEYS_MAX = 10_000;
const PAGE_MAX = 200;
