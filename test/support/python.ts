/** Debian's Python with what the example agent needs; tests that need it say SKIP loudly where it is absent. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { describe } from 'vitest';
import { run, tryRun } from './child.ts';

const PYTHON = '/usr/bin/python3';
const needed = 'import cryptography, sys, websockets; sys.exit(sys.version_info < (3, 11))';
const present = tryRun(PYTHON, ['-c', needed]).status === 0;
const required = (process.env['AURORA_REQUIRE'] ?? '').split(',').includes('python');

/** Where the agent lies. */
export const agentFolder = join(import.meta.dirname, '..', '..', 'examples', 'python-agent');

/** Groups tests that need Python. AURORA_REQUIRE=python turns its absence into a failure. */
export function describeWithPython(name: string, tests: () => void): void {
  const packages = 'python3 of 3.11 or newer, python3-websockets, python3-cryptography';
  if (!present && required) throw new Error(`AURORA_REQUIRE=python, but this is not all there: ${packages}`);
  if (!present) console.error(`SKIP ${name}: it needs ${packages}`);
  describe.skipIf(!present)(name, tests);
}

/** One Python process, what it said so far, and how it ends. */
export interface Script {
  child: ChildProcess;
  said(): string;
  /** Resolves once it said that; rejects when it ends before. */
  until(text: string): Promise<void>;
  ended: Promise<number | null>;
}

/** Starts a script of the example; it writes no bytecode beside its source. Modules in `first` come before all others. */
export function startScript(script: string, args: readonly string[], first?: string): Script {
  const child = spawn(PYTHON, ['-B', join(agentFolder, script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(first !== undefined && { env: { ...process.env, PYTHONPATH: first } }),
  });
  let text = '';
  const hearers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const hear of hearers) hear();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    child,
    said: () => text,
    ended,
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!text.includes(wanted)) return;
          hearers.delete(look);
          resolve();
        };
        hearers.add(look);
        void ended.then(() => reject(new Error(`${script} ended without saying "${wanted}": ${text}`)));
        look();
      }),
  };
}

/** What a Python program of one text answers as JSON. */
export function askPython(program: string): unknown {
  return JSON.parse(run(PYTHON, ['-B', '-c', program]));
}
