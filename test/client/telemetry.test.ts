/** What a client tells of itself, and how its polling gives way. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CallRecord, Client, DeprecationRecord, RetryRecord } from '../../client/index.ts';
import { clientOn, createMachine, type Machine } from './machine.ts';
import { answer, EMPTY, refuse, startRudeServer, type RudeServer } from './rude-server.ts';

let server: RudeServer;
let machine: Machine;
let client: Client;
let calls: CallRecord[];
let retries: RetryRecord[];
let deprecations: DeprecationRecord[];

beforeEach(async () => {
  server = await startRudeServer();
  machine = createMachine();
  [calls, retries, deprecations] = [[], [], []];
  client = clientOn(server.url, machine, {
    hooks: {
      onCall: (record) => void calls.push(record),
      onRetry: (record) => void retries.push(record),
      onDeprecation(record) {
        deprecations.push(record);
        throw new Error('a hook that throws disturbs nobody');
      },
    },
  });
});
afterEach(async () => {
  client.close();
  await server.close();
});

test('REQ-K04: every call tells its latency, its attempts and its failure', async () => {
  server.on('/alerts', refuse(5030), refuse(5030), answer(200, EMPTY));
  server.on('/users/me', refuse(4030));
  await client.alerts.list();
  await client.users.me().catch(() => undefined);
  expect(calls.map(({ operation, attempts }) => [operation, attempts])).toEqual([
    ['auth.token', 1],
    ['alerts.list', 3],
    ['users.me', 1],
  ]);
  expect(calls[1]?.latency_ms).toBe(3_000);
  expect(calls[2]?.error).toMatchObject({ status: 403 });
  expect(retries.map(({ attempt, wait_ms }) => [attempt, wait_ms])).toEqual([
    [1, 1_000],
    [2, 2_000],
  ]);
});

test('REQ-K23: p95 of the latencies and the rate of repetitions are there to be read', async () => {
  expect(client.stats()).toEqual({
    calls: 0,
    failures: 0,
    retries: 0,
    retry_rate: 0,
    p95_ms: undefined,
    outages: [],
  });
  server.on('/alerts', answer(200, EMPTY));
  for (let count = 0; count < 18; count += 1) await client.alerts.list();
  server.on('/alerts', refuse(5030), answer(200, EMPTY));
  await client.alerts.list();
  // Nineteen calls and the one that signed in: one of twenty was slow.
  expect(client.stats()).toMatchObject({ calls: 20, failures: 0, retries: 1, retry_rate: 0.05, p95_ms: 0 });
  server.on('/alerts', refuse(5030), answer(200, EMPTY));
  await client.alerts.list();
  expect(client.stats().p95_ms).toBe(1_000);
});

test('REQ-K18: a part that is out is named while the rest works, until it works again', async () => {
  server.on('/alerts', refuse(5030));
  server.on(
    '/users/me',
    answer(200, { username: 'ada', role: 'analyst', permissions: [], session_id: null, key_id: null }),
  );
  await client.alerts.list().catch(() => undefined);
  await client.users.me();
  expect(client.stats().outages).toEqual(['alerts']);
  server.on('/alerts', answer(200, EMPTY));
  await client.alerts.list();
  expect(client.stats().outages).toEqual([]);
});

test('REQ-V02: a route that will be gone is told once, with its last day', async () => {
  server.on('/alerts', answer(200, EMPTY, { deprecation: 'true', sunset: '2027-01-01T00:00:00.000Z' }));
  await client.alerts.list();
  await client.alerts.list();
  expect(deprecations).toEqual([{ operation: 'alerts.list', sunset: '2027-01-01T00:00:00.000Z', instead: undefined }]);
});

test('REQ-K21: what is polled is asked one by one at a common beat, once for all who watch it', async () => {
  const beats: (() => void)[] = [];
  const sleep = () => new Promise<void>((resolve) => void beats.push(resolve));
  const own = clientOn(server.url, { ...machine, platform: { ...machine.platform, sleep } });
  server.on('/alerts', answer(200, EMPTY), refuse(4042), answer(200, EMPTY));
  server.on('/agents', answer(200, EMPTY));
  const heard: string[] = [];
  const batch = own.batch();
  const alerts = batch.question(() => own.alerts.list({ limit: 5 }));
  const agents = batch.question(() => own.agents.list());
  const stop = alerts.watch(
    () => void heard.push('alerts 1'),
    () => void heard.push('failed 1'),
  );
  alerts.watch(() => void heard.push('alerts 2'));
  const first = new Promise<void>((resolve) => void agents.watch(() => resolve()));
  await first;
  expect(heard).toEqual(['alerts 1', 'alerts 2']);
  await beat();
  expect(heard.slice(2)).toEqual(['failed 1']);
  stop();
  await beat();
  expect(heard.slice(3)).toEqual(['alerts 2']);
  expect(server.got.filter(({ url }) => url.includes('/alerts'))).toHaveLength(3);
  batch.close();
  own.close();

  async function beat(): Promise<void> {
    while (beats.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const asked = server.got.length;
    beats.shift()?.();
    await server.reached('', asked + 2);
    while (beats.length === 0) await new Promise((resolve) => setImmediate(resolve));
  }
});

test('REQ-K21: a watcher that throws keeps neither the others nor the next beat from theirs', async () => {
  server.on('/alerts', answer(200, EMPTY), refuse(4042), answer(200, EMPTY));
  const heard: string[] = [];
  const batch = client.batch();
  const question = batch.question(() => client.alerts.list());
  const broken = (): never => {
    throw new Error('a watcher that is broken');
  };
  question.watch(broken, broken);
  await new Promise<void>((resolve) => {
    question.watch(
      () => {
        heard.push('answer');
        if (heard.length === 3) resolve();
      },
      () => void heard.push('failure'),
    );
  });
  batch.close();
  expect(heard).toEqual(['answer', 'failure', 'answer']);
});

test('REQ-K21: polling stands back while little is left of the budget, and comes back with the next minute', async () => {
  const reset_s = Math.floor(machine.clock.now() / 1_000) + 45;
  const left = (remaining: number) => ({
    'x-ratelimit-limit': '100',
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(reset_s),
  });
  server.on('/alerts', answer(200, EMPTY, left(19)));
  await client.alerts.list();
  const answered = new Promise<void>((resolve) => {
    const stop = client.batch({ every_ms: 30_000 }).question(() => client.alerts.list());
    const end = stop.watch(() => {
      end();
      resolve();
    });
  });
  await answered;
  expect(machine.pauses.slice(0, 2)).toEqual([30_000, 30_000]);
});
