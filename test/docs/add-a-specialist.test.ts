/** The README's example of a fourth specialist works as it stands: one file, one line, one service. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { freePorts } from '../support/ports.ts';

const root = join(import.meta.dirname, '..', '..');
const copy = mkdtempSync(join(tmpdir(), 'aurora-fourth-'));
let agent: ChildProcess | undefined;

afterAll(() => {
  agent?.kill('SIGKILL');
  rmSync(copy, { recursive: true, force: true });
});

test('the specialist of the README compiles, has a service, and answers a stranger on its own port', async () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [file = '', line = ''] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
  copyHouse();
  writeFileSync(join(copy, 'agents', 'secret-scanner.ts'), file);
  edit('agents/index.ts', (text) => text.replace(/\n};\s*$/, `\n${line}};\n`));
  edit('docker-compose.yml', withFourthService);

  run('typescript/bin/tsc', '-p', 'tsconfig.build.json');
  run('vitest/vitest.mjs', 'run', 'test/house.test.ts', 'test/compose.test.ts');

  const env = { ...process.env, AURORA_DATA: join(copy, 'data'), AURORA_PORT: String((await freePorts(1))[0]) };
  spawnSync(process.execPath, ['dist/boot/process.js', 'keys'], { cwd: copy, env });
  agent = spawn(process.execPath, ['dist/boot/process.js', 'agent', 'secret-scanner'], { cwd: copy, env });
  await serving(agent);
  const answer = await ask(`ws://127.0.0.1:${env.AURORA_PORT}`, {
    jsonrpc: '2.0',
    id: 'req-001',
    method: 'find_secrets',
    params: { name: 'deploy.sh', text: 'echo hello\nexport KEY=AKIAIOSFODNN7EXAMPLE\n' },
  });
  expect(answer).toMatchObject({
    id: 'req-001',
    result: { findings: [{ id: 'aws_key-2', evidence: [{ source: 'deploy.sh', locator: 'line 2' }] }] },
  });
}, 300_000);

/** The tracked files, with the installed packages beside them. */
function copyHouse(): void {
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const name of stdout.toString().split('\n').filter(Boolean)) {
    cpSync(join(root, name), join(copy, name), { recursive: true, force: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
}

function edit(name: string, change: (text: string) => string): void {
  const path = join(copy, name);
  const before = readFileSync(path, 'utf8');
  const after = change(before);
  expect(after, name).not.toBe(before);
  writeFileSync(path, after);
}

/** What a person does: copies threat-intel's service, puts the new name in, and keeps the order of the alphabet. */
function withFourthService(compose: string): string {
  const service = /^ {2}threat-intel:\n(?: {3,}.*\n)+/m.exec(compose)?.[0] ?? '';
  const fourth = service.replaceAll('threat-intel', 'secret-scanner');
  return compose.replace(/^ {2}security-analyst:$/m, `${fourth}\n  security-analyst:`);
}

function run(tool: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules', tool), ...args], {
    cwd: copy,
  });
  expect(status, `${tool}\n${stdout.toString()}${stderr.toString()}`).toBe(0);
}

/** Resolves with the log line that says the port is open. */
function serving(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('"serving"')) resolve();
    });
    child.once('exit', () => reject(new Error(said)));
  });
}

function ask(url: string, request: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.once('open', () => socket.send(JSON.stringify(request)));
    socket.once('message', (text: Buffer) => {
      socket.close();
      resolve(JSON.parse(text.toString('utf8')));
    });
    socket.once('error', reject);
  });
}
