/** The page about agents of one's own, from an empty folder with the packed mesh in it, by its own words: nothing else is typed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run, setUp } from '../support/child.ts';
import { freePorts } from '../support/ports.ts';
import { startRegistry } from '../support/registry.ts';

const root = join(import.meta.dirname, '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'aurora-page-'));
const folder = join(scratch, 'empty');
const tarball = join(folder, 'aurora-mesh-0.1.0.tgz');
const page = readFileSync(join(root, 'docs', 'add-an-agent.md'), 'utf8');
const [beginning = [], ...fleet] = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) =>
  block.trim().split('\n'),
);
/** Commands that stay, each with what it says once it is of use. */
const staying: readonly [RegExp, string][] = [
  [/^npx aurora up$/, 'Ready at'],
  [/ npm start$/, '"state":"active"'],
];
const page_ms_max = 600_000; // for a machine that does much else; a quiet one takes a minute

const started: ChildProcess[] = [];
let registry: Awaited<ReturnType<typeof startRegistry>> | undefined;
let env: NodeJS.ProcessEnv;
let ports: number[];

beforeAll(async () => {
  mkdirSync(folder);
  setUp();
  run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: root });
  registry = await startRegistry();
  ports = await freePorts(3);
  env = {
    ...process.env,
    npm_config_registry: registry.url,
    npm_config_cache: join(scratch, 'cache'),
    npm_config_update_notifier: 'false',
    AURORA_DATA: join(scratch, 'data'),
    AURORA_AGENTS: 'threat-intel', // a small fleet is one too
    AURORA_PORTS: `orchestrator=${ports[0]},threat-intel=${ports[1]}`,
    AURORA_API_PORT: '0',
  };
}, page_ms_max);

afterAll(async () => {
  for (const child of started.toReversed()) await ended(child);
  registry?.close();
  rmSync(scratch, { recursive: true, force: true });
}, page_ms_max);

test('an agent is made, installed and tested from the packed mesh alone', { timeout: page_ms_max }, async () => {
  expect(beginning.length).toBeGreaterThan(2);
  for (const line of beginning) await runLine(line);
});

test(
  'it joins a fleet, answers strangers, and its findings stand in an investigation',
  { timeout: page_ms_max },
  async () => {
    const said = new Map<string, string>();
    for (const line of fleet.flat()) {
      const ready = staying.find(([pattern]) => pattern.test(line))?.[1];
      if (ready === undefined) said.set(line, await runLine(line));
      else await start(line, ready);
    }
    expect(said.get('npx aurora agents')).toContain('secret-scanner');
    expect(said.get('npx aurora investigate note.txt')).toMatch(/An AWS access key id[^]*secret-scanner/);
    expect([...said].find(([line]) => line.includes('find_secrets'))?.[1]).toContain('aws_key-1');
  },
);

test(
  'its types resolve as Node and as bundlers look for them, also when libraries are checked',
  { timeout: page_ms_max },
  async () => {
    const lines = ['agent', 'client', 'conformance', 'protocol'].map(
      (door) => `export * as ${door} from 'aurora-mesh/${door}';`,
    );
    writeFileSync(join(folder, 'doors.ts'), lines.join('\n'));
    const common = '--ignoreConfig --noEmit --strict --target es2023 --types node --skipLibCheck false doors.ts';
    for (const way of ['--module nodenext', '--module esnext --moduleResolution bundler'])
      await runLine(`npx tsc ${way} ${common}`);
  },
);

test('a linter of packages has nothing to say', () => {
  const linter = join(root, 'node_modules', 'publint', 'src', 'cli.js');
  const said = run(process.execPath, [linter, 'run', tarball, '--strict'], { cwd: root });
  expect(said).toContain('All good!');
});

/** One line of the page, at ports that are free here. Answers what it printed. The registry answers meanwhile. */
function runLine(line: string): Promise<string> {
  const child = spawn('bash', ['-c', here(line)], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [printed, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code === 0) resolve(printed);
      else reject(new Error(`${line}\n${printed}${said}`));
    });
  });
}

/** A line that stays: resolves once it said that it is ready. */
function start(line: string, ready: string): Promise<void> {
  const child = spawn('bash', ['-c', here(line)], { cwd: folder, env, detached: true });
  started.push(child);
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(ready)) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(`${line}\n${said}`)));
  });
}

const here = (line: string): string =>
  line.replaceAll(':9000', `:${ports[0]}`).replaceAll(/(?<=:|AURORA_PORT=)9101/g, String(ports[2]));

/** Ends a line with all that it started: they are a group of their own. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGTERM');
  await gone;
}
