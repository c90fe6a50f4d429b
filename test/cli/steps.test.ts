/** Following an investigation through the API: how little it asks for, and what it tells all the same. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadConfig, type Config } from '../../boot/index.ts';
import { throughApi } from '../../cli/api-way.ts';
import { systemPlatform } from '../../client/index.ts';
import type { ProgressEvent } from '../../protocol/index.ts';
import { answer, refuse, startRudeServer, tokenPair, type RudeServer } from '../client/rude-server.ts';

const AT = '2026-01-01T00:00:00.000Z';
let server: RudeServer;
let config: Config;
let data: string;

beforeEach(async () => {
  server = await startRudeServer();
  data = mkdtempSync(join(tmpdir(), 'aurora-steps-'));
  config = loadConfig({ env: {}, flags: { data } });
  const note = { url: 'ws://127.0.0.1:1', pid: process.pid, instance_id: 'inst_a', api_url: server.url };
  writeFileSync(join(data, 'running.json'), JSON.stringify(note));
  writeFileSync(join(data, 'login.json'), JSON.stringify({ api_url: server.url, tokens: tokenPair(0) }));
  server.onSocket((socket, { url }) => {
    const told = { type: 'heartbeat', seq: 1, at: AT, id: null, data: null };
    socket.send(JSON.stringify(told));
    if (!url.includes('tool-calls')) return;
    socket.send(
      JSON.stringify({ ...told, type: 'tool_call', seq: 2, id: 'task_a:2', data: step('task_a:2', 'later') }),
    );
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server.close();
  rmSync(data, { recursive: true, force: true });
});

const row = (task_id: string, seq: number, type: string, agent_id: string) => ({
  task_id,
  seq,
  at: AT,
  type,
  fence: 1,
  payload: { agent_id, skill: 'look' },
  hash: 'x',
});
const step = (call_id: string, tool: string, investigation_id = 'task_root') => ({
  call_id,
  agent_id: 'agent-a',
  investigation_id,
  task_id: 'task_a',
  skill: 'look',
  tool,
  input_digest: null,
  outcome: 'ok',
  duration_ms: 1,
  at: AT,
});
const page = (...items: object[]) => answer(200, { items, next_cursor: null });
const LEASED = row('task_a', 1, 'leased', 'agent-a');
const DONE = [row('task_a', 2, 'succeeded', 'agent-a'), row('task_root', 1, 'succeeded', 'orchestrator')];
const STEPS = page(step('task_a:1', 'first'), step('task_b:1', 'of another', 'task_other'));
const upgrades = () => server.got.filter(({ method }) => method === 'UPGRADE').map(({ url }) => url.split('/ws/')[1]);

/** The steps that are told until it is over. */
const followed = () =>
  throughApi(config, async ({ subscribe }) => {
    const told: ProgressEvent[] = [];
    await new Promise<void>((resolve, reject) => {
      const onEvent = (event: ProgressEvent) => {
        told.push(event);
        if (!event.source && event.kind === 'status') resolve();
      };
      subscribe('task/subscribe', { task_id: 'task_root' }, onEvent).catch(reject);
    });
    return told.filter(({ kind }) => kind === 'tool_call').map(({ value }) => (value as { tool: string }).tool);
  });

test('whoever worked for a moment is read once, and nobody else is asked: two streams, whatever the fleet', async () => {
  vi.spyOn(systemPlatform, 'sleep').mockResolvedValue();
  server.on('/investigations/task_root/events', page(LEASED, ...DONE));
  server.on('/agents/agent-a/tool-calls', STEPS);
  expect(await followed()).toEqual({ value: ['first'] });
  expect(upgrades().sort()).toEqual(['agent-thoughts', 'investigation-receipts']);
  expect(server.got.filter(({ url, method }) => url.includes('/agents') && method === 'GET')).toHaveLength(1);
});

test('whoever works for longer is followed from then on, with what they did before', async () => {
  vi.spyOn(systemPlatform, 'sleep').mockImplementation(async () => {
    if (server.got.some(({ url }) => url.includes('/events'))) await server.reached('/agents/agent-a/tool-calls', 1);
  });
  server.on('/investigations/task_root/events', page(LEASED), page(LEASED, ...DONE));
  server.on('/agents/agent-a/tool-calls', STEPS);
  expect((await followed())?.value.sort()).toEqual(['first', 'later']);
  expect(upgrades()).toContain('agents/agent-a/tool-calls');
});

test('steps that may not be read are not told, and the rest is; a pause of seconds is said', async () => {
  vi.spyOn(systemPlatform, 'sleep').mockResolvedValue();
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  server.refuseSockets({ status: 429, headers: ['Retry-After: 42'] });
  server.on('/investigations/task_root/events', page(LEASED, ...DONE));
  server.on('/agents/agent-a/tool-calls', refuse(4030));
  expect(await followed()).toEqual({ value: [] });
  expect(said.join('')).toMatch(/^aurora: the API .* waits 4[23] s\n$/);
});
