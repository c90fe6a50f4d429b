/** The fleet as real processes from what was built: each its own, restarted, given up, drained, gone with its parent. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  addOperator,
  connectOrchestrator,
  FleetError,
  loadConfig,
  placeOf,
  PortTakenError,
  startFleet,
  startTogether,
  type Config,
  type ConfigFlags,
  type Fleet,
  type FleetEvent,
} from '../../boot/index.ts';
import { AnalysisResult } from '../../protocol/index.ts';
import { addPins, filePins } from '../../boot/pins.ts';
import { aurora } from '../support/aurora.ts';
import { setUp } from '../support/child.ts';
import { freePorts } from '../support/ports.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'aurora-fleet-'));
let events: FleetEvent[] = [];
let listeners: (() => void)[] = [];
let count = 0;
beforeAll(setUp, 180_000);
beforeEach(() => {
  events = [];
  listeners = [];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('REQ-M04: one process on one port each; one that dies comes back on its port as somebody new, and is used again; stop ends all', async () => {
  const { config, flags } = configured({ agents: ['threat-intel', 'web-security'], replicas: { 'web-security': 2 } });
  const fleet = await startFleet({ config, flags, free_ports: true, quiet: true, onEvent });
  const before = fleet.members();
  expect(before.map(({ id }) => id)).toEqual(['orchestrator', 'threat-intel', 'web-security', 'web-security']);
  expect(new Set(before.map(({ pid }) => pid)).size).toBe(4);
  expect(new Set(before.map(({ url = '' }) => new URL(url).port)).size).toBe(4);
  expect(new Set(before.map(({ instance_id }) => instance_id)).size).toBe(4);

  const victim = before[1];
  process.kill(victim?.pid ?? 0, 'SIGKILL');
  await until(() => events.filter(({ id, what }) => id === 'threat-intel' && what === 'up').length === 2);
  expect(events.find(({ what }) => what === 'died')).toMatchObject({
    id: 'threat-intel',
    pid: victim?.pid,
    detail: 'signal SIGKILL',
  });
  const heir = fleet.members()[1];
  expect(heir?.url).toBe(victim?.url);
  expect([heir?.pid, heir?.instance_id]).not.toEqual([victim?.pid, victim?.instance_id]);
  expect(await judged(fleet, config)).toMatch(/^(benign|suspicious|malicious|inconclusive)$/);

  const pids = fleet.members().map(({ pid }) => pid);
  await fleet.stop();
  expect(pids.filter(isAlive)).toEqual([]);
}, 120_000);

test('an agent whose port is taken is given up at once and said so; the others serve', async () => {
  const held = createServer().listen(0, '127.0.0.1');
  await once(held, 'listening');
  const address = held.address();
  const taken = typeof address === 'object' && address ? address.port : 0;
  const [orchestrator = 0, web = 0] = await freePorts(2);
  const ports = { orchestrator, 'web-security': web, 'threat-intel': taken };
  const { config, flags } = configured({ agents: ['threat-intel', 'web-security'], ports });
  const fleet = await startFleet({ config, flags, quiet: true, onEvent });
  const said = events.filter(({ id }) => id === 'threat-intel').map(({ what }) => what);
  expect(said).toEqual(['died', 'given_up']);
  expect(events.find(({ what }) => what === 'given_up')?.detail).toMatch(/its port is taken.*threat-intel\.log/);
  const peer = await connectOrchestrator({ url: fleet.url, data: config.data });
  const { items } = Listed.parse(await peer.request('agent/list', {}));
  expect(items).toContainEqual({ agent_id: 'threat-intel', state: 'offline', url: `ws://127.0.0.1:${taken}` });
  peer.close(1000, 'done');
  await fleet.stop();
  held.close();
}, 120_000);

test('an orchestrator that cannot start fails the whole start, and nothing is left running', async () => {
  const [orchestrator = 0, intel = 0] = await freePorts(2);
  const ports = { orchestrator, 'threat-intel': intel };
  const { config, flags } = configured({ agents: ['threat-intel'], ports });
  const unusable = { ...flags, policy: { rules: 'no list' } };
  await expect(startFleet({ config, flags: unusable, quiet: true, onEvent })).rejects.toThrow(FleetError);
  expect(events.flatMap(({ pid }) => (isAlive(pid) ? [pid] : []))).toEqual([]);
}, 120_000);

describe('a port that the fleet cannot do without is taken', () => {
  const held = createServer();
  let taken = 0;
  beforeAll(async () => {
    held.listen(0, '127.0.0.1');
    await once(held, 'listening');
    const address = held.address();
    taken = typeof address === 'object' && address ? address.port : 0;
  });
  afterAll(() => void held.close());
  const startBy = { processes: startFleet, 'one process': startTogether };

  test.each(['processes', 'one process'] as const)('%s: it is noticed before anything is started', async (name) => {
    const [orchestrator = 0, intel = 0] = await freePorts(2);
    for (const [flags, said] of [
      [{ ports: { orchestrator: taken, 'threat-intel': intel } }, `port ${taken} of the orchestrator is taken`],
      [{ ports: { orchestrator, 'threat-intel': intel }, api: { port: taken } }, `port ${taken} of the API is taken`],
    ] as const) {
      const { config, flags: given } = configured({ agents: ['threat-intel'], ...flags });
      const starting = startBy[name]({ config, flags: given, quiet: true, onEvent });
      await expect(starting).rejects.toThrow(PortTakenError);
      await expect(starting).rejects.toThrow(said);
      expect([events, existsSync(config.data)]).toEqual([[], false]);
    }
  });

  test('aurora up ends with 79 and says how to give another', async () => {
    const [orchestrator] = await freePorts(1);
    const args = ['up', '--data', join(folder, 'taken'), '--port', String(orchestrator), '--api-port', String(taken)];
    expect(await aurora(args)).toEqual({
      code: 79,
      stdout: '',
      stderr: `aurora: port ${taken} of the API is taken, so nothing was started: stop who has it, or give another with --api-port\n`,
    });
  });

  test('one process: a taken port of an agent ends it too, with those that serve already', async () => {
    const [orchestrator = 0, web = 0] = await freePorts(2);
    const ports = { orchestrator, 'web-security': web, 'threat-intel': taken };
    const { config } = configured({ agents: ['web-security', 'threat-intel'], ports });
    await expect(startTogether({ config })).rejects.toThrow(/^a port is taken \(.*AURORA_PORTS/);
    expect(await isFree(web)).toBe(true);
  });

  test('those of all agents, as where another fleet runs: it is noticed before any of them is started', async () => {
    const [orchestrator = 0] = await freePorts(1);
    const { config, flags } = configured({ agents: ['threat-intel'], ports: { orchestrator, 'threat-intel': taken } });
    await expect(startFleet({ config, flags, onEvent })).rejects.toThrow(/^the ports of all agents are taken/);
    expect([events, existsSync(config.data)]).toEqual([[], false]);
  });

  test('two that are to share one are a mistake of the configuration', async () => {
    const [port = 0] = await freePorts(1);
    const shared = configured({ agents: ['threat-intel'], ports: { orchestrator: port }, api: { port } });
    const said = `port ${port} is given to the orchestrator and to the API: see --api-port`;
    await expect(startFleet({ ...shared, onEvent })).rejects.toThrow(said);
    const eaten = configured({ agents: ['threat-intel'], ports: { orchestrator: port, 'threat-intel': port } });
    await expect(startFleet({ ...eaten, onEvent })).rejects.toThrow(`port ${port} is given to threat-intel and to`);
    expect(events).toEqual([]);
  });
});

test('children end when their parent is killed, so that no port stays taken', async () => {
  const [orchestrator, intel] = await freePorts(2);
  const env = {
    ...process.env,
    AURORA_DATA: join(folder, 'orphans'),
    AURORA_PORTS: `orchestrator=${orchestrator},threat-intel=${intel}`,
    AURORA_API_PORT: '0',
  };
  const args = [join(root, 'bin', 'aurora.mjs'), '--json', 'up', '--agents', 'threat-intel'];
  const parent = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  await new Promise<void>((resolve) =>
    parent.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('"orchestrator"')) resolve();
    }),
  );
  const pids = [...said.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid));
  expect(pids.filter(isAlive)).toHaveLength(2);
  parent.kill('SIGKILL');
  await until(() => pids.filter(isAlive).length === 0);
}, 60_000);

test('a process says what it lacks: no role, no such agent, no key, nobody there', async () => {
  const env = { ...process.env, AURORA_DATA: join(folder, 'bare') };
  const runs: [string[], number, string][] = [
    [[], 2, 'say what to be'],
    [['agent'], 78, 'say which agent'],
    [['agent', 'nobody'], 78, 'there is no agent nobody'],
    [['agent', 'threat-intel'], 78, 'aurora agents enroll'],
    [['health', 'threat-intel'], 1, 'No answer'],
    [['keys'], 0, 'keys and pins are in'],
  ];
  for (const [args, code, sentence] of runs) {
    const given = { ...env, AURORA_PORTS: `threat-intel=${(await freePorts(1))[0]}` };
    const child = spawn(process.execPath, [join(root, 'dist', 'boot', 'process.js'), ...args], { env: given });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    expect([await once(child, 'close'), said]).toEqual([[code, null], expect.stringContaining(sentence)]);
  }
}, 60_000);

test('all in one process answers like the fleet, on every address of the machine dialled over loopback', async () => {
  const { config } = configured({ agents: ['threat-intel'], host: '0.0.0.0', tls: 'terminated-by-proxy' });
  const fleet = await startTogether({ config, free_ports: true, onEvent });
  expect(fleet.members().map(({ pid }) => pid)).toEqual([process.pid, process.pid]);
  expect(fleet.url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
  expect(await judged(fleet, config)).toMatch(/^(benign|suspicious|malicious|inconclusive)$/);
  await fleet.stop();
}, 60_000);

test('an operator that nobody pinned may do nothing; an orchestrator that nobody pinned is not talked to', async () => {
  const { config } = configured({ agents: ['threat-intel'] });
  const fleet = await startTogether({ config, free_ports: true });
  const { config: stranger } = configured({});
  const { pins } = placeOf(stranger.data);
  addOperator(stranger, 'local');
  const dialled = { url: fleet.url, data: stranger.data };
  await expect(connectOrchestrator(dialled)).rejects.toMatchObject({ code: 4010 });

  const known = filePins(placeOf(config.data).pins).of('orchestrator');
  addPins(pins, known ? [known] : []);
  const peer = await connectOrchestrator(dialled);
  await expect(peer.request('agent/list', {})).rejects.toMatchObject({ code: 5030, detail: { close_code: 4001 } });
  peer.close(1000, 'done');
  await fleet.stop();
}, 60_000);

const Listed = z.object({
  items: z.array(z.object({ agent_id: z.string(), state: z.string(), url: z.string() })),
});

/** A data folder of its own, and the flags that bring the processes to the same configuration. */
function configured(flags: ConfigFlags): { config: Config; flags: ConfigFlags } {
  const quiet: ConfigFlags = { log_level: 'silent', ...flags, data: join(folder, String(++count)) };
  return { config: loadConfig({ env: {}, flags: quiet }), flags: quiet };
}

/** The verdict of one handoff, given once the agent is online. */
async function judged(fleet: Fleet, config: Config): Promise<string> {
  const peer = await connectOrchestrator({ url: fleet.url, data: config.data });
  const params = { alert_id: 'a', iocs: [{ type: 'domain', value: 'login.example.com' }] };
  try {
    const asked = { to: { skill: 'analyze_threat' }, params };
    return AnalysisResult.parse(await peer.request('handoff', asked, { timeout_ms: 30_000 })).verdict;
  } finally {
    peer.close(1000, 'done');
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  return once(server, 'listening').then(
    () => new Promise((resolve) => server.close(() => resolve(true))),
    () => false,
  );
}

function onEvent(event: FleetEvent): void {
  events.push(event);
  for (const listener of listeners) listener();
}

/** Looks again whenever something happened, and now and then, for a process ends without telling us. */
function until(is_true: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(look, 50);
    listeners.push(look);
    function look(): void {
      if (!is_true()) return;
      clearInterval(timer);
      resolve();
    }
  });
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}
