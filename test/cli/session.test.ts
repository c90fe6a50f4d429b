/** What is kept of signing in, shared by commands that run at once. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadConfig, type Config } from '../../boot/index.ts';
import { throughApi } from '../../cli/api-way.ts';
import { askAs, signIn, signOut } from '../../cli/session.ts';
import { systemPlatform } from '../../client/index.ts';
import { routes } from '../../protocol/index.ts';
import {
  answer,
  breakOff,
  cut,
  EMPTY,
  hang,
  refuse,
  startRudeServer,
  tokenPair,
  type RudeServer,
} from '../client/rude-server.ts';

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
  vi.restoreAllMocks();
  await server.close();
  rmSync(data, { recursive: true, force: true });
});

const keep = (api_url: string, number: number) =>
  writeFileSync(join(data, 'login.json'), JSON.stringify({ api_url, tokens: tokenPair(number) }));
const me = () => askAs(config, routes.users.me, {});
const turns = () => join(data, 'login-turns');
const turn = (number: number) => join(turns(), String(number));
/** A command that holds a turn, or died with it. */
function hold(number: number): void {
  mkdirSync(turns(), { recursive: true });
  writeFileSync(turn(number), 'held');
}
/** What the turns that are there say, by number. */
const saidByTurns = () =>
  Object.fromEntries(readdirSync(turns()).map((number) => [number, readFileSync(turn(Number(number)), 'utf8')]));
const login = () => readFileSync(join(data, 'login.json'), 'utf8');

/** Waiting costs no time: each pause moves the clock; answers how long somebody waited, ms, and what they were told. */
function fastClock(): { waited: () => number; said: () => string } {
  let [waited, said] = [0, ''];
  vi.spyOn(systemPlatform, 'monotonic').mockImplementation(() => waited);
  vi.spyOn(systemPlatform, 'sleep').mockImplementation(async (delay_ms) => {
    waited += delay_ms;
    await nextTurn();
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  return { waited: () => waited, said: () => said };
}

/** Resolves when somebody begins to wait for their turn; pauses cost no time from here on. */
const nextPause = () =>
  new Promise<void>((resolve) => {
    vi.spyOn(systemPlatform, 'sleep').mockImplementation(async () => {
      resolve();
      await nextTurn();
    });
  });

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
  expect(saidByTurns()).toEqual({ 3: 'over' });
});

test('a command that died while it renewed does not stop those after it', async () => {
  hold(7);
  writeFileSync(turn(7), ''); // died before it had written
  utimesSync(turn(7), new Date(0), new Date(0));
  refuseTogether(1);
  expect(await me()).toEqual(ME);
});

