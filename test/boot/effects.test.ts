/** The shipped effect driver: on record before and after, and truthful when it does nothing. */
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { fileActionLog } from '../../boot/action-log.ts';
import { auditedEffects, openEffects } from '../../boot/effects.ts';
import { ConfigError, loadConfig } from '../../boot/index.ts';
import { AuroraError } from '../../protocol/index.ts';
import { countingIds, manualClock, memoryLog, seededRandom, systemClock, type EffectOrder } from '../../seams/index.ts';

const root = mkdtempSync(join(tmpdir(), 'aurora-effects-'));
let data = root;
let count = 0;
let log = memoryLog();
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  data = join(root, String(++count));
  log = memoryLog();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const order: EffectOrder = {
  kind: 'endpoint_isolation',
  target: 'WS-042',
  desired: { state: 'contained' },
  effect_key: 'endpoint_isolation:WS-042',
  task_id: 'task_1',
  approval_id: 'approval_1',
  fence: 3,
  agent_id: 'incident-responder',
  at: '2026-01-01T00:00:00.000Z',
};
const never = new AbortController().signal;
const fileOf = () => join(data, 'actions', 'incident-responder.jsonl');
const records = () =>
  readFileSync(fileOf(), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

function driverOf(webhook?: { url: string; secret_file?: string; networks?: string[] }) {
  const config = loadConfig({ env: { AURORA_DATA: data }, flags: { effects: { webhook } } });
  const seams = { clock: systemClock, ids: countingIds(), random: seededRandom(1), log };
  const opened = openEffects('incident-responder', config, seams);
  cleanups.push(opened.close);
  return opened.driver;
}

async function receiver(status: number) {
  const bodies: unknown[] = [];
  /** What was on record when the call came in. */
  const seen: unknown[][] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      seen.push(records().map(({ state }) => state));
      bodies.push({ key: request.headers['idempotency-key'], ...(JSON.parse(text) as object) });
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { bodies, seen, url: `http://127.0.0.1:${port}/`, networks: ['127.0.0.0/8'] };
}

test('an action is on record before the webhook is called and after it answered, in a file of its owner alone', async () => {
  const { bodies, seen, url, networks } = await receiver(200);
  expect(await driverOf({ url, networks }).apply({ ...order, token: 'granted' }, never)).toEqual({
    action_id: 'action_000001',
  });
  expect(bodies).toEqual([{ key: 'task_1:endpoint_isolation:WS-042', ...order }]);
  expect(seen).toEqual([['intended']]);
  const about = { action_id: 'action_000001', ...order };
  expect(records()).toMatchObject([
    { ...about, state: 'intended' },
    { ...about, state: 'applied', outcome: { status: 200, tries: 1 } },
  ]);
  expect(readFileSync(fileOf(), 'utf8')).not.toContain('granted');
  expect(statSync(fileOf()).mode & 0o777).toBe(0o600);
});

test('a webhook that refuses is an error and a record that says failed', async () => {
  const { url, networks } = await receiver(403);
  await expect(driverOf({ url, networks }).apply(order, never)).rejects.toMatchObject({ code: 5000 });
  expect(records()).toMatchObject([{ state: 'intended' }, { state: 'failed', outcome: { code: 5000 } }]);
});

test('without a webhook nothing is applied, and that is what is said and recorded', async () => {
  const refusal = { code: 4120, message: 'no effect driver is configured: set effects.webhook.url for this agent' };
  await expect(driverOf().apply(order, never)).rejects.toMatchObject(refusal);
  expect(records()).toMatchObject([{ state: 'intended' }, { state: 'failed', outcome: refusal }]);
});

test('what cannot go on record is not done', async () => {
  let calls = 0;
  const actions = { write: () => Promise.reject(new Error('no space')) };
  const carry = async () => ({ calls: ++calls });
  const driver = auditedEffects(carry, { actions, clock: manualClock(), ids: countingIds(), log });
  await expect(driver.apply(order, never)).rejects.toMatchObject({ code: 5030 });
  expect(calls).toBe(0);
});

test('an end that cannot go on record stays the end that it was', async () => {
  let written = 0;
  const actions = { write: () => (++written % 2 === 0 ? Promise.reject(new Error('no space')) : Promise.resolve()) };
  let fails = false;
  const carry = async () => {
    if (fails) throw new AuroraError(5030, { message: 'away' });
    return {};
  };
  const driver = auditedEffects(carry, { actions, clock: manualClock(), ids: countingIds(), log });
  expect(await driver.apply(order, never)).toEqual({ action_id: 'action_000001' });
  fails = true;
  await expect(driver.apply(order, never)).rejects.toMatchObject({ message: 'away' });
  expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
});

test('records come one after another, and a line that a crash left half written swallows none', async () => {
  const file = join(data, 'actions', 'incident-responder.jsonl');
  const first = fileActionLog(file);
  await Promise.all([1, 2, 3].map((nth) => first.write({ nth })));
  await first.close();
  appendFileSync(file, '{"nth":4,"sta');
  const second = fileActionLog(file);
  await second.write({ nth: 5 });
  await second.close();
  const lines = readFileSync(file, 'utf8').split('\n');
  expect(lines).toEqual(['{"nth":1}', '{"nth":2}', '{"nth":3}', '{"nth":4,"sta', '{"nth":5}', '']);
});

test('a secret that is not there, or empty, is refused at the start by the name of its key', () => {
  const empty = join(root, 'empty.secret');
  writeFileSync(empty, '\n');
  for (const [secret_file, sentence] of [
    [join(root, 'none'), 'cannot be read'],
    [empty, 'is empty'],
  ] as const) {
    const open = () => driverOf({ url: 'https://hooks.example/', secret_file });
    expect(open).toThrow(ConfigError);
    expect(open).toThrow(`effects.webhook.secret_file: ${secret_file} ${sentence}`);
  }
});

test('the webhook is configured like everything else, and an address of another kind is refused by name', () => {
  const env = {
    AURORA_DATA: data,
    AURORA_EFFECTS_WEBHOOK_URL: 'https://hooks.example/act',
    AURORA_EFFECTS_WEBHOOK_SECRET_FILE: '/run/secrets/hook',
    AURORA_EFFECTS_WEBHOOK_NETWORKS: '10.20.0.0/16, fd00::/8',
  };
  expect(loadConfig({ env }).effects).toEqual({
    webhook: {
      url: 'https://hooks.example/act',
      secret_file: '/run/secrets/hook',
      networks: ['10.20.0.0/16', 'fd00::/8'],
    },
  });
  expect(loadConfig({ env: { AURORA_DATA: data } }).effects).toEqual({});
  const wrong = { ...env, AURORA_EFFECTS_WEBHOOK_URL: 'file:///etc/passwd' };
  expect(() => loadConfig({ env: wrong })).toThrow('the address of a webhook is an http: or https: URL');
});
