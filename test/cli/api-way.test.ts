/** Whoever is signed in reaches the fleet through its API, and sees exactly what they saw over the mesh. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from '../../client/index.ts';
import { Task } from '../../protocol/index.ts';
import { aurora } from '../support/aurora.ts';
import { startFleet, type Fleet } from '../support/fleet.ts';
import { freePorts } from '../support/ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-api-way-'));
const data = join(folder, 'data');
const report = join(folder, 'report.txt');
const password = 'a password of my own';
let env: Record<string, string> = {};
let api_url = '';
let fleet: Fleet;

beforeAll(async () => {
  const [orchestrator, intel, api] = await freePorts(3);
  api_url = `http://127.0.0.1:${api}`;
  env = {
    AURORA_DATA: data,
    AURORA_AGENTS: 'threat-intel',
    AURORA_PORTS: `orchestrator=${orchestrator},threat-intel=${intel}`,
    AURORA_API_PORT: String(api),
  };
  writeFileSync(report, 'The implant at 45.33.32.156 fetched http://203.0.113.77/a.exe\n');
  fleet = await startFleet(env);
}, 240_000);

afterAll(async () => {
  await fleet.stop();
  rmSync(folder, { recursive: true, force: true });
}, 40_000);

test('investigate and history say the same through the API as over the mesh', async () => {
  const over_mesh = await aurora(['investigate', report], { env });
  expect(over_mesh.code, over_mesh.stderr).toBe(0);
  const first = readFileSync(join(data, 'first-admin-password'), 'utf8').trim();
  const login = await aurora(['login', 'admin', '--password-stdin'], {
    env,
    input: `${first}\n${password}\n`,
  });
  expect(login.code, login.stderr).toBe(0);

  const through_api = await aurora(['investigate', report], { env });
  expect(through_api.code, through_api.stderr).toBe(0);
  expect(steady(through_api.stdout)).toBe(steady(over_mesh.stdout));
  expect(linesOf(through_api.stderr)).toEqual(linesOf(over_mesh.stderr));
  expect(through_api.stderr).toMatch(/threat-intel\/extract_iocs +working on inst_/);

  const as_json = await aurora(['--json', 'investigate', report], { env });
  expect(Task.strict().parse(JSON.parse(as_json.stdout)).state).toBe('completed');

  const by_api = await aurora(['history', '--limit', '3'], { env });
  expect(by_api.code, by_api.stderr).toBe(0);

  const client = createClient({ base_url: api_url, credentials: { username: 'admin', password } });
  const { items } = await client.orchestrator.history({ limit: 200 });
  const roots = items.filter(({ skill }) => skill === 'investigate').map(({ requested_by }) => requested_by);
  expect(roots).toEqual(['user:admin', 'user:admin', expect.not.stringMatching(/^user:admin$/)]);
  client.close();

  const wrong = await aurora(['history', '--before', 'task_nobody'], { env });
  expect([wrong.code, wrong.stdout]).toEqual([2, '']);
  expect(wrong.stderr).toContain('AURORA-4220');

  // Nobody is signed in any more: the same question over the mesh.
  rmSync(join(data, 'login.json'));
  const by_mesh = await aurora(['history', '--limit', '3'], { env });
  expect([by_api.stdout, cursorless(by_api.stderr)]).toEqual([by_mesh.stdout, cursorless(by_mesh.stderr)]);
}, 120_000);

/** Without times and instances; thoughts and steps of one millisecond may stand in either order. */
const linesOf = (text: string): string[] =>
  steady(text)
    .replaceAll(/^\S+  /gm, '')
    .replaceAll(/inst_\w+/g, 'inst')
    .trim()
    .split('\n')
    .sort();

/** Each way has cursors of its own. */
const cursorless = (text: string): string => text.replace(/--before \S+/, '--before it');

/** Without what differs from run to run: ids and durations. */
const steady = (text: string): string =>
  text.replaceAll(/task_\w+/g, 'task').replaceAll(/\b\d+(\.\d+)? ?m?s\b/g, 'a while');