test.each([
  ['took over in that instant', 8],
  ['took over after others who had their turns in that instant', 12],
])('of two commands that find the turn of a dead one, one waits for the other: that %s', async (_which, number) => {
  hold(7);
  utimesSync(turn(7), new Date(0), new Date(0));
  let looks = 0;
  vi.spyOn(systemPlatform, 'now').mockImplementation(() => {
    if ((looks += 1) === 1) {
      rmSync(turn(7));
      hold(number); // between our look at the dead one and our taking its place
    }
    return Date.now();
  });
  const seen: unknown[] = [];
  vi.spyOn(systemPlatform, 'sleep').mockImplementation(async () => {
    seen.push(saidByTurns(), server.got.filter(({ url }) => url.includes('/auth/refresh')).length);
    writeFileSync(turn(number), 'over');
  });
  refuseTogether(1);
  expect(await me()).toEqual(ME);
  expect(seen).toEqual([{ [number]: 'held' }, 0]);
  expect(saidByTurns()).toEqual({ [number + 1]: 'over' });
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

test('a command does not go on as somebody else who signed in there meanwhile', async () => {
  server.on('/users/me', (response, got) => {
    const tokens = { ...tokenPair(7), username: 'bob' };
    writeFileSync(join(data, 'login.json'), JSON.stringify({ api_url: server.url, tokens }));
    refuse(4011)(response, got);
  });
  await expect(me()).rejects.toThrow('Somebody else signed in here meanwhile: repeat it');
  expect(server.got).toHaveLength(1);
});

test('ATK-B7: a token whose signing key counts no longer is renewed like one that is over', async () => {
  server.on('/users/me', refuse(4012), answer(200, ME));
  expect(await me()).toEqual(ME);
  expect(server.got.map(({ url }) => url.split('/').at(-1))).toEqual(['me', 'refresh', 'me']);
});

test('what cannot be renewed is forgotten by signing out, whatever it was refused as', async () => {
  server.on('/auth/logout', refuse(4012));
  server.on('/auth/refresh', refuse(4011));
  await signOut(config);
  expect(existsSync(join(data, 'login.json'))).toBe(false);
});

test.each([
  ['in', { api_url: '', tokens: tokenPair(8) }],
  ['out', undefined],
])('whoever signs %s waits for a renewal under way: what that is given is not kept over it', async (way, left) => {
  let renew: () => void = () => undefined;
  server.on('/users/me', refuse(4011), answer(200, ME));
  server.on('/auth/refresh', (response, got) => void (renew = () => answer(200, tokenPair(3))(response, got)));
  server.on('/auth/token', answer(200, tokenPair(8)));
  server.on('/auth/logout', answer(200, { ended: true }));
  const asking = me();
  await server.reached('/auth/refresh', 1);
  const is_waiting = nextPause();
  const acting = way === 'in' ? signIn(config, server.url, { username: 'ada', password: 'p' }) : signOut(config);
  await Promise.race([acting, is_waiting]);
  renew();
  await Promise.all([asking, acting]);
  const kept: unknown = existsSync(join(data, 'login.json')) ? JSON.parse(login()) : undefined;
  expect(kept).toEqual(left && { ...left, api_url: server.url });
  expect(saidByTurns()).toEqual({ 2: 'over' });
});

test('signing out forgets the session that it ended, and none that began meanwhile', async () => {
  let end: () => void = () => undefined;
  server.on('/auth/logout', (response, got) => void (end = () => answer(200, { ended: true })(response, got)));
  server.on('/auth/token', answer(200, tokenPair(8)));
  const leaving = signOut(config);
  await server.reached('/auth/logout', 1);
  const is_waiting = nextPause();
  const coming = signIn(config, server.url, { username: 'ada', password: 'p' });
  await Promise.race([coming, is_waiting]);
  end();
  await Promise.all([leaving, coming]);
  expect(login()).toContain('token-8');
  expect(server.got.find(({ url }) => url.includes('/auth/logout'))?.headers.authorization).toBe('Bearer token-0');
});

test('signing out where nobody is signed in waits for nobody', async () => {
  rmSync(join(data, 'login.json'));
  hold(1);
  await expect(signOut(config)).rejects.toThrow('You are not signed in here: aurora login');
});

test('a command that died just now, or by a clock that was ahead, is waited for a while, and that is said', async () => {
  for (const made_at of [new Date(), new Date('2100-01-01')]) {
    const { waited, said } = fastClock();
    rmSync(turns(), { recursive: true, force: true });
    hold(1);
    utimesSync(turn(1), made_at, made_at);
    server.on('/users/me', refuse(4011), answer(200, ME));
    expect(await me()).toEqual(ME);
    expect(waited()).toBeGreaterThan(20_000);
    expect(waited()).toBeLessThan(26_000);
    expect(said()).toBe('aurora: waits for another command that is signing in or out or renewing its tokens\n');
    expect(saidByTurns()).toEqual({ 2: 'over' });
    vi.restoreAllMocks();
  }
});

test('many who wait one after another are no one who died', async () => {
  const { waited } = fastClock();
  let holders = 1;
  vi.spyOn(systemPlatform, 'monotonic').mockImplementation(() => {
    if (waited() > holders * 20_000 && holders < 6) hold((holders += 1));
    return waited();
  });
  hold(1);
  server.on('/users/me', refuse(4011), answer(200, ME));
  expect(await me()).toEqual(ME);
  expect(waited()).toBeGreaterThan(100_000);
});

test('whoever took longer than they may leaves the turn of their successor alone', async () => {
  server.on('/users/me', refuse(4011), answer(200, ME));
  server.on('/auth/refresh', (response, got) => {
    rmSync(turn(1));
    hold(2);
    answer(200, tokenPair(1))(response, got);
  });
  expect(await me()).toEqual(ME);
  expect(saidByTurns()).toEqual({ 2: 'held' });
});

test('a renewal that gets no answer is given up before its turn is over', async () => {
  const limit = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);
  server.on('/users/me', refuse(4011));
  server.on('/auth/refresh', hang);
  const asking = me();
  await server.reached('/auth/refresh', 1);
  limit.abort();
  await expect(asking).rejects.toMatchObject({ code: 5030 });
  expect(timeout).toHaveBeenCalledWith(20_000);
  expect(saidByTurns()).toEqual({ 1: 'over' });
});

test.each([
  ['that is busy', refuse(5030)],
  ['that has had enough', refuse(4290)],
  ['that hangs up', cut],
  ['that breaks off', breakOff],
])('what is followed through the API survives a renewal at one %s', async (_which, act) => {
  const note = { url: 'ws://127.0.0.1:1', pid: process.pid, instance_id: 'inst_a', api_url: server.url };
  writeFileSync(join(data, 'running.json'), JSON.stringify(note));
  fastClock();
  server.on('/orchestrator/history', refuse(4011), refuse(4011), answer(200, EMPTY));
  server.on('/auth/refresh', act, answer(200, tokenPair(1)));
  const history = throughApi(config, (way) => way.request('task/list', { limit: 1 }));
  await expect(history).resolves.toEqual({ value: EMPTY });
  expect(login()).toContain('refresh-1');
});

test('a renewal that fails through the API again and again is told as what it is', async () => {
  const note = { url: 'ws://127.0.0.1:1', pid: process.pid, instance_id: 'inst_a', api_url: server.url };
  writeFileSync(join(data, 'running.json'), JSON.stringify(note));
  fastClock();
  server.on('/orchestrator/history', refuse(4011));
  server.on('/auth/refresh', refuse(4290));
  const history = () => throughApi(config, (way) => way.request('task/list', { limit: 1 }));
  await expect(history()).rejects.toMatchObject({ code: 4290 });
  server.on('/auth/refresh', refuse(4012));
  await expect(history()).rejects.toThrow('You are not signed in any more: aurora login');
});
