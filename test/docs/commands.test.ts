/** Every command in README and docs runs, as it stands, against a fleet of this checkout. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fleetPorts } from '../support/ports.ts';
import { startFleet, type Fleet } from '../support/fleet.ts';

const root = join(import.meta.dirname, '..', '..');
const data = mkdtempSync(join(tmpdir(), 'aurora-docs-'));
/** Made for an empty folder instead of a checkout: add-an-agent.test.ts runs it there. */
const other_place = 'add-an-agent.md';
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md') && name !== other_place)
    .map((name) => join('docs', name)),
];
/** Proven elsewhere: the suite cannot run itself, the demo has a test of its own, and a checkout is no place to try `create` in. */
const elsewhere = new Set([
  'npm run demo',
  'npm test',
  'node bin/aurora.mjs create agent secret-scanner --skill find_secrets',
]);

/** What measures needs a quiet machine and peers from the registry: it is run by hand. */
const MEASURING = 'npm run bench';

let ports: Record<string, number> = {};
let fleet: Fleet;

beforeAll(async () => {
  ports = await fleetPorts();
  fleet = await startFleet(environment());
}, 120_000);

afterAll(async () => {
  await fleet.stop();
  rmSync(data, { recursive: true, force: true });
}, 40_000);

describe.each(pages.filter((page) => commandsIn(page).length > 0))('%s', (page) => {
  test.each(commandsIn(page))(
    '%s',
    async (command) => {
      const at = command
        .replace(':9000', `:${ports['orchestrator']}`)
        .replace(':9002', `:${ports['threat-intel']}`)
        .replace(':9008', `:${ports['web-security']}`)
        .replace(':9009', `:${ports['email-security']}`);
      const { code, stderr } = await run(at);
      expect(code, stderr).toBe(0);
    },
    60_000,
  );
});

test('the pages name commands at all', () => {
  expect(pages.flatMap(commandsIn).length).toBeGreaterThan(8);
});

/** The lines of all `sh` blocks, without their comments. */
function commandsIn(page: string): string[] {
  return [...readFileSync(join(root, page), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.replace(/\s+# .*$/, '').trim())
    .filter((line) => line !== '' && !elsewhere.has(line) && !line.startsWith(MEASURING));
}

/** Beside us, not instead of us: while nobody reads what the fleet says, it waits to say it. */
const run = (command: string): Promise<{ code: number | string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(
      'bash',
      ['-c', command],
      { cwd: root, env: environment(), maxBuffer: SAID_BYTES_MAX },
      (error, _out, stderr) => resolve({ code: error ? (error.code ?? 'killed') : 0, stderr }),
    );
  });

const SAID_BYTES_MAX = 33_554_432;

function environment(): NodeJS.ProcessEnv {
  const given = Object.entries(ports).map(([id, port]) => `${id}=${port}`);
  return { ...process.env, AURORA_DATA: data, AURORA_PORTS: given.join(','), AURORA_API_PORT: '0' };
}
