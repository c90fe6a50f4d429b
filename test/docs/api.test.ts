/** The road of docs/api.md, as it stands there: from the first password to an approved action, in one shell. */
import { mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../support/child.ts';
import { fleetPorts, freePorts } from '../support/ports.ts';
import { startFleet, type Fleet } from '../support/fleet.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'aurora-api-'));
const log = join(folder, 'aurora.log');
/** For a machine that does much else; a quiet one takes ten seconds. */
const ROAD_MS_MAX = 180_000;
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

test('every line runs, and the road ends where the page says', { timeout: ROAD_MS_MAX + 20_000 }, () => {
  const page = readFileSync(join(root, 'docs', 'api.md'), 'utf8');
  const blocks = [...page.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  expect(blocks.length).toBeGreaterThan(6);
  // What the page sets must not be taken for configuration by the next command of the same shell.
  const aurora = `node "${join(root, 'bin', 'aurora.mjs')}" config >/dev/null`;
  const script = ['set -euo pipefail', ...blocks, aurora].join('\n');
  const stdout = run('bash', ['-c', script], { cwd: folder, env, ms_max: ROAD_MS_MAX });
  expect(stdout).toContain('nothing was lost');
  expect(stdout).toContain('"verdict":"suspicious"');
  expect(stdout).toMatch(/"votes":\[\{"by":"user:anna","decision":"approve"/);
});
