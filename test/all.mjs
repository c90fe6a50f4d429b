/** What `npm test` runs: format, lint, types, tests, 5 000 seeds of the simulation; every stage runs, and the last line counts them all. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setup } from '../bin/setup.mjs';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'aurora-test-'));
const report = join(scratch, 'report.json');
const only = process.argv.slice(2); // `npm test -- test/house.test.ts` runs that file alone, after the same stages

/** Nearly twice what the tests take on two cores. */
const script_ms_max = 45 * 60_000;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const count = { passed: 0, failed: 0, skipped: 0 };
try {
  await setup();
  const lint = stage('lint', 'eslint/bin/eslint.js', '.'); // as long as the other two and a part of the tests: heard after them
  const format = stage('format', 'prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.');
  const types = stage('types', 'typescript/bin/tsc', '--noEmit');
  for (const each of [format, types]) hear(await each);
  await tests();
  hear(await lint);
  if (only.length === 0) tell('simulation', await node('test/simulation/run.mjs')); // alone: it takes every core
} catch (reason) {
  count.failed += 1;
  console.error(`aurora: ${reason instanceof Error ? reason.message : String(reason)}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`\n${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ''}`);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;

/** Begins a check of the sources, beside whatever else runs. It counts as one test. */
async function stage(name, tool, ...args) {
  const child = spawn(process.execPath, [join('node_modules', tool), ...args], { cwd: root });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = await once(child, 'close');
  return { name, said: (await said).join(''), ok: status === 0 };
}

function hear({ name, said, ok }) {
  process.stdout.write(said);
  tell(name, ok);
}

function tell(name, ok) {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
  count[ok ? 'passed' : 'failed'] += 1;
}

/** The suite. What fails outside a test (a file that does not load, a stray error) counts as one failure more. */
async function tests() {
  const ok = await node(
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=./test/support/still-running.ts',
    '--reporter=json',
    `--outputFile=${report}`,
    ...only,
  );
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'));
  count.passed += numPassedTests;
  count.failed += ok ? numFailedTests : Math.max(1, numFailedTests);
  count.skipped += numPendingTests + numTodoTests;
}

/**
 * Runs one script in its own process, its words passed through; true when it is content. It is the first of a group of processes, so
 * that a script that hangs is ended with all that it started; whoever ends us ends that group.
 */
async function node(path, ...args) {
  const child = spawn(process.execPath, [join(root, path), ...args], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const end = (signal) => process.kill(-child.pid, signal);
  const timer = setTimeout(() => {
    console.error(`aurora: ${path} did not end within ${script_ms_max / 60_000} min`);
    end('SIGKILL');
  }, script_ms_max);
  for (const signal of signals) process.on(signal, end);
  const [status] = await once(child, 'exit');
  for (const signal of signals) process.off(signal, end);
  clearTimeout(timer);
  return status === 0;
}
