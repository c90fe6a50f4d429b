/** Who gets in, and what throws them out: tokens, sessions, keys, and everything that tries to pass for one (attacks.md, section 2). */
import type * as crypto from 'node:crypto';
import { createHmac, createPublicKey, generateKeyPairSync, scrypt, sign, type KeyObject } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createClient } from '../../client/index.ts';
import { startApi, type TestApi } from '../support/api.ts';

/** The work that a password costs is watched, and done. */
vi.mock('node:crypto', async (original) => {
  const real = await original<typeof crypto>();
  return { ...real, scrypt: vi.fn(real.scrypt) };
});

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

let made_alerts = 0;
const me = (token: string) => api.call('GET', '/api/v1/users/me', { headers: { authorization: `Bearer ${token}` } });
const token = (body: object) => api.call('POST', '/api/v1/auth/token', { body });
const signingKey = (): { kid: string; key: KeyObject } => {
  const [newest] = api.shelf.list().slice(-1);
  if (!newest) throw new Error('there is no key yet');
  return { kid: `aurora-${newest.made_at.toString(36)}`, key: newest.private_key };
};
const now_s = () => Math.floor(api.clock.now() / 1_000);
const sessionOf = async (username: string) => {
  const rows = await api.store.db
    .selectFrom('sessions')
    .select('session_id')
    .where('username', '=', username)
    .execute();
  return rows[0]?.session_id ?? '';
};

