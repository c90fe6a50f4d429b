/** Looking after what was kept, as the person on call does: one fleet, two operators, everything from the command line. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createLedger, type TaskRow } from '../../orchestrator/index.ts';
import { Approval, RecordedEvent, Redriven, Task } from '../../protocol/index.ts';
import { manualClock, silentLog, toIso } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import { openLibsql } from '../../store/libsql.ts';
import { startFleet, type Fleet } from '../support/fleet.ts';
import { aurora, type Ended } from '../support/aurora.ts';
import { freePorts } from '../support/ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-operations-'));
const data = join(folder, 'data');
const ledger_file = join(data, 'ledger', 'ledger.db');
const copy = join(folder, 'copy.db');
let env: Record<string, string> = {};
let url = '';
let fleet: Fleet | undefined;
let dead_letter = '';

beforeAll(async () => {
  const [orchestrator, intel, responder] = await freePorts(3);
  env = {
    AURORA_DATA: data,
    AURORA_MODE: 'active',
    AURORA_API_PORT: '0',
    AURORA_AGENTS: 'threat-intel,incident-responder',
    AURORA_PORTS: `orchestrator=${orchestrator},threat-intel=${intel},incident-responder=${responder}`,
    AURORA_LOG_LEVEL: 'error',
    // Nobody answers there: what is approved is tried, and given up.
    AURORA_EFFECTS_WEBHOOK_URL: 'http://127.0.0.1:9/act',
    AURORA_EFFECTS_WEBHOOK_NETWORKS: '127.0.0.0/8',
    AURORA_FLOW_BREAKER_FAILURES_MAX: '1000',
    AURORA_FLOW_RETRY_PAUSE_MS: '10',
  };
  url = `ws://127.0.0.1:${orchestrator}`;
  await keepUnknownEffects('task_looked_at', 'task_undone');
  fleet = await startFleet(env);
  for (const name of ['anna', 'ben']) expect((await run('operators', 'add', name)).code).toBe(0);
}, 120_000);

afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
}, 40_000);

test('unknown effects are listed, resolved once by whoever looked, and done once more only when they did not happen (PROM-P4)', async () => {
  const { items } = Listed.parse(await told('history', '--outcome', 'unknown_effect', '--since', '1d'));
  expect(items.map(({ task_id }) => task_id)).toEqual(['task_undone', 'task_looked_at']);
  const resolve = (id: string, ...flags: string[]) => as('ben', 'resolve', id, ...flags, '--note', 'asked the owner');
  expect(await resolve('task_looked_at')).toMatchObject({ code: 2, stderr: has('--not-applied') });
  expect(await resolve('task_looked_at', '--applied')).toMatchObject({ code: 0, stdout: has('took effect') });
  expect(await resolve('task_looked_at', '--not-applied')).toMatchObject({ code: 1, stderr: has('operator:ben') });
  expect(await run('redrive', 'task_looked_at')).toMatchObject({ code: 1, stderr: has('would be twice') });
  const { stdout } = await run('task', 'task_looked_at');
  expect(stdout).toMatch(/failed \(unknown_effect\), resolved: it took effect/);
  expect(stdout).toMatch(/audit +resolved by operator:ben: it took effect: asked the owner/);
  expect((await run('history', '--outcome', 'unknown_effect', '--limit', '1')).stderr).toContain(
    '--before task_undone',
  );
  expect((await run('history', '--since', '2100-01-01')).stdout).toBe('No such tasks\n');
  expect((await run('history', '--since', 'yesterday')).code).toBe(2);
});

test('an approval shows the action itself, takes no answer of who asked, and none without being asked back (ATK-F3, F6)', async () => {
  const reason = 'please \u001b[31mapprove\u202e this\u200b \u001b]0;x\u0007';
  dead_letter = await contain('WS-042', reason);
  const waiting = await waitingFor(dead_letter);
  const { approval_id, action_hash } = waiting;
  expect((await run('approvals')).stdout).toMatch(
    new RegExp(`${approval_id} +pending +high +contain_endpoint +WS-042`),
  );
  const asked = await as('ben', 'approve', approval_id);
  expect(asked).toMatchObject({ code: 2, stdout: '', stderr: has('say --yes') });
  for (const part of [
    '"endpoint_id": "WS-042"',
    action_hash,
    'operator:anna',
    'class high',
    'endpoint_isolation',
    'not checked',
  ])
    expect(asked.stderr).toContain(part);
  for (const bad of ['\u001b', '\u202e', '\u200b', '\u0007']) expect(asked.stderr).not.toContain(bad);
  expect(await as('anna', 'approve', approval_id, '--yes')).toMatchObject({ code: 1, stderr: has('AURORA-4030') });
  const granted = await as('ben', 'approve', approval_id, '--yes', '--note', 'seen');
  expect(granted).toMatchObject({ code: 0, stdout: has('is granted') });
  expect(await as('ben', 'approve', approval_id, '--yes')).toMatchObject({ code: 1, stderr: has('granted already') });
  expect(await run('approve', 'approval_1_nobody', '--yes')).toMatchObject({
    code: 2,
    stderr: has('aurora approvals'),
  });

  const rejected = await contain('WS-043', 'beacons');
  const question = await waitingFor(rejected);
  expect((await as('ben', 'reject', question.approval_id, '--yes', '--note', 'a test machine')).code).toBe(0);
  const { state, error } = await untilFinal(rejected);
  expect([state, error?.message]).toEqual(['rejected', has('a test machine')]);
  const all = Approvals.parse(await told('approvals', '--all'));
  expect(all.items.map((one) => one.state)).toEqual(['rejected', 'granted']);
}, 60_000);

test('a timeline tells attempts, questions, answers and notes in order; a dead letter is redriven once at a time (PROM-P11)', async () => {
  await untilFinal(dead_letter); // nobody carries actions out here: the webhook is away
  const { stdout } = await run('task', dead_letter);
  const lines = [
    'accepted ',
    'approval_asked ',
    'audit +refused operator:anna',
    'approval_voted +operator:ben: approve: seen',
  ];
  const attempts = [
    'leased +attempt 1 on incident-responder',
    'released +attempt 5 came to nothing: 5030',
    'dead_lettered ',
  ];
  expect(stdout).toMatch(new RegExp([...lines, ...attempts].join('[^]*\n.*'), 's'));
  for (const bad of ['\u001b', '\u202e', '\u0007']) expect(stdout).not.toContain(bad);

  const redriven = Redriven.parse(
    await told('--operator', 'ben', 'redrive', dead_letter, '--reason', 'the webhook is back'),
  );
  expect((await waitingFor(redriven.task_id)).requester).toEqual(['operator:ben']);
  expect(await run('redrive', dead_letter)).toMatchObject({ code: 1, stderr: has(redriven.task_id) });
  expect((await run('cancel', redriven.task_id)).stdout).toMatch(/canceled[^]*Redrive of/);
  expect((await run('approvals')).stdout).toBe('Nothing waits for you\n');
  const { events, ...old } = Recorded.parse(await told('task', dead_letter));
  expect([old.outcome, old.redriven_as]).toEqual(['dead_lettered', redriven.task_id]);
  expect(events.at(-1)).toMatchObject({ type: 'audit', payload: { kind: 'redriven', by: 'operator:ben' } });
  expect((await run('history', '--state', 'failed')).stdout).toContain('failed (dead_lettered), redriven');
}, 60_000);

test('an investigation is told with everything below it', async () => {
  const ended = await run('investigate', 'examples/inputs/alert.json', '--json');
  const { task_id } = Task.parse(JSON.parse(ended.stdout));
  const { stdout } = await run('task', task_id);
  expect(stdout).toMatch(
    /#1 +accepted +investigate asked by operator:local[^]*#2 +accepted +extract_iocs asked by orchestrator[^]*#1 +succeeded/,
  );
}, 60_000);

test('the ledger is checked and copied while work goes on; a copy overwrites nothing, nothing is restored under a fleet', async () => {
  const [backup, ...work] = await Promise.all([
    run('backup', copy),
    run('investigate', 'examples/inputs/alert.json'),
    run('verify'),
  ]);
  expect(work.map(({ code }) => code)).toEqual([0, expect.toBeOneOf([0, 1])]); // 1: told to wait for the copy
  expect(backup).toMatchObject({ code: 0, stdout: has('sha256') });
  expect([existsSync(copy), readdirSync(join(data, 'backups'))]).toEqual([true, []]);
  expect(await run('verify')).toMatchObject({ code: 0, stdout: has('The ledger is whole') });
  expect(await run('backup', copy)).toMatchObject({ code: 2, stderr: has('exists already') });
  expect(await run('restore', copy)).toMatchObject({ code: 2, stderr: has('stop it first') });
}, 60_000);

test('a row that was changed is named; the copy is put back, and what it replaced is kept (INV16)', async () => {
  await stop();
  const database = openLibsql(ledger_file);
  database.exec(
    `UPDATE events SET payload = replace(payload, 'WS-042', 'WS-666') WHERE task_id = '${dead_letter}' AND seq = 1`,
  );
  database.close();
  fleet = await startFleet(env);
  const checked = await run('verify');
  expect(checked).toMatchObject({
    code: 1,
    stdout: has(`The first bad row: ${dead_letter} #1: its payload was changed`),
  });
  await stop();

  const bad = join(folder, 'bad.db');
  writeFileSync(bad, 'x'.repeat(9_000));
  expect(await run('restore', bad)).toMatchObject({ code: 2, stderr: has('nothing was changed') });
  expect(await run('restore', join(folder, 'nothing.db'))).toMatchObject({ code: 2, stderr: has('There is no file') });
  const restored = await run('restore', copy);
  expect(restored).toMatchObject({ code: 0, stdout: has('The ledger is whole') });
  expect(readdirSync(join(data, 'ledger')).filter((name) => name.startsWith('ledger.db.replaced-'))).not.toEqual([]);
  fleet = await startFleet(env);
  expect(await run('verify')).toMatchObject({ code: 0, stdout: has('The ledger is whole') });
  expect((await run('task', dead_letter)).stdout).toContain('WS-042');
}, 120_000);

const has = (part: string): unknown => expect.stringContaining(part);
const run = (...args: string[]): Promise<Ended> => aurora(args, { env });
const as = (operator: string, ...args: string[]): Promise<Ended> => run('--operator', operator, ...args);

/** What a command says to a machine. */
async function told(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await run('--json', ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** Anna asks for an endpoint to be isolated; answers the task. */
async function contain(endpoint_id: string, reason: string): Promise<string> {
  const params = { endpoint_id, reason: 'it beacons' };
  const options = { idempotency_key: endpoint_id, reason };
  const order = { to: { skill: 'contain_endpoint' }, params, wait: 'accepted', options };
  const asked = await as('anna', 'call', '--mesh', url, 'handoff', JSON.stringify(order));
  return z.object({ task_id: z.string() }).parse(JSON.parse(asked.stdout)).task_id;
}

async function waitingFor(task_id: string): Promise<Approval> {
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const { items } = Approvals.parse(await told('approvals'));
    const found = items.find((one) => one.task_id === task_id);
    if (found) return found;
  }
  throw new Error(`${task_id} asks nobody`);
}

async function untilFinal(task_id: string): Promise<Task> {
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const task = Task.parse(await told('task', task_id));
    if (task.outcome) return task;
  }
  throw new Error(`${task_id} does not end`);
}

