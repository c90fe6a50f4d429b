/** `aurora up` as processes of their own, for one test file. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** A fleet that is ready. */
export interface Fleet {
  /** What it said so far, the newest. */
  said(): string;
  /** Asks it to end; resolves with its exit code, also where it is gone already. */
  stop(): Promise<number | null>;
}

/** Starts it and waits until it is ready. Rejects with what it said when it ends before, or takes too long: then it is ended. */
export async function startFleet(
  env: NodeJS.ProcessEnv,
  { args = [], log }: { args?: readonly string[]; /** Where its own log goes, a file descriptor. */ log?: number } = {},
): Promise<Fleet> {
  const child = spawn(process.execPath, ['bin/aurora.mjs', 'up', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', log ?? 'pipe'],
  });
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-SAID_CHARS_MAX);
      if (!said.includes('Ready at')) return;
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      child.kill('SIGTERM');
      reject(new Error(`the fleet was not ready within ${READY_MS_MAX} ms: ${said}`));
    }, READY_MS_MAX);
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', reject);
    void gone.then((code) => {
      clearTimeout(timer);
      reject(new Error(`the fleet ended with ${code} before it was ready: ${said}`));
    });
  });
  return {
    said: () => said,
    stop() {
      child.kill('SIGTERM');
      return gone;
    },
  };
}

const root = join(import.meta.dirname, '..', '..');
/** Less than a hook of a test may take, so that what it said is told. */
const READY_MS_MAX = 110_000;
const SAID_CHARS_MAX = 262_144;
