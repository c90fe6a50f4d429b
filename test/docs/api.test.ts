/** The road of docs/api.md, as it stands there: from the first password to an approved action, in one shell. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fleetPorts, freePorts } from '../support/ports.ts';
import { startFleet, type Fleet } from '../support/fleet.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'aurora-api-'));
const log = join(folder, 'aurora.log');
let env: NodeJS.ProcessEnv;
let fleet: Fleet;

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  const ports = Object.entries(await fleetPorts()).map(([id, each]) => `${id}=${each}`);
  env = {
    ...process.env,
    AURORA_DATA: join(folder, 'data'),
    AURORA_PORTS: ports.join(','),
    AURORA_API_PORT: String(port),
    API: `http://127.0.0.1:${port}/api/v1`,
    LOG: log,
  };
  fleet = await startFleet(env, { log: openSync(log, 'a') });
  for (const name of ['examples', 'node_modules']) symlinkSync(join(root, name), join(folder, name));
}, 180_000);

afterAll(async () => {
  await fleet.stop();
  rmSync(folder, { recursive: true, force: true });
}, 40_000);

test('every line runs, and the road ends where the page says', () => {
  const page = readFileSync(join(root, 'docs', 'api.md'), 'utf8');
  const blocks = [...page.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  expect(blocks.length).toBeGreaterThan(6);
  // What the page sets must not be taken for configuration by the next command of the same shell.
  const aurora = `node "${join(root, 'bin', 'aurora.mjs')}" config >/dev/null`;
  const script = ['set -euo pipefail', ...blocks, aurora].join('\n');
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, env, encoding: 'utf8' });
  expect(status, `${stdout}\n${stderr}`).toBe(0);
  expect(stdout).toContain('nothing was lost');
  expect(stdout).toContain('"verdict":"suspicious"');
  expect(stdout).toMatch(/"votes":\[\{"by":"user:anna","decision":"approve"/);
}, 120_000);