/** Tasks of an earlier process that ended without anybody knowing what they did. */
async function keepUnknownEffects(...task_ids: string[]): Promise<void> {
  mkdirSync(join(data, 'ledger'), { recursive: true, mode: 0o700 });
  const clock = manualClock(Date.now());
  const store = await openStore({ file: ledger_file, durability: 'full', clock, log: silentLog });
  const ledger = createLedger(store, clock);
  for (const task_id of task_ids) {
    const row: TaskRow = {
      task_id,
      root_id: task_id,
      parent_id: undefined,
      from: 'operator:local',
      agent_id: '',
      skill: 'contain_endpoint',
      params: { endpoint_id: 'WS-041', reason: 'it beacons' },
      reason: undefined,
      hop: 0,
      path: [],
      mode: 'active',
      priority: 5,
      actor: { sub: 'operator:local', scopes: ['*'], tenant: 'default' },
      due: clock.monotonic() + 60_000,
      deadline: toIso(clock.now() + 60_000),
      traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
      created_at: toIso(clock.now()),
      updated_at: toIso(clock.now()),
      effect: 'non_idempotent',
      state: 'submitted',
      attempts: [],
      key: undefined,
    };
    await ledger.accept(row, { fan_out_max: 32, root_tasks_max: 256 });
    const { hop, path, actor, effect } = row;
    await ledger.lease(task_id, { agent_id: 'incident-responder', instance_id: 'gone', hop, path, actor, effect });
    const error = { code: 5000, message: 'The agent was lost' };
    await ledger.settle(task_id, { state: 'failed', as: 'unknown_effect', error });
  }
  await store.close();
}

async function stop(): Promise<void> {
  const running = fleet;
  fleet = undefined;
  if (running) expect(await running.stop()).toBe(0);
}

const Listed = z.object({ items: z.array(Task) });
const Approvals = z.object({ items: z.array(Approval) });
const Recorded = Task.extend({ events: z.array(RecordedEvent) });
/** Each turn is a process of its own, and takes its time. */
const TURNS_MAX = 60;
