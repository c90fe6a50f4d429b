/** One call against a server that misbehaves: what is repeated, how long is waited, what is sent, how it fails. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import {
  ApiError,
  ClientError,
  ClosedError,
  ConnectionError,
  duplicateOf,
  InvalidRequestError,
  InvalidResponseError,
  RateLimitError,
  RetryBudgetError,
  TimeoutError,
  VersionError,
  type Client,
} from '../../client/index.ts';
import { clientOn, createMachine, type Machine } from './machine.ts';
import { ALERT, answer, breakOff, cut, EMPTY, hang, refuse, startRudeServer, type RudeServer } from './rude-server.ts';

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
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
const NEW = { title: 'A', severity: 'high', source: 'wazuh' } as const;

test('REQ-K02 REQ-K08 REQ-K10: 429 and 503 are repeated after up to 1, 2 and 4 s, four attempts in all', async () => {
  server.on('/alerts', refuse(4290), refuse(5030), refuse(4290), answer(200, EMPTY));
  await expect(client.alerts.list()).resolves.toEqual(EMPTY);
  expect(machine.pauses).toEqual([1_000, 2_000, 4_000]);
});

test('REQ-K12 REQ-K18: when all attempts are used a distinct error says so, with the last failure as its cause', async () => {
  server.on('/alerts', refuse(5030));
  const failure = await failureOf(client.alerts.list());
  expect(failure).toBeInstanceOf(RetryBudgetError);
  expect(failure).toMatchObject({ spent: 'attempts', attempts: 4, cause: { status: 503, code: 'AURORA-5030' } });
  expect(asked('/alerts')).toHaveLength(4);
});

test('REQ-K17 REQ-T16: the pause is drawn from the whole window, and none is longer', async () => {
  const draws = [0, 0.5, 0.999];
  const jittery = createMachine(() => draws.shift() ?? 0);
  const own = clientOn(server.url, jittery);
  server.on('/alerts', refuse(4290), refuse(4290), refuse(4290), answer(200, EMPTY));
  await own.alerts.list();
  expect(jittery.pauses).toEqual([0, 1_000, 3_996]);
  own.close();
});

test('REQ-T15: Retry-After is waited first, in seconds or as a date, the jitter on top', async () => {
  const at = new Date(machine.clock.now() + 40_000).toUTCString();
  server.on(
    '/alerts',
    refuse(4290, { headers: { 'retry-after': '7' } }),
    refuse(5030, { headers: { 'retry-after': at } }),
    answer(200, EMPTY),
  );
  await client.alerts.list();
  expect(machine.pauses[0]).toBe(8_000);
  expect(machine.pauses[1]).toBe(32_000 + 2_000);
});

test('REQ-N11: a refusal that asks for more time than there is ends the call at once and carries retry_after', async () => {
  server.on('/alerts', refuse(4290, { headers: { 'retry-after': '3600' } }));
  const failure = await failureOf(client.alerts.list());
  expect(failure).toMatchObject({ name: 'RetryBudgetError', spent: 'time', retry_after: 3_600, attempts: 1 });
  expect(machine.pauses).toEqual([]);
  const bare = await failureOf(client.alerts.list({}, { attempts_max: 1 }));
  expect(bare).toBeInstanceOf(RateLimitError);
  expect(bare).toMatchObject({ retry_after: 3_600, status: 429 });
});

test.each([429, 500, 502, 503, 504])('REQ-N09: a %i is repeated for a reading, after 1 and 2 s', async (status) => {
  server.on('/alerts', answer(status, 'bad gateway'), answer(status, 'bad gateway'), answer(200, EMPTY));
  await client.alerts.list();
  expect([asked('/alerts').length, machine.pauses]).toEqual([3, [1_000, 2_000]]);
});

test.each([400, 403, 404, 409, 418, 422, 501, 505])('REQ-N09 REQ-K11: a %i is not repeated', async (status) => {
  server.on('/alerts', answer(status, 'no'));
  expect(await failureOf(client.alerts.list())).toMatchObject({ status });
  expect([asked('/alerts').length, machine.pauses]).toEqual([1, []]);
});

test.each([
  [4000, 400],
  [4030, 403],
  [4042, 404],
  [4080, 408],
  [4090, 409],
  [4220, 422],
] as const)('REQ-K11 REQ-T12: AURORA-%i is never repeated', async (code, status) => {
  server.on('/alerts/', refuse(code, { detail: { why: 'x' } }));
  const failure = await failureOf(client.alerts.acknowledge({ alert_id: ALERT.alert_id }));
  expect(failure).toBeInstanceOf(ApiError);
  expect(failure).toMatchObject({ status, code: `AURORA-${code}`, detail: { why: 'x' } });
  expect(failure).toMatchObject({ request_id: '00000000-0000-4000-8000-00000000abcd' });
  expect(asked('/alerts/')).toHaveLength(1);
});

test('a 504 that says of itself that it stays so is the end of the work, and is not repeated', async () => {
  server.on('/dispatch', refuse(5040));
  const call = client.orchestrator.dispatch({ task: 'look', wait: true });
  expect(await failureOf(call)).toMatchObject({ name: 'ApiError', code: 'AURORA-5040' });
  expect(asked('/dispatch')).toHaveLength(1);
});

test('REQ-T17: a post is repeated under one key made for it, another post under another', async () => {
  server.on('/alerts', cut, refuse(5030), answer(201, ALERT));
  await client.alerts.create(NEW);
  await client.alerts.create(NEW);
  const keys = asked('/alerts').map(({ headers }) => headers['idempotency-key']);
  expect(keys).toHaveLength(4);
  expect(new Set(keys.slice(0, 3)).size).toBe(1);
  expect(keys[3]).not.toBe(keys[0]);
  await client.alerts.create(NEW, { idempotency_key: 'mine-1' });
  expect(asked('/alerts').at(-1)?.headers['idempotency-key']).toBe('mine-1');
});

test('REQ-T14: a write without a key is never repeated, whatever is answered or not', async () => {
  const change = () => failureOf(client.alerts.update({ alert_id: ALERT.alert_id, severity: 'low' }, { if_match: 3 }));
  server.on('/alerts/', cut);
  expect(await change()).toBeInstanceOf(ConnectionError);
  server.on('/alerts/', refuse(5030));
  expect(await change()).toMatchObject({ status: 503 });
  server.on('/alerts/', refuse(4290, { headers: { 'retry-after': '2' } }));
  expect(await change()).toBeInstanceOf(RateLimitError);
  expect(asked('/alerts/').map(({ headers }) => headers['if-match'])).toEqual(['"3"', '"3"', '"3"']);
  expect(asked('/alerts/').every(({ headers }) => headers['idempotency-key'] === undefined)).toBe(true);
});

test('what broke in the middle of its answer is repeated, and told as no answer', async () => {
  server.on('/alerts', breakOff, answer(200, EMPTY));
  await client.alerts.list();
  server.on('/alerts', breakOff);
  expect(await failureOf(client.alerts.list())).toMatchObject({
    spent: 'attempts',
    cause: { name: 'ConnectionError' },
  });
});

const someTurns = async () => {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
};

test('REQ-K13 REQ-K22: an attempt ends after 20 s, each kind of operation after its own time, a call after what is said', async () => {
  server.on('/alerts', hang);
  let ended = 0;
  const watched = (call: Promise<unknown>) => failureOf(call.finally(() => (ended += 1)));
  const slow = watched(client.alerts.list({}, { attempts_max: 1 }));
  await server.reached('/alerts', 1);
  machine.clock.advance(19_999);
  await someTurns();
  expect(ended).toBe(0);
  machine.clock.advance(1);
  expect(await slow).toBeInstanceOf(TimeoutError);
  const own = clientOn(server.url, machine, { timeouts_ms: { bulk: 90_000 }, attempts_max: 1 });
  const bulk = watched(own.alerts.bulk({ alerts: [NEW] }));
  await server.reached('/alerts/bulk', 1);
  machine.clock.advance(89_999);
  await someTurns();
  expect(ended).toBe(1);
  machine.clock.advance(1);
  expect(await bulk).toMatchObject({ name: 'TimeoutError', message: expect.stringContaining('90000') as string });
  const quick = failureOf(own.alerts.list({}, { timeout_ms: 50 }));
  await server.reached('/alerts', 3);
  machine.clock.advance(50);
  expect(await quick).toBeInstanceOf(TimeoutError);
  own.close();
});

test('REQ-N07 REQ-N08: the Sentinel profile has 30 s and three attempts', async () => {
  const own = clientOn(server.url, machine, { profile: 'sentinel' });
  server.on('/alerts', refuse(5030));
  expect(await failureOf(own.alerts.list())).toMatchObject({ attempts: 3 });
  expect(machine.pauses).toEqual([1_000, 2_000]);
  server.on('/users/me', hang);
  const slow = failureOf(own.users.me({}, { attempts_max: 1 }));
  await server.reached('/users/me', 1);
  machine.clock.advance(29_999);
  machine.clock.advance(1);
  expect(await slow).toMatchObject({ name: 'TimeoutError', message: expect.stringContaining('30000') as string });
  own.close();
});

test('many failing calls share a budget of repetitions, so that an outage is not made worse', async () => {
  server.on('/alerts', refuse(5030));
  const failures = [];
  for (let count = 0; count < 20; count += 1) failures.push(await failureOf(client.alerts.list()));
  expect(failures.at(-1)).toMatchObject({ name: 'RetryBudgetError', spent: 'share', attempts: 1 });
  expect(asked('/alerts').length).toBeLessThan(60);
});

test('REQ-K03: what an operation does not take is never sent', async () => {
  await expect(client.alerts.list({ limit: 500 })).rejects.toBeInstanceOf(InvalidRequestError);
  await expect(client.agents.tools({ agent_id: '..' })).rejects.toBeInstanceOf(InvalidRequestError);
  expect(server.got).toEqual([]);
});

test('REQ-K03: an answer of another form is an error of its own; members added later are no fault', async () => {
  server.on('/alerts', answer(200, { items: 'none' }));
  await expect(client.alerts.list()).rejects.toBeInstanceOf(InvalidResponseError);
  server.on('/alerts', answer(200, '<html>'));
  await expect(client.alerts.list()).rejects.toBeInstanceOf(InvalidResponseError);
  expect(asked('/alerts')).toHaveLength(2);
  server.on('/alerts', answer(200, { ...EMPTY, added_later: 1 }));
  await expect(client.alerts.list()).resolves.toEqual(EMPTY);
});

test('ATK-D4: what is told to a key that may not read is an answer, and no record of another form is taken for it', async () => {
  const part = { alert_id: 'ALRT-2026-00001', status: 'new', acknowledged: true, occurrences: 1, version: 2 };
  const told = { ...part, hidden: 'alerts:read' };
  const { raw_log: _missing, ...mangled } = ALERT;
  server.on('/acknowledge', answer(200, { ...told, later: 1 }), answer(200, mangled), answer(200, part));
  const { alert_id } = part;
  await expect(client.alerts.acknowledge({ alert_id })).resolves.toEqual(told);
  await expect(client.alerts.acknowledge({ alert_id })).rejects.toBeInstanceOf(InvalidResponseError);
  await expect(client.alerts.acknowledge({ alert_id })).rejects.toBeInstanceOf(InvalidResponseError);
});

test('REQ-K05 REQ-N06: the base may end with a slash, with the version, or with both', async () => {
  server.on('/alerts', answer(200, EMPTY));
  for (const base of ['/', '/api/v1', '/api/v1/', '///']) {
    const own = clientOn(server.url + base, machine);
    await own.alerts.list();
    own.close();
  }
  expect(new Set(server.got.map(({ url }) => url))).toEqual(new Set(['/api/v1/auth/token', '/api/v1/alerts']));
});

test('REQ-K15: list({ limit: 50 }) asks for ?limit=50', async () => {
  server.on('/alerts', answer(200, EMPTY));
  await client.alerts.list({ limit: 50, acknowledged: false });
  expect(asked('/alerts')[0]?.url).toBe('/api/v1/alerts?limit=50&acknowledged=false');
});

test('REQ-K19: a duplicate is told as a conflict that names the alert which is there', async () => {
  const seen = { alert_id: ALERT.alert_id, occurrences: 2, last_seen_at: ALERT.last_seen_at };
  server.on('/alerts', refuse(4091, { detail: seen }));
  const failure = await failureOf(client.alerts.create(NEW));
  expect(failure).toMatchObject({ status: 409, code: 'AURORA-4091' });
  expect(duplicateOf(failure)).toEqual(seen);
  expect(duplicateOf(new Error('x'))).toBeUndefined();
  server.on('/alerts', answer(200, { ...ALERT, occurrences: 2 }));
  expect(await client.alerts.create({ ...NEW, on_duplicate: 'return' })).toMatchObject({ occurrences: 2 });
  expect(asked('/alerts').at(-1)?.url).toBe('/api/v1/alerts?on_duplicate=return');
});

test('REQ-N05: JSON says so; a form is left to the runtime, which knows its boundary', async () => {
  server.on('/nexus/upload', answer(201, { doc_id: 'd1' }));
  const form = new FormData();
  form.append('file', new Blob(['evidence']), 'mail.eml');
  const output = z.object({ doc_id: z.string() });
  expect(await client.request({ method: 'POST', path: '/api/v1/nexus/upload', form, output })).toEqual({
    doc_id: 'd1',
  });
  const [upload] = asked('/nexus/upload');
  expect(upload?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
  expect(upload?.body).toContain('filename="mail.eml"');
  server.on('/alerts', answer(201, ALERT));
  await client.alerts.create(NEW);
  expect(asked('/alerts')[0]?.headers['content-type']).toBe('application/json');
});

test.each([
  ['{"detail":"No such document"}', 'No such document'],
  ['{"error":"Not yours","code":"FORBIDDEN"}', 'Not yours'],
  ['<html>', 'Forbidden'],
])('REQ-N10: the words of a refusal come from its detail, else from the status text: %s', async (body, words) => {
  server.on('/alerts', answer(403, body));
  expect(await failureOf(client.alerts.list())).toMatchObject({ message: expect.stringContaining(words) as string });
});

test('REQ-K20: twenty calls one after the other use the connections of the first, refused ones too', async () => {
  server.on('/alerts', answer(200, EMPTY), refuse(4042), answer(200, EMPTY));
  for (let count = 0; count < 20; count += 1) await failureOf(client.alerts.list());
  // Two, where a call begins before the runtime has put the connection of the one before back.
  expect(server.connections()).toBeLessThanOrEqual(2);
});

test('REQ-K14: closing ends what is under way and everything after it', async () => {
  server.on('/alerts', hang);
  const call = failureOf(client.alerts.list());
  await server.reached('/alerts', 1);
  client.close();
  expect(await call).toBeInstanceOf(ClosedError);
  expect(await failureOf(client.alerts.list())).toBeInstanceOf(ClosedError);
});

test('a caller who gives up ends the call, and nothing is repeated', async () => {
  server.on('/alerts', hang);
  const leaving = new AbortController();
  const call = failureOf(client.alerts.list({}, { signal: leaving.signal }));
  await server.reached('/alerts', 1);
  leaving.abort();
  expect(await call).toBeInstanceOf(ClientError);
  expect(asked('/alerts')).toHaveLength(1);
});

test('a redirect is not followed: the token goes nowhere else', async () => {
  server.on('/alerts', answer(302, '', { location: `${server.url}/elsewhere` }));
  expect(await failureOf(client.alerts.list({}, { attempts_max: 1 }))).toBeInstanceOf(ConnectionError);
  expect(asked('/elsewhere')).toEqual([]);
});

test('REQ-V03: the version is known from the header, and another major one is refused without reading the body', async () => {
  expect([client.api_version, client.supports('1.0')]).toEqual([undefined, false]);
  server.on('/alerts', answer(200, EMPTY, { 'x-api-version': '1.2' }));
  await client.alerts.list();
  expect([client.api_version, client.supports('1.1'), client.supports('1.3')]).toEqual(['1.2', true, false]);
  server.on('/alerts', (response) => {
    response.writeHead(200, { 'x-api-version': '2.0' });
    response.write('{'); // and never the rest
  });
  expect(await failureOf(client.alerts.list())).toBeInstanceOf(VersionError);
});
