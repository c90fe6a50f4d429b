/** Who the client is, against a server whose tokens end, are refused, or are not given. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuthError, ConnectionError, TimeoutError, type Client } from '../../client/index.ts';
import { TokenPair } from '../../protocol/index.ts';
import { clientOn, createMachine, type Machine } from './machine.ts';
import {
  answer,
  cut,
  EMPTY,
  hang,
  refuse,
  startRudeServer,
  tokenPair,
  type Act,
  type RudeServer,
} from './rude-server.ts';

let server: RudeServer;
let machine: Machine;
let client: Client;

beforeEach(async () => {
  server = await startRudeServer();
  machine = createMachine();
  client = clientOn(server.url, machine);
});
afterEach(async () => {
  client.close();
  await server.close();
});

const asked = (path: string) => server.got.filter(({ url }) => url.includes(path));
const tokens = () => server.got.filter(({ url }) => url.includes('/auth/')).map(({ url }) => url.split('/').at(-1));
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
/** Lets in whoever has another token than the refused ones. */
const only =
  (...good: string[]): Act =>
  (response, got) =>
    (good.includes(got.headers.authorization ?? '') ? answer(200, EMPTY) : refuse(4011))(response, got);

test('REQ-K01 REQ-K06 REQ-K07 REQ-N04: nothing is sent before the first call; one token serves all, as a bearer', async () => {
  expect(server.got).toEqual([]);
  server.on('/alerts', answer(200, EMPTY));
  await client.alerts.list();
  await client.alerts.list();
  expect(tokens()).toEqual(['token']);
  expect(JSON.parse(asked('/auth/token')[0]!.body)).toEqual({ username: 'ada', password: 'correct horse' });
  expect(asked('/alerts').map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-1']);
});

test('REQ-K09 REQ-K16: a token that ends in the middle of a session is renewed once, and the call replayed', async () => {
  server.on('/alerts', only('Bearer token-2'));
  await expect(client.alerts.list()).resolves.toEqual(EMPTY);
  expect(tokens()).toEqual(['token', 'refresh']);
  expect(asked('/alerts')).toHaveLength(2);
  expect(machine.pauses).toEqual([]);
});

test('REQ-T14: fifty calls that are refused together share one renewal', async () => {
  server.on('/alerts', answer(200, EMPTY));
  await client.alerts.list();
  server.on('/alerts', only('Bearer token-2'));
  await Promise.all(Array.from({ length: 50 }, () => client.alerts.list()));
  expect(tokens()).toEqual(['token', 'refresh']);
});

test('REQ-K13: the time of a call is that of signing in and of renewing too: a server that hangs there does not hold it', async () => {
  const quick = () => failureOf(client.alerts.list({}, { timeout_ms: 50, attempts_max: 1 }));
  server.on('/auth/token', hang, answer(200, tokenPair(1)));
  const entering = quick();
  await server.reached('/auth/token', 1);
  const patient = failureOf(client.alerts.list({}, { attempts_max: 1 })); // shares the same signing in, and has its own time
  machine.clock.advance(50);
  expect(await entering).toMatchObject({
    name: 'TimeoutError',
    message: expect.stringContaining('no answer within 50 ms') as string,
    operation: 'alerts.list',
  });
  expect(asked('/alerts')).toEqual([]);
  machine.clock.advance(19_950); // and so has the signing in
  expect(await patient).toBeInstanceOf(TimeoutError);

  server.on('/alerts', answer(200, EMPTY), refuse(4011));
  await client.alerts.list();
  server.on('/auth/refresh', hang);
  const renewing = quick();
  await server.reached('/auth/refresh', 1);
  machine.clock.advance(50);
  expect(await renewing).toBeInstanceOf(TimeoutError);
});

test('a write is replayed under its own key, for nothing was done yet; a second refusal is the truth', async () => {
  server.on('/investigate', refuse(4011));
  await expect(client.investigations.investigate({ alert_id: 'ALRT-2026-00001' })).rejects.toBeInstanceOf(AuthError);
  const keys = asked('/investigate').map(({ headers }) => headers['idempotency-key']);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
});

const USER = {
  username: 'ada',
  role: 'analyst',
  disabled: false,
  must_change_password: false,
  created_at: '2026-01-01T00:00:00.000Z',
  created_by: 'system',
  updated_at: '2026-01-01T00:00:00.000Z',
  last_login_at: null,
  version: 2,
};

test('REQ-T15: a wrong current password is sent once: no token cures it, and none is renewed for it', async () => {
  server.on('/me/password', refuse(4012, { detail: { path: '/current_password' } }));
  const change = client.users.changePassword({ current_password: 'wrong', new_password: 'a better password' });
  await expect(change).rejects.toMatchObject({ name: 'AuthError', code: 'AURORA-4012' });
  expect(server.got.map(({ url }) => url.split('/').at(-1))).toEqual(['token', 'password']);
});

test('a token that ended is renewed for a change of the password too; then the new one signs in', async () => {
  server.on('/me/password', refuse(4011), answer(200, USER));
  await client.users.changePassword({ current_password: 'correct horse', new_password: 'a better password' });
  expect(tokens()).toEqual(['token', 'refresh']);
  server.on('/alerts', only('Bearer token-3'));
  server.on('/auth/refresh', refuse(4011));
  await client.alerts.list();
  expect(asked('/auth/token').map(({ body }) => (JSON.parse(body) as { password: string }).password)).toEqual([
    'correct horse',
    'a better password',
  ]);
});

test('REQ-T15 ATK-B7: a token whose signing key counts no longer is renewed for a change of the password as for anything else', async () => {
  server.on('/me/password', refuse(4012), answer(200, USER));
  await client.users.changePassword({ current_password: 'correct horse', new_password: 'a better password' });
  expect(server.got.map(({ url }) => url.split('/').at(-1))).toEqual(['token', 'password', 'refresh', 'password']);
});

test('a first password that was changed in signing in is not sent again: the new one signs in', async () => {
  const passwords = () => asked('/auth/token').map(({ body }) => (JSON.parse(body) as { password: string }).password);
  server.on('/auth/token', refuse(4030), answer(200, tokenPair(1)));
  server.on('/alerts', answer(200, EMPTY));
  await expect(client.alerts.list()).rejects.toMatchObject({ code: 'AURORA-4030' });
  const given = { username: 'Ada', password: 'correct horse', new_password: 'a better password' };
  await client.auth.token({ ...given, username: 'bob', new_password: 'the password of bob' });
  await expect(client.alerts.list()).rejects.toMatchObject({ code: 'AURORA-4030' });
  await client.auth.token(given);
  await expect(client.alerts.list()).resolves.toEqual(EMPTY);
  expect(passwords()).toEqual(['correct horse', 'correct horse', 'correct horse', 'a better password']);
});

test('a renewal that the server is too busy for is repeated like any other call, and still cures', async () => {
  const own = clientOn(server.url, machine, { credentials: { refresh_token: 'refresh-0', access_token: 'kept' } });
  server.on('/alerts', only('Bearer token-9'));
  server.on('/auth/refresh', refuse(5030), answer(200, tokenPair(9)));
  await expect(own.alerts.list()).resolves.toEqual(EMPTY);
  expect(machine.pauses).toHaveLength(1);
  own.close();
});

test('whoever gives up while a token is renewed is told that they did', async () => {
  server.on('/alerts', refuse(4011));
  const leaving = new AbortController();
  server.on('/auth/refresh', () => leaving.abort());
  const gone = client.alerts.list({}, { signal: leaving.signal });
  await expect(gone).rejects.toThrow('alerts.list: aborted by the caller');
});

test('a 401 after a repetition is cured as well', async () => {
  server.on('/alerts', refuse(5030), refuse(4011), answer(200, EMPTY));
  await expect(client.alerts.list()).resolves.toEqual(EMPTY);
  expect(tokens()).toEqual(['token', 'refresh']);
});

test('a token is renewed before it ends, and a refresh token is used once', async () => {
  server.on('/alerts', answer(200, EMPTY));
  await client.alerts.list();
  machine.clock.advance(900_000 - 30_000);
  await client.alerts.list();
  await client.alerts.list();
  expect(asked('/auth/refresh').map(({ body }) => body)).toEqual(['{"refresh_token":"refresh-1"}']);
  expect(asked('/alerts').at(-1)?.headers.authorization).toBe('Bearer token-2');
});

test('a renewal ahead of time that fails in passing takes down nobody whose token still counts', async () => {
  const own = clientOn(server.url, machine, { credentials: { refresh_token: 'refresh-0' } });
  server.on('/alerts', answer(200, EMPTY));
  server.on('/auth/refresh', answer(200, tokenPair(1)), refuse(5030), cut, refuse(4290));
  await own.alerts.list();
  machine.clock.advance(900_000 - 29_000);
  for (const renewals of [2, 2, 3, 4]) {
    await expect(own.alerts.list()).resolves.toEqual(EMPTY);
    expect([renewals, tokens().length]).toEqual([renewals, renewals]); // not one for each call
    if (renewals > 2 || tokens().length === asked('/alerts').length - 1) machine.clock.advance(5_000);
  }
  expect(asked('/alerts').at(-1)?.headers.authorization).toBe('Bearer token-1');
  machine.clock.advance(30_000);
  await expect(own.alerts.list()).rejects.toThrow('4290');
  own.close();
});

test('a renewal ahead of time that hangs holds nobody; its token is used once it is there', async () => {
  server.on('/alerts', answer(200, EMPTY));
  await client.alerts.list();
  const gates: (() => void)[] = [];
  server.on('/auth/refresh', (response, got) => void gates.push(() => answer(200, tokenPair(7))(response, got)));
  machine.clock.advance(900_000 - 30_000);
  const held = client.alerts.list();
  await server.reached('/auth/refresh', 1);
  machine.clock.advance(1_000);
  await expect(held).resolves.toEqual(EMPTY);
  expect(asked('/alerts').at(-1)?.headers.authorization).toBe('Bearer token-1');
  gates[0]?.();
  machine.clock.advance(5_000);
  await client.alerts.list();
  expect(asked('/alerts').at(-1)?.headers.authorization).toBe('Bearer token-7');
});

test('a session that is over ends with its renewal ahead of time, whatever its token says', async () => {
  const own = clientOn(server.url, machine, { credentials: { refresh_token: 'refresh-0' } });
  server.on('/alerts', answer(200, EMPTY));
  server.on('/auth/refresh', answer(200, tokenPair(1)), refuse(4012));
  await own.alerts.list();
  machine.clock.advance(900_000 - 30_000);
  await expect(own.alerts.list()).rejects.toBeInstanceOf(AuthError);
  own.close();
});

test('when refreshing fails, or its answer is lost, the password signs in anew and the old refresh token is never sent again', async () => {
  server.on('/alerts', only('Bearer token-2'));
  server.on('/auth/refresh', cut);
  await expect(client.alerts.list()).resolves.toEqual(EMPTY);
  expect(tokens()).toEqual(['token', 'refresh', 'token']);
});

test('REQ-N11: a wrong password is an AuthError after one attempt, and all who waited hear it', async () => {
  server.on('/auth/token', refuse(4012));
  const calls = await Promise.allSettled([client.alerts.list(), client.users.me(), client.agents.list()]);
  expect(calls.map((call) => call.status === 'rejected' && call.reason instanceof AuthError)).toEqual([
    true,
    true,
    true,
  ]);
  expect(tokens()).toEqual(['token']);
});

test('a refused password is not sent with every call: after a minute it may have become right', async () => {
  server.on('/auth/token', refuse(4012), answer(200, tokenPair(1)));
  server.on('/alerts', answer(200, EMPTY));
  for (let nth = 0; nth < 20; nth++) await expect(client.alerts.list()).rejects.toBeInstanceOf(AuthError);
  expect(tokens()).toEqual(['token']);
  machine.clock.advance(60_000);
  await expect(client.alerts.list()).resolves.toEqual(EMPTY);
  expect(tokens()).toEqual(['token', 'token']);
});

test.each([
  ['who was changed meanwhile', refuse(4010)],
  ['whom a proxy turned away', answer(403, 'no')],
])('a password that nobody called wrong is sent again at once: of somebody %s', async (_whom, refused) => {
  server.on('/auth/token', refused, answer(200, tokenPair(1)));
  server.on('/alerts', answer(200, EMPTY));
  await expect(client.alerts.list()).rejects.toMatchObject({
    name: expect.stringMatching(/AuthError|ApiError/) as string,
  });
  await expect(client.alerts.list()).resolves.toEqual(EMPTY);
  expect(tokens()).toEqual(['token', 'token']);
});

test('signing in is repeated when the server is busy', async () => {
  server.on('/auth/token', refuse(5030), cut, answer(200, tokenPair(9)));
  server.on('/alerts', answer(200, EMPTY));
  await client.alerts.list();
  expect(asked('/alerts')[0]?.headers.authorization).toBe('Bearer token-9');
});

test('an API key and a given token cannot be renewed: their refusal is the answer', async () => {
  server.on('/alerts', refuse(4012));
  const keyed = clientOn(server.url, machine, { credentials: { api_key: 'aurora_key_x' } });
  await expect(keyed.alerts.list()).rejects.toMatchObject({ name: 'AuthError', code: 'AURORA-4012' });
  const lent = clientOn(server.url, machine, { credentials: { access_token: 'lent' } });
  await expect(lent.alerts.list()).rejects.toBeInstanceOf(AuthError);
  expect(server.got.map(({ headers }) => headers['x-api-key'] ?? headers.authorization)).toEqual([
    'aurora_key_x',
    'Bearer lent',
  ]);
});

test('a session from before goes on with its refresh token, and each new one is handed out to be kept', async () => {
  const kept: string[] = [];
  const onTokens = ({ refresh_token }: { refresh_token: string }) => void kept.push(refresh_token);
  const own = clientOn(server.url, machine, { credentials: { refresh_token: 'refresh-0', onTokens } });
  server.on('/alerts', only('Bearer token-2'));
  await own.alerts.list();
  expect(asked('/auth/refresh').map(({ body }) => body)).toEqual([
    '{"refresh_token":"refresh-0"}',
    '{"refresh_token":"refresh-1"}',
  ]);
  expect(kept).toEqual(['refresh-1', 'refresh-2']);
  own.close();
  server.on('/alerts', only('Bearer kept', 'Bearer token-3'));
  const lent = clientOn(server.url, machine, {
    credentials: { refresh_token: 'refresh-2', access_token: 'kept', onTokens },
  });
  await lent.alerts.list();
  expect(kept).toHaveLength(2);
  server.on('/alerts', only('Bearer token-3'));
  await lent.alerts.list();
  expect(kept.at(-1)).toBe('refresh-3');
  lent.close();
});

test('a session that somebody else keeps is renewed by them, once for all who were refused', async () => {
  let renewals = 0;
  const renew = async () => TokenPair.parse(tokenPair((renewals += 1) + 40));
  const own = clientOn(server.url, machine, { credentials: { access_token: 'kept', renew } });
  server.on('/alerts', only('Bearer token-41'));
  await Promise.all([own.alerts.list(), own.alerts.list(), own.alerts.list()]);
  expect([renewals, tokens()]).toEqual([1, []]);
  own.close();
});

test('a renewal that failed at whoever keeps the session is asked for again, when they say that it may pass', async () => {
  const busy = new ConnectionError('busy', { operation: 'auth.refresh' });
  const own = lentTo([busy], [41]);
  server.on('/alerts', only('Bearer token-41'));
  await expect(own.alerts.list()).resolves.toEqual(EMPTY);
  expect(machine.pauses).toHaveLength(1);
  own.close();
  const over = lentTo([new Error('signed out'), busy], [41]);
  await expect(over.alerts.list()).rejects.toMatchObject({ message: 'alerts.list: signed out' });
  expect(machine.pauses).toHaveLength(1);
  over.close();
});

/** A client whose session is kept elsewhere: asked to renew it throws these first, then gives tokens of these numbers. */
function lentTo(reasons: Error[], numbers: number[]): Client {
  const renew = async () => {
    const reason = reasons.shift();
    if (reason) throw reason;
    return TokenPair.parse(tokenPair(numbers.shift() ?? 0));
  };
  return clientOn(server.url, machine, { credentials: { access_token: 'kept', renew } });
}

test('signing out forgets the tokens', async () => {
  server.on('/auth/logout', answer(200, { ended: true }));
  server.on('/alerts', answer(200, EMPTY));
  await client.alerts.list();
  await client.auth.logout();
  await client.alerts.list();
  expect(tokens()).toEqual(['token', 'logout', 'token']);
});

test('without credentials what is open can be asked, and nothing else', async () => {
  server.on('/auth/providers', answer(200, { items: [] }));
  const { createClient } = await import('../../client/index.ts');
  const own = createClient({ base_url: server.url, platform: machine.platform });
  await expect(own.auth.providers()).resolves.toEqual({ items: [] });
  await expect(own.alerts.list()).rejects.toBeInstanceOf(AuthError);
});

test('one caller who gives up does not take the renewal from the others', async () => {
  const gates: (() => void)[] = [];
  server.on('/auth/token', (response, got) => void gates.push(() => answer(200, tokenPair(1))(response, got)));
  server.on('/alerts', answer(200, EMPTY));
  const leaving = new AbortController();
  const gone = client.alerts.list({}, { signal: leaving.signal }).catch((reason: unknown) => reason);
  const stays = client.alerts.list();
  await server.reached('/auth/token', 1);
  leaving.abort();
  expect(await gone).toBeInstanceOf(Error);
  gates[0]?.();
  await expect(stays).resolves.toEqual(EMPTY);
  expect(tokens()).toEqual(['token']);
});
