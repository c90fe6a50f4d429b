/** The command line as a person runs it: its own process, its own data folder, what it said and how it ended. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** How one command ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one command to its end. `onOutput` hears everything it says, and may act while it runs. */
export function aurora(
  args: readonly string[],
  options: {
    env?: Record<string, string>;
    input?: string | Buffer;
    onOutput?: (said: string, kill: (signal: NodeJS.Signals) => void) => void;
  } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [launcher, ...args], {
    env: { ...process.env, NO_COLOR: '1', ...options.env },
  });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  const tell = () => options.onOutput?.(ended.stdout + ended.stderr, (signal) => child.kill(signal));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ended.stdout += text;
    tell();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ended.stderr += text;
    tell();
  });
  child.stdin.on('error', () => undefined); // it may end before it read everything
  child.stdin.end(options.input ?? '');
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ ...ended, code }));
  });
}

/** What a person starts. */
export const launcher = join(import.meta.dirname, '..', '..', 'bin', 'aurora.mjs');