/** A token that is right in everything but what is said. */
async function forged(
  change: { header?: Record<string, unknown>; payload?: JWTPayload; key?: KeyObject | Uint8Array } = {},
): Promise<string> {
  const { kid, key } = signingKey();
  const payload = {
    sub: 'user:analyst',
    sid: await sessionOf('analyst'),
    iss: 'aurora-mesh',
    aud: 'aurora-mesh-api',
    jti: 'j',
    iat: now_s(),
    exp: now_s() + 600,
    ...change.payload,
  };
  const header = { alg: 'EdDSA', kid, typ: 'at+jwt', ...change.header };
  return new SignJWT(payload).setProtectedHeader(header).sign(change.key ?? key);
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('access tokens', () => {
  test('a token made by hand with our key counts: the tests below fail for what they say', async () => {
    expect((await me(await forged())).body.username).toBe('analyst');
  });

  test('ATK-B1: no algorithm but EdDSA, and no key but ours, whatever the header says', async () => {
    const { kid, key } = signingKey();
    const payload = part({
      sub: 'user:admin',
      sid: await sessionOf('admin'),
      iss: 'aurora-mesh',
      aud: 'aurora-mesh-api',
      jti: 'j',
      iat: now_s(),
      exp: now_s() + 600,
    });
    const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
    const other = generateKeyPairSync('ed25519');
    const unsigned = (alg: unknown) => `${part({ alg, kid, typ: 'at+jwt' })}.${payload}.`;
    const hmac = (secret: string) => {
      const head = `${part({ alg: 'HS256', kid, typ: 'at+jwt' })}.${payload}`;
      return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
    };
    const attempts = [
      unsigned('none'),
      unsigned('None'),
      unsigned('nOnE'),
      unsigned(undefined),
      hmac(pem),
      hmac(`\n ${pem}`),
      await forged({ key: other.privateKey }),
      await forged({ key: other.privateKey, header: { jwk: other.publicKey.export({ format: 'jwk' }) } }),
      await forged({
        key: other.privateKey,
        header: { jku: 'https://evil.example/jwks', x5u: 'https://evil.example' },
      }),
      await forged({ header: { kid: '../../dev/null' } }),
      await forged({ header: { kid: `' OR 1=1 --` } }),
      await forged({ header: { kid: 'x'.repeat(10_240) } }),
    ];
    for (const attempt of attempts) expect([(await me(attempt)).status, attempt.length > 0]).toEqual([401, true]);
  });

  test('ATK-B2: times that are missing, of another type, infinite, or more than a minute off', async () => {
    const { kid, key } = signingKey();
    const sid = await sessionOf('analyst');
    const base = { sub: 'user:analyst', sid, iss: 'aurora-mesh', aud: 'aurora-mesh-api', jti: 'j' };
    const signed = (payload: object) =>
      new SignJWT({ ...base, ...payload }).setProtectedHeader({ alg: 'EdDSA', kid, typ: 'at+jwt' }).sign(key);
    const attempts = [
      signed({ iat: now_s() }),
      signed({ exp: now_s() + 600 }),
      signed({ iat: now_s(), exp: -1 }),
      signed({ iat: now_s() + 61, exp: now_s() + 600 }),
      signed({ iat: now_s() - 1_000, exp: now_s() - 61 }),
      signed({ iat: now_s() - 100_000, exp: now_s() + 600 }),
      signed({ iat: now_s(), exp: now_s() + 600, nbf: now_s() + 61 }),
    ];
    for (const attempt of attempts) expect((await me(await attempt)).status).toBe(401);
    const text = rawlySigned(
      key,
      kid,
      `{"sub":"user:analyst","sid":"${sid}","iss":"aurora-mesh","aud":"aurora-mesh-api","jti":"j","iat":${now_s()},"exp":1e400}`,
    );
    const quoted = rawlySigned(
      key,
      kid,
      `{"sub":"user:analyst","sid":"${sid}","iss":"aurora-mesh","aud":"aurora-mesh-api","jti":"j","iat":${now_s()},"exp":"${now_s() + 600}"}`,
    );
    expect([(await me(text)).status, (await me(quoted)).status]).toEqual([401, 401]);
  });

  test('ATK-B3: a right signature under another issuer, audience or type is not an access token', async () => {
    for (const change of [
      { payload: { iss: 'evil' } },
      { payload: { aud: 'aurora-mesh' } },
      { header: { typ: 'JWT' } },
      { header: { typ: 'refresh+jwt' } },
      { payload: { sub: 'agent:threat-intel' } },
      { payload: { sid: 'session_of_nobody' } },
      { payload: { sub: 'user:admin' } },
    ]) {
      expect((await me(await forged(change))).status).toBe(401);
    }
    const { body } = await token({ username: 'analyst', password: 'analyst has a password' });
    expect((await me(body.refresh_token)).status).toBe(401);
  });

  test('REQ-X02: a token that is over is 4011, and its session goes on with a refresh', async () => {
    const own = await startApi();
    try {
      const { body } = await own.call('POST', '/api/v1/auth/token', {
        body: { username: 'viewer', password: 'viewer has a password' },
      });
      own.clock.shift(16 * 60_000);
      const headers = { authorization: `Bearer ${body.access_token}` };
      const over = await own.call('GET', '/api/v1/users/me', { headers });
      expect([over.status, over.body.error.code, over.headers['www-authenticate']]).toEqual([
        401,
        'AURORA-4011',
        expect.stringContaining('invalid_token'),
      ]);
      const fresh = await own.call('POST', '/api/v1/auth/refresh', { body: { refresh_token: body.refresh_token } });
      expect(fresh.status).toBe(200);
    } finally {
      await own.stop();
    }
  });

  test('ATK-B7: the key before counts while its tokens may live; an unknown name is 401 at once, as often as it comes', async () => {
    const own = await startApi();
    try {
      const old = own.tokens.get('viewer') ?? '';
      const month = 30 * 86_400_000;
      const seen = (bearer: string) =>
        own.call('GET', '/api/v1/users/me', { headers: { authorization: `Bearer ${bearer}` } });
      own.clock.shift(month - 60_000);
      const { username } = (await own.records.users.find('viewer')) ?? { username: '' };
      const session = await own.records.sessions.begin({ sub: 'x' }, (await own.records.users.find(username))!);
      const before = await own.call('POST', '/api/v1/auth/refresh', { body: { refresh_token: session.refresh_token } });
      own.clock.shift(120_000);
      const after = await own.call('POST', '/api/v1/auth/refresh', {
        body: { refresh_token: before.body.refresh_token },
      });
      expect(own.shelf.list()).toHaveLength(2);
      expect((await seen(old)).status).toBe(401);
      expect((await seen(before.body.access_token)).status).toBe(200);
      expect((await seen(after.body.access_token)).status).toBe(200);
      const [head = '', ...rest] = after.body.access_token.split('.');
      const renamed = [
        part({ ...(JSON.parse(Buffer.from(head, 'base64url').toString()) as object), kid: 'x' }),
        ...rest,
      ];
      for (let nth = 0; nth < 20; nth++) expect((await seen(renamed.join('.'))).status).toBe(401);
    } finally {
      await own.stop();
    }
  });
});

describe('signing in and out', () => {
  test('REQ-E001 REQ-E002 REQ-K05: the providers are listed, and a password gets a token', async () => {
    expect((await api.call('GET', '/api/v1/auth/providers')).body.items).toMatchObject([{ provider_id: 'password' }]);
    const { status, body } = await token({ username: 'viewer', password: 'viewer has a password' });
    expect([status, body.role]).toEqual([200, 'viewer']);
    const parts = body.access_token.split('.');
    const [head, claims] = parts
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object);
    expect([parts.length, head, claims]).toMatchObject([3, { alg: 'EdDSA' }, { sub: 'user:viewer' }]);
    expect(claims).not.toHaveProperty('role'); // what somebody may do is looked up, never believed
    expect((await me(body.access_token)).body).toMatchObject({ username: 'viewer', role: 'viewer' });
  });

  test('ATK-B8: an unknown name and a wrong password are answered in the same words, after the same work, and so often only', async () => {
    const work = vi.mocked(scrypt).mock.calls;
    /** The answer, and what each derivation cost: its key length and the parameters of scrypt. */
    const tried = async (username: string) => {
      const before = work.length;
      const answer = await token({ username, password: 'wrong password' });
      return {
        answer,
        cost: work.slice(before).map(([, , ...cost]) => cost.filter((one) => typeof one !== 'function')),
      };
    };
    const { answer: unknown, cost: cost_of_unknown } = await tried('nobody');
    const { answer: wrong, cost: cost_of_wrong } = await tried('viewer');
    expect(cost_of_wrong).toHaveLength(1);
    expect(cost_of_unknown).toEqual(cost_of_wrong);
    const bare = ({ body }: typeof wrong) => ({ ...body.error, timestamp: '', request_id: '' });
    expect([unknown.status, bare(unknown)]).toEqual([401, bare(wrong)]);
    expect(bare(wrong).code).toBe('AURORA-4012');
    const statuses: number[] = [];
    for (let nth = 0; nth < 12; nth++)
      statuses.push((await token({ username: 'guessed', password: String(nth) })).status);
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect((await token({ username: 'analyst', password: 'analyst has a password' })).status).toBe(200);
    const audit = await api.call('GET', '/api/v1/audit?action=session.begin&actor=user:guessed', { as: 'admin' });
    expect(audit.body.items[0]).toMatchObject({ outcome: 'refused' });
  });

  test('a first password is good for setting another one, and for nothing else', async () => {
    const { body: made } = await api.call('POST', '/api/v1/users', {
      as: 'admin',
      body: { username: 'carl', role: 'viewer' },
    });
    const password = made.one_time_password ?? '';
    const refused = await token({ username: 'carl', password });
    expect([refused.status, refused.body.error.detail]).toEqual([403, { must_change_password: true }]);
    expect((await token({ username: 'carl', password, new_password: 'short' })).status).toBe(422);
    expect((await token({ username: 'carl', password, new_password: 'carl has his own now' })).status).toBe(200);
    expect((await token({ username: 'carl', password })).status).toBe(401);
    expect((await token({ username: 'carl', password: 'carl has his own now' })).status).toBe(200);
  });

  test('ATK-B8: whoever shows a right password and is refused is on the audit record, as often as they may try', async () => {
    const made = await api.call('POST', '/api/v1/users', { as: 'admin', body: { username: 'ida', role: 'viewer' } });
    const password = made.body.one_time_password ?? '';
    const rows = async () => {
      const path = '/api/v1/audit?action=session.begin&actor=user:ida&limit=50';
      const { body } = await api.call('GET', path, { as: 'admin' });
      return body.items.map(({ outcome, detail, remote }) => [outcome, detail, remote]);
    };
    const refused = (why: string) => ['refused', { why }, '127.0.0.1'];
    expect((await token({ username: 'ida', password })).status).toBe(403);
    expect((await token({ username: 'ida', password, new_password: password })).status).toBe(422);
    const find = vi.spyOn(api.records.users, 'prove').mockImplementationOnce(async (...args) => {
      const user = await api.records.users.prove(...args);
      await api.records.users.update({ sub: 'system' }, { username: 'ida', role: 'analyst' });
      return user;
    });
    expect((await token({ username: 'ida', password, new_password: 'ida has her own now' })).status).toBe(401);
    find.mockRestore();
    expect(await rows()).toEqual([
      refused('the user was changed meanwhile'),
      refused('a new password that is the old one'),
      refused('a one-time password, and no new one'),
    ]);
    const statuses: number[] = [];
    for (let nth = 3; nth < 12; nth++) statuses.push((await token({ username: 'ida', password })).status);
    expect(statuses).toEqual([...Array<number>(7).fill(403), 429, 429]);
    expect(await rows()).toHaveLength(10);
    api.clock.shift(60_000); // the others come from the same address
  });

  test('ATK-B5: whoever changes their password goes on with this session and its stream; their others end at once', async () => {
    const other = await api.signIn('fay', 'analyst');
    const { body } = await token({ username: 'fay', password: 'fay has a password' });
    const as = (bearer: string) => ({ headers: { authorization: `Bearer ${bearer}` } });
    const change = (current_password: string, new_password: string) =>
      api.call('POST', '/api/v1/users/me/password', {
        ...as(body.access_token),
        body: { current_password, new_password },
      });
    const here = await api.follow('/api/v1/ws/alerts', as(body.access_token));
    const there = await api.follow('/api/v1/ws/alerts', as(other));
    expect((await change('fay has a password', 'fay has a password')).status).toBe(422);
    const changed = await change('fay has a password', 'fay has a better one');
    expect([changed.status, changed.body.username]).toEqual([200, 'fay']);
    expect((await there.closed).code).toBe(4001);
    expect((await me(other)).body.error.code).toBe('AURORA-4010');
    expect((await me(body.access_token)).status).toBe(200);
    expect(here.socket.readyState).toBe(here.socket.OPEN);
    here.close();
    const renewed = await api.call('POST', '/api/v1/auth/refresh', { body: { refresh_token: body.refresh_token } });
    expect(renewed.status).toBe(200);
    expect((await token({ username: 'fay', password: 'fay has a password' })).status).toBe(401);
    expect((await token({ username: 'fay', password: 'fay has a better one' })).status).toBe(200);
  });

  test('ATK-B8: a wrong current password changes nothing, stands on the record like a wrong login, and so often only', async () => {
    const bearer = await api.signIn('gus', 'analyst');
    const change = () =>
      api.call('POST', '/api/v1/users/me/password', {
        headers: { authorization: `Bearer ${bearer}` },
        body: { current_password: 'canary guess', new_password: 'whoever has the token' },
      });
    const answers = [];
    for (let nth = 0; nth < 11; nth++) answers.push(await change());
    expect(answers.map(({ status }) => status)).toEqual([...Array<number>(10).fill(401), 429]);
    expect(answers[0]?.body.error.message).toContain('current password');
    expect(answers[10]?.headers['retry-after']).toMatch(/^\d+$/);
    expect((await me(bearer)).status).toBe(200);
    const audit = await api.call('GET', '/api/v1/audit?action=user.password&actor=user:gus', { as: 'admin' });
    expect(audit.body.items).toHaveLength(10);
    expect(audit.body.items[0]).toMatchObject({ outcome: 'refused', target: 'gus' });
    expect(audit.text).not.toContain('canary guess');
  });

  test('REQ-T15: the client changes its password and goes on, also when it has to sign in anew', async () => {
    await api.signIn('hal', 'analyst');
    const client = createClient({
      base_url: api.url,
      credentials: { username: 'hal', password: 'hal has a password' },
    });
    const wrong = client.users.changePassword({ current_password: 'wrong', new_password: 'hal has a better one' });
    await expect(wrong).rejects.toMatchObject({
      code: 'AURORA-4012',
      said: 'This is not your current password',
      detail: { path: '/current_password' },
    });
    const { session_id } = await client.users.me();
    const given = { current_password: 'hal has a password', new_password: 'hal has a better one' };
    await expect(client.users.changePassword(given)).resolves.toMatchObject({ username: 'hal' });
    expect((await client.users.me()).session_id).toBe(session_id);
    await client.auth.logout();
    await expect(client.users.me()).resolves.toMatchObject({ username: 'hal' });
    client.close();
  });

  test('ATK-B5 REQ-E007: signing out ends the token, the refresh token and the open stream at once', async () => {
    const { body } = await token({ username: 'operator', password: 'operator has a password' });
    const headers = { authorization: `Bearer ${body.access_token}` };
    const stream = await api.follow('/api/v1/ws/alerts', { headers });
    expect((await api.call('POST', '/api/v1/auth/logout', { headers })).status).toBe(200);
    expect((await stream.closed).code).toBe(4001);
    expect((await me(body.access_token)).status).toBe(401);
    const refreshed = await api.call('POST', '/api/v1/auth/refresh', { body: { refresh_token: body.refresh_token } });
    expect([refreshed.status, refreshed.body.error.code]).toEqual([401, 'AURORA-4011']);
    expect((await me(api.tokens.get('operator') ?? '')).status).toBe(200); // another session of the same person
  });

  test('ATK-B6: a refresh token used twice ends the session for the thief and for its owner', async () => {
    const { body } = await token({ username: 'viewer', password: 'viewer has a password' });
    const refresh = (refresh_token: string) => api.call('POST', '/api/v1/auth/refresh', { body: { refresh_token } });
    const second = await refresh(body.refresh_token);
    expect((await me(second.body.access_token)).status).toBe(200);
    expect((await refresh(body.refresh_token)).body.error.code).toBe('AURORA-4012');
    expect((await me(second.body.access_token)).status).toBe(401);
    expect((await refresh(second.body.refresh_token)).status).toBe(401);
    const audit = await api.call('GET', '/api/v1/audit?action=session.reuse', { as: 'admin' });
    expect(audit.body.items.length).toBeGreaterThan(0);
  });

  test('ATK-B4: who is demoted loses the right, and who is disabled or deleted the way in, with the next request', async () => {
    const bearer = await api.signIn('dora', 'analyst');
    const post = () =>
      api.call('POST', '/api/v1/alerts', {
        headers: { authorization: `Bearer ${bearer}` },
        body: { title: `by dora ${++made_alerts}`, severity: 'low', source: 'test' },
      });
    const patch = (body: object) => api.call('PATCH', '/api/v1/users/dora', { as: 'admin', body });
    expect((await post()).status).toBe(201);
    await patch({ role: 'viewer' });
    expect((await post()).status).toBe(403);
    await patch({ disabled: true });
    expect((await post()).status).toBe(401);
    await patch({ disabled: false });
    expect((await post()).status).toBe(401);
    expect((await api.call('DELETE', '/api/v1/users/dora', { as: 'admin' })).status).toBe(200);
    expect((await token({ username: 'dora', password: 'dora has a password' })).status).toBe(401);
  });

  test('REQ-E011 REQ-E012 REQ-E013 REQ-E014: an administrator lists, makes and deletes users', async () => {
    const made = await api.call('POST', '/api/v1/users', {
      as: 'admin',
      body: { username: 'ed', role: 'analyst', password: 'ed has a password' },
    });
    expect([made.status, made.body.one_time_password]).toEqual([201, null]);
    expect(made.text).not.toContain('scrypt');
    const ed = await token({ username: 'ed', password: 'ed has a password' });
    const own = await me(ed.body.access_token);
    expect([own.status, own.body]).toMatchObject([200, { username: 'ed', role: 'analyst' }]);
    expect(own.body.permissions).toContain('alerts:write');
    expect((await api.call('GET', '/api/v1/users/me')).status).toBe(401);
    const { body } = await api.call('GET', '/api/v1/users?role=analyst', { as: 'admin' });
    expect(body.items.map(({ username }) => username)).toEqual(expect.arrayContaining(['analyst', 'ed']));
    expect((await api.call('DELETE', '/api/v1/users/ed', { as: 'admin' })).status).toBe(200);
    expect((await api.call('DELETE', '/api/v1/users/ed', { as: 'admin' })).status).toBe(404);
    const again = await api.call('POST', '/api/v1/users', {
      as: 'admin',
      body: { username: 'viewer', role: 'viewer' },
    });
    expect([again.status, again.body.error.code]).toEqual([409, 'AURORA-4090']);
  });

  test('REQ-X11: the last administrator stays', async () => {
    const { status, body } = await api.call('DELETE', '/api/v1/users/admin', { as: 'admin' });
    expect([status, body.error.code]).toEqual([409, 'AURORA-4090']);
  });
});

