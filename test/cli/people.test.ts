/** People at the command line: the first password, signing in, users and keys, as somebody types it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { tellFirstAdmin } from '../../boot/first-admin.ts';
import { aurora } from '../support/aurora.ts';
import { startFleet, type Fleet } from '../support/fleet.ts';
import { freePorts } from '../support/ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-people-'));
const data = join(folder, 'data');
let env: Record<string, string>;
let fleet: Fleet;

beforeAll(async () => {
  const [orchestrator, intel] = await freePorts(2);
  env = {
    AURORA_DATA: data,
    AURORA_AGENTS: 'threat-intel',
    AURORA_PORTS: `orchestrator=${orchestrator},threat-intel=${intel}`,
    AURORA_API_PORT: '0',
  };
  fleet = await startFleet(env);
}, 120_000);

afterAll(async () => {
  await fleet.stop();
  rmSync(folder, { recursive: true, force: true });
}, 40_000);

/** What whoever waits for longer than a second is told, as on a busy machine. */
const WAITS = /^aurora: waits for another command [\w ]+\n/m;
const LoginFile = z.looseObject({ tokens: z.looseObject({}) });
const run = (args: string[], input = '') => aurora(args, { env, input });
const first = () => readFileSync(join(data, 'first-admin-password'), 'utf8').trim();
const modeOf = (name: string) => statSync(join(data, name)).mode & 0o777;

test('the first password lies in a file of its owner, and in no log', () => {
  expect([modeOf('first-admin-password'), first().length]).toEqual([0o600, 23]);
  expect(fleet.said()).toContain('first-admin-password');
  expect(fleet.said()).not.toContain(first());
});

test('whoever looks at a terminal is shown it there, and there is no file', () => {
  const written: string[] = [];
  const terminal = { isTTY: true, write: (text: string) => written.push(text) > 0 };
  const told = { username: 'admin', one_time_password: 'abcde-fghij' };
  expect(tellFirstAdmin(told, { path: join(folder, 'never'), terminal })).toBeUndefined();
  expect(written.join('')).toContain('abcde-fghij');
  expect(() => statSync(join(folder, 'never'))).toThrow();
});

test('one signs in, makes users and keys, takes them back, and signs out', async () => {
  expect((await run(['users'])).code).toBe(2);
  const agents = await run(['agents', 'list']);
  expect([agents.code, agents.stdout]).toEqual([0, expect.stringMatching(/threat-intel/)]);
  const refused = await run(['login', 'admin', '--password-stdin'], `${first()}\n`);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('Give a new one as a second line')]);
  const signed = await run(['login', 'admin', '--password-stdin'], `${first()}\none long sentence\n`);
  expect([signed.code, signed.stdout]).toEqual([0, 'You are admin, admin\n']);
  expect(modeOf('login.json')).toBe(0o600);

  const added = await run(['users', 'add', 'anna', '--role', 'analyst']);
  const [, password = ''] = /shown once: (\S+)/.exec(added.stdout) ?? [];
  expect(password.length).toBe(23);
  expect((await run(['users'])).stdout).toMatch(/anna +analyst +has a first password/);
  expect(await run(['users', 'list'])).toEqual(await run(['users']));
  const reset = await run(['users', 'set', 'anna', '--role', 'viewer', '--reset-password']);
  expect(reset.stdout).toContain('a new first password');

  const key = await run(['keys', 'add', 'siem', '--scopes', 'alerts:write,alerts:read']);
  const [, key_id = ''] = /^(key_\w+) is made/.exec(key.stdout) ?? [];
  expect((await run(['keys', 'revoke', key_id])).stdout).toBe(`${key_id} is revoked\n`);
  const keys = await run(['--json', 'keys']);
  expect(await run(['--json', 'keys', 'list'])).toEqual(keys);
  expect(JSON.parse(keys.stdout)).toMatchObject({ items: [{ key_id, name: 'siem', username: 'admin' }] });
  expect((await run(['keys', 'add', 'x', '--scopes', 'everything'])).code).toBe(2);

  // Commands that find their token worth nothing renew it once together, and none signs the others out. Its key counts no longer (ATK-B7).
  const ended = LoginFile.parse(JSON.parse(readFileSync(join(data, 'login.json'), 'utf8')));
  const [, claims = '', signature = ''] = String(ended.tokens['access_token']).split('.');
  const head = Buffer.from('{"alg":"EdDSA","kid":"aurora-1","typ":"at+jwt"}').toString('base64url');
  const of_a_foreign_key = [head, claims, signature].join('.');
  writeFileSync(
    join(data, 'login.json'),
    JSON.stringify({ ...ended, tokens: { ...ended.tokens, access_token: of_a_foreign_key } }),
  );
  const together = await Promise.all([['users'], ['keys'], ['history'], ['users']].map((args) => run(args)));
  const said = together.map(({ code, stderr }) => [code, stderr.replace(WAITS, '')]);
  expect(said).toEqual(Array<unknown>(4).fill([0, '']));
  expect(modeOf('login.json')).toBe(0o600);

  const before = readFileSync(join(data, 'login.json'));
  const changed = await run(['login', 'admin', '--password-stdin'], 'one long sentence\nanother long sentence\n');
  expect([changed.code, (await run(['users'])).code]).toEqual([0, 0]);
  const after = readFileSync(join(data, 'login.json'));
  writeFileSync(join(data, 'login.json'), before);
  const over = await run(['users']);
  expect([over.code, over.stderr]).toEqual([2, expect.stringContaining('not signed in any more: aurora login')]);
  expect((await run(['logout'])).code).toBe(0);
  expect(existsSync(join(data, 'login.json'))).toBe(false);
  writeFileSync(join(data, 'login.json'), after);

  expect((await run(['users', 'delete', 'anna'])).code).toBe(0);
  expect((await run(['users', 'delete', 'anna'])).code).toBe(2);
  expect((await run(['logout'])).code).toBe(0);
  expect((await run(['users'])).code).toBe(2);
}, 120_000);

test('with --json every command that changes something about people says so as JSON, and nothing else', async () => {
  const said = async (...args: string[]): Promise<unknown> => {
    const ended = await run(['--json', ...args], 'another long sentence\n');
    expect([args, ended.code, ended.stderr.replace(WAITS, '')]).toEqual([args, 0, '']);
    return JSON.parse(ended.stdout);
  };
  expect(await said('login', 'admin', '--password-stdin')).toEqual({ username: 'admin', role: 'admin' });
  expect(await said('users', 'add', 'ben', '--role', 'viewer')).toMatchObject({ username: 'ben', role: 'viewer' });
  expect(await said('users', 'set', 'ben', '--disable')).toMatchObject({ username: 'ben', disabled: true });
  expect(await said('users', 'delete', 'ben')).toEqual({ username: 'ben', deleted: true });
  const { key_id } = z
    .object({ key_id: z.string() })
    .parse(await said('keys', 'add', 'siem', '--scopes', 'alerts:read'));
  expect(await said('keys', 'revoke', key_id)).toEqual({ key_id, revoked: true });
  expect(await said('logout')).toEqual({ signed_out: true });
}, 120_000);
