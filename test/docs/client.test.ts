/** The lines of the README that use the client: they type-check as they stand, and run against the real API. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agents } from '../../agents/index.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { setUp } from '../support/child.ts';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'README.md'), 'utf8');
const [, lines = ''] = /```ts\n(import \{ createClient[\s\S]*?)```/.exec(page) ?? [];
let api: TestApi;

beforeAll(async () => {
  setUp();
  api = await startApi([await agents['threat-intel']!()]);
  const by = { sub: 'system' };
  await api.records.users.create(by, { username: 'anna', role: 'analyst', password: 'correct horse battery staple' });
}, 240_000);
afterAll(() => api?.stop());

test('they type-check against the package', () => {
  const name = join(root, 'readme-client.ts');
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  };
  const host = ts.createCompilerHost(options);
  const real = { ...host };
  const source = ts.createSourceFile(name, lines, ts.ScriptTarget.ES2023);
  host.fileExists = (path) => path === name || real.fileExists(path);
  host.readFile = (path) => (path === name ? lines : real.readFile(path));
  host.getSourceFile = (path, version) => (path === name ? source : real.getSourceFile(path, version));
  const program = ts.createProgram([name], options, host);
  const faults = ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  expect(faults).toEqual([]);
}, 120_000);

test('they run: an alert, its investigation, the verdict; a second time the alert is known', async () => {
  const { outputText } = ts.transpileModule(lines.replace('http://127.0.0.1:8080', api.url), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  });
  const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', outputText], { cwd: root });
  for (const { stdout } of [await run(), await run()]) {
    expect(stdout).toMatch(/^completed \w+ \S/);
  }
}, 60_000);