describe('API keys', () => {
  const make = (as: string, scopes: string[]) =>
    api.call('POST', '/api/v1/auth/api-keys', { as, body: { name: 'siem', scopes } });
  const withKey = (api_key: string) => ({ headers: { 'x-api-key': api_key } });
  const alert = () => ({ title: `by key ${++made_alerts}`, severity: 'low', source: 'test' });

  test('REQ-E008 REQ-E009 REQ-E010: a key is made, listed without its secret, used and revoked', async () => {
    const { status, body } = await make('analyst', ['alerts:write']);
    expect(status).toBe(201);
    const listed = await api.call('GET', '/api/v1/auth/api-keys', { as: 'analyst' });
    expect(listed.text).not.toContain(body.api_key);
    expect(listed.body.items.map(({ key_id }) => key_id)).toContain(body.key_id);
    const path = `/api/v1/auth/api-keys/${body.key_id}`;
    const read = await api.call('GET', path, { as: 'analyst' });
    expect([read.status, read.body]).toMatchObject([200, { key_id: body.key_id, scopes: ['alerts:write'] }]);
    expect(read.text).not.toContain(body.api_key);
    expect((await api.call('GET', path, { as: 'viewer' })).status).toBe(404);
    expect((await api.call('GET', path, { as: 'admin' })).status).toBe(200);
    const posted = await api.call('POST', '/api/v1/alerts', { ...withKey(body.api_key), body: alert() });
    expect([posted.status, posted.headers['x-ratelimit-limit']]).toEqual([201, '6000']);
    expect((await api.call('GET', '/api/v1/alerts', withKey(body.api_key))).status).toBe(403);
    await api.call('DELETE', `/api/v1/auth/api-keys/${body.key_id}`, { as: 'analyst' });
    expect((await api.call('POST', '/api/v1/alerts', { ...withKey(body.api_key), body: alert() })).status).toBe(401);
  });

  test('ATK-B12: a revoked key ends its open stream; a key makes no key; others’ keys do not exist', async () => {
    const { body } = await make('analyst', ['alerts:read']);
    const stream = await api.follow('/api/v1/ws/alerts', withKey(body.api_key));
    expect(
      (
        await api.call('POST', '/api/v1/auth/api-keys', {
          ...withKey(body.api_key),
          body: { name: 'x', scopes: ['alerts:read'] },
        })
      ).status,
    ).toBe(403);
    expect((await make('viewer', ['alerts:write'])).status).toBe(403);
    expect((await api.call('DELETE', `/api/v1/auth/api-keys/${body.key_id}`, { as: 'viewer' })).status).toBe(404);
    expect((await api.call('DELETE', `/api/v1/auth/api-keys/${body.key_id}`, { as: 'admin' })).status).toBe(200);
    expect((await stream.closed).code).toBe(4001);
  });

  test('ATK-I1: many keys of one user share one budget', async () => {
    const own = await startApi();
    try {
      await own.call('PATCH', '/api/v1/settings/runtime', { as: 'admin', body: { limits: { key_minute_max: 4 } } });
      const keys = await Promise.all(
        ['a', 'b'].map(async (name) => {
          const { body } = await own.call('POST', '/api/v1/auth/api-keys', {
            as: 'analyst',
            body: { name, scopes: ['alerts:read'] },
          });
          return body.api_key;
        }),
      );
      const statuses: number[] = [];
      for (let nth = 0; nth < 6; nth++) {
        statuses.push(
          (await own.call('GET', '/api/v1/alerts', { headers: { 'x-api-key': keys[nth % 2] ?? '' } })).status,
        );
      }
      expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    } finally {
      await own.stop();
    }
  });

  test('a token and a key together are refused: nobody knows which one is meant', async () => {
    const { body } = await make('analyst', ['alerts:read']);
    const headers = { ...withKey(body.api_key).headers, authorization: `Bearer ${api.tokens.get('analyst') ?? ''}` };
    expect((await api.call('GET', '/api/v1/alerts', { headers })).status).toBe(401);
  });

  test('ATK-J1: of all secrets that went through, none stands in the log, the metrics or the audit record', async () => {
    const { body } = await make('analyst', ['alerts:read']);
    await token({ username: 'viewer', password: 'canary-password-4711' });
    const secrets = [body.api_key, api.tokens.get('admin') ?? '', 'canary-password-4711', 'viewer has a password'];
    const audit = await api.store.db.selectFrom('audit').selectAll().execute();
    const said = JSON.stringify([api.mesh.log.lines, audit, await api.mesh.metrics.text()]);
    for (const secret of secrets) expect(said).not.toContain(secret);
  });
});

function rawlySigned(key: KeyObject, kid: string, payload: string): string {
  const head = `${part({ alg: 'EdDSA', kid, typ: 'at+jwt' })}.${Buffer.from(payload).toString('base64url')}`;
  return `${head}.${sign(null, Buffer.from(head), key).toString('base64url')}`;
}
