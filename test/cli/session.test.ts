/** What is kept of signing in, shared by commands that run at once. */
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig, type Config } from '../../boot/index.ts';
import { askAs } from '../../cli/session.ts';
import { routes } from '../../protocol/index.ts';
import { answer, refuse, startRudeServer, tokenPair, type RudeServer } from '../client/rude-server.ts';

const ME = { username: 'ada', role: 'analyst', permissions: [], session_id: 's', key_id: null };
let server: RudeServer;
let config: Config;
let data: string;

beforeEach(async () => {
  server = await startRudeServer();
  data = mkdtempSync(join(tmpdir(), 'aurora-session-'));
  config = loadConfig({ env: {}, flags: { data } });
  keep(server.url, 0);
});
afterEach(async () => {
  await server.close();
  rmSync(data, { recursive: true, force: true });
});

const keep = (api_url: string, number: number) =>
  writeFileSync(join(data, 'login.json'), JSON.stringify({ api_url, tokens: tokenPair(number) }));
const me = () => askAs(config, routes.users.me, {});
const lock = () => join(data, 'login.json.lock');

/** Lets in whoever has another token than the first, and answers those who have that one when so many of them wait. */
function refuseTogether(count: number): void {
  const waiting: (() => void)[] = [];
  server.on('/users/me', (response, got) => {
    if (got.headers.authorization !== 'Bearer token-0') {
      answer(200, ME)(response, got);
      return;
    }
    waiting.push(() => refuse(4011)(response, got));
    if (waiting.length === count) for (const go of waiting) go();
  });
}

test('ATK-B6: commands whose token is over renew it once: a second use of it would sign all of them out', async () => {
  refuseTogether(3);
  server.on('/auth/refresh', answer(200, tokenPair(1)), refuse(4012));
  expect(await Promise.all([me(), me(), me()])).toEqual([ME, ME, ME]);
  expect(server.got.filter(({ url }) => url.includes('/auth/refresh'))).toHaveLength(1);
  expect(readFileSync(join(data, 'login.json'), 'utf8')).toContain('refresh-1');
  expect(existsSync(lock())).toBe(false);
});

test('a command that died while it renewed does not stop those after it', async () => {
  writeFileSync(lock(), '');
  utimesSync(lock(), new Date(0), new Date(0));
  refuseTogether(1);
  expect(await me()).toEqual(ME);
});

test('who is signed out is told so; an API that is only busy is another matter', async () => {
  server.on('/users/me', refuse(4011));
  server.on('/auth/refresh', refuse(5030), refuse(4012));
  await expect(me()).rejects.toMatchObject({ code: 5030 });
  await expect(me()).rejects.toThrow('You are not signed in any more: aurora login');
});

test('a token is not sent to another API than its own, when somebody signed in there meanwhile', async () => {
  server.on('/users/me', (response, got) => {
    keep('http://127.0.0.1:1', 7);
    refuse(4011)(response, got);
  });
  await expect(me()).rejects.toThrow('another API');
  expect(server.got.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-0']);
});
