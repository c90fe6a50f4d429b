/** Commands that are run to their end: nothing else happens in this process meanwhile, no timer of a test either, so each has its own bound. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Where it runs, as whom, and for how long at most. */
export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  ms_max?: number;
}

/** How it ended. */
export interface Ran {
  /** Undefined: there is no such command, or it was ended at its bound; `stderr` says which. */
  status: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs it, whatever it answers. It reads nothing, and is killed after `ms_max`. */
export function tryRun(command: string, args: readonly string[], { ms_max = MS_MAX, ...at }: RunOptions = {}): Ran {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    ...at,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: ms_max,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  const why = error === undefined ? '' : `${command} ${args.join(' ')}: ${error.message}, bound ${ms_max} ms\n`;
  return { status: status ?? undefined, stdout: stdout ?? '', stderr: `${stderr ?? ''}${why}` };
}

/** Runs it to its good end and answers its stdout; else it throws what it said. */
export function run(command: string, args: readonly string[], options?: RunOptions): string {
  const { status, stdout, stderr } = tryRun(command, args, options);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** Makes this checkout ready: a file of tests that starts our own programs may be the first to run. */
export const setUp = (): void => void run(process.execPath, ['bin/setup.mjs'], { cwd: root, ms_max: SET_UP_MS_MAX });

const root = join(import.meta.dirname, '..', '..');
/** Less than a test may take, so that what the command said is told. */
const MS_MAX = 100_000;
const SET_UP_MS_MAX = 170_000;
/** That of a whole journal. */
const OUTPUT_BYTES_MAX = 1_073_741_824;
