/** The README's command makes a specialist in a copy of the house: compiled, clean, tested, and answering on its own port. */
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { run, setUp } from '../support/child.ts';
import { freePorts } from '../support/ports.ts';

const root = join(import.meta.dirname, '..', '..');
const copy = mkdtempSync(join(tmpdir(), 'aurora-fourth-'));
let agent: ChildProcess | undefined;

afterAll(() => {
  agent?.kill('SIGKILL');
  rmSync(copy, { recursive: true, force: true });
});

test('the command of the README makes a specialist that fits the house and answers a stranger on its own port', async () => {
  const section = readFileSync(join(root, 'README.md'), 'utf8').split('## Add a specialist')[1] ?? '';
  const [command = '', heart = ''] = [...section.matchAll(/```(?:sh|ts)\n([\s\S]*?)```/g)].map(([, code]) => code);
  copyHouse();
  const others = readFileSync(join(copy, 'agents', 'index.ts'), 'utf8').replace(/};\s*$/, '');
  const [, ...args] = command.trim().split(' ');
  node(...args);

  expect(readFileSync(join(copy, 'agents', 'secret-scanner.ts'), 'utf8')).toContain(heart);
  expect(readFileSync(join(copy, 'agents', 'index.ts'), 'utf8')).toContain(`${others}  'secret-scanner': `);
  // The linter reads the template where it lies, like everything else.
  node('node_modules/prettier/bin/prettier.cjs', '--check', 'agents', 'test/agents', 'docker-compose.yml');
  const tests = ['house', 'compose', 'pins', 'agents/secret-scanner'].map((name) => `test/${name}.test.ts`);
  node('node_modules/vitest/vitest.mjs', 'run', ...tests);
  node('bin/setup.mjs');

  const env = { ...process.env, AURORA_DATA: join(copy, 'data'), AURORA_PORT: String((await freePorts(1))[0]) };
  run(process.execPath, ['dist/boot/process.js', 'keys'], { cwd: copy, env });
  agent = spawn(process.execPath, ['dist/boot/process.js', 'agent', 'secret-scanner'], { cwd: copy, env });
  await serving(agent);
  const answer = await ask(`ws://127.0.0.1:${env.AURORA_PORT}`, {
    jsonrpc: '2.0',
    id: 'req-001',
    method: 'find_secrets',
    params: { input: { name: 'deploy.sh', text: 'echo hello\nexport KEY=AKIAIOSFODNN7EXAMPLE\n' } },
  });
  expect(answer).toMatchObject({
    id: 'req-001',
    result: { findings: [{ id: 'aws_key-2', evidence: [{ source: 'deploy.sh', locator: 'line 2' }] }] },
  });
}, 600_000);

/** The tracked files and what was built of them, with the installed packages beside them. */
function copyHouse(): void {
  setUp();
  const names = run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const name of [...names.split('\n').filter(Boolean), 'dist']) {
    cpSync(join(root, name), join(copy, name), { recursive: true, force: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
}

/** A script of the copy, to its good end. */
const node = (...args: string[]): void => void run(process.execPath, args, { cwd: copy, ms_max: SCRIPT_MS_MAX });

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

/** The tests of the house, in the copy, on a machine that does much else. */
const SCRIPT_MS_MAX = 400_000;
