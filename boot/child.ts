/** One process of the fleet, kept alive: started from what was built, restarted with growing pauses, given up when it only dies. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep, type Clock } from '../seams/index.ts';
import type { FleetEvent } from './fleet.ts';
import { EXIT_PORT_TAKEN, EXIT_UNUSABLE, Ready, StandingBy } from './lifetime.ts';

/** Which process. */
export interface ChildSpec {
  id: string;
  /** Names its log file; differs among replicas. */
  name: string;
  /** Arguments of `process.js`; from the second start on it is given the port that it had. */
  argsFor: (port: number | undefined) => string[];
  /** Words for Node itself. */
  node?: readonly string[];
}

/** What keeping needs. */
export interface ChildDeps {
  clock: Clock;
  /** From SIGTERM to SIGKILL. */
  kill_after_ms: number;
  /** stderr goes into files here, or where ours goes. */
  log_folder?: string;
  onEvent?: (event: FleetEvent) => void;
}

/** A kept process. */
export interface Child {
  readonly id: string;
  readonly pid: number | undefined;
  readonly instance_id: string | undefined;
  readonly url: string | undefined;
  /** Settles once it serves for the first time, or is given up. */
  started: Promise<unknown>;
  /** Settles with the reason when nothing more is tried. */
  given_up: Promise<string>;
  /** SIGTERM, then SIGKILL when it takes too long; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts a process and keeps it: restarted after growing pauses, given up when it only dies. */
export function createChild(spec: ChildSpec, deps: ChildDeps): Child {
  const { clock } = deps;
  const stopping = new AbortController();
  const started = deferred<undefined>();
  const given_up = deferred<string>();
  let now: { process: ChildProcess; ready?: Ready } | undefined;
  let port: number | undefined;
  let url: string | undefined;
  let ready_ms = READY_MS_MIN;
  const tell = (what: FleetEvent['what'], detail: string) =>
    deps.onEvent?.({ what, id: spec.name, pid: now?.process.pid, detail });

  const kept = keep();
  return {
    id: spec.id,
    get pid() {
      return now?.process.pid;
    },
    get instance_id() {
      return now?.ready?.instance_id;
    },
    get url() {
      return url;
    },
    started: started.promise,
    given_up: given_up.promise,
    async stop() {
      stopping.abort();
      now?.process.kill('SIGTERM');
      const cancel = clock.after(deps.kill_after_ms, () => now?.process.kill('SIGKILL'));
      await kept;
      cancel();
    },
  };

  async function keep(): Promise<void> {
    const deaths: number[] = [];
    while (!stopping.signal.aborted) {
      const ending = await runOnce();
      if (isAborted(stopping.signal)) break;
      deaths.push(clock.monotonic());
      const recent = deaths.filter((at) => clock.monotonic() - at < LOOP_WINDOW_MS).length;
      if (ending.code === EXIT_PORT_TAKEN && port === undefined) {
        giveUp('its port is taken'); // it never had it: whoever does is no earlier life of its own
        return;
      }
      if (ending.code === EXIT_UNUSABLE || recent >= LOOP_DEATHS) {
        giveUp(
          ending.code === EXIT_UNUSABLE
            ? ending.why
            : `${recent} deaths within ${LOOP_WINDOW_MS / 1_000} s; the last: ${ending.why}`,
        );
        return;
      }
      await sleep(clock, Math.min(PAUSE_MS_MAX, PAUSE_MS * 2 ** (recent - 1)), stopping.signal).catch(ignore);
    }
    started.resolve(undefined);
  }

  /** One life, from fork to exit. */
  async function runOnce(): Promise<Ending> {
    const log =
      deps.log_folder === undefined ? undefined : openSync(join(deps.log_folder, `${spec.name}.log`), 'a', 0o600);
    const child = fork(entry(), spec.argsFor(port), {
      execArgv: [...(spec.node ?? [])],
      stdio: ['ignore', 'ignore', log ?? 'inherit', 'ipc'],
    });
    if (log !== undefined) closeSync(log); // the child has its own by now
    now = { process: child };
    const life = { is_silent: false };
    const cancel = clock.after(ready_ms, () => {
      life.is_silent = true;
      child.kill('SIGKILL');
    });
    child.on('message', (message) => {
      if (StandingBy.safeParse(message).success) cancel();
      const ready = Ready.safeParse(message);
      if (!ready.success) return;
      cancel();
      ready_ms = READY_MS_MIN;
      now = { process: child, ready: ready.data };
      ({ port, url } = ready.data);
      tell('up', url);
      started.resolve(undefined);
    });
    const exited = once(child, 'exit');
    if (stopping.signal.aborted) child.kill('SIGTERM');
    const ending: Ending = await exited.then(toEnding, (cause: unknown) => ({
      code: 1,
      why: `it did not start: ${String(cause)}`,
    }));
    cancel();
    if (life.is_silent) {
      ending.why = `it did not serve within ${ready_ms / 1_000} s`;
      ready_ms = Math.min(READY_MS_MAX, ready_ms * 2);
    }
    if (!stopping.signal.aborted) tell('died', ending.why);
    now = undefined;
    return ending;
  }

  function giveUp(why: string): void {
    const log =
      deps.log_folder === undefined ? 'its words are above' : `see ${join(deps.log_folder, `${spec.name}.log`)}`;
    tell('given_up', `${why}; ${log}`);
    given_up.resolve(why);
    started.resolve(undefined);
  }
}

/** How a life ended. */
interface Ending {
  code: number | null;
  why: string;
}

const toEnding = ([code, signal]: unknown[]): Ending =>
  typeof code === 'number' ? { code, why: `exit code ${code}` } : { code: null, why: `signal ${String(signal)}` };

/** A promise and its resolve, for Node 20 has no Promise.withResolvers. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = ignore;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** What was built, whether we run from it or from the sources beside it: a child never starts from a source file. */
function entry(): string {
  const paths = ['./process.js', '../dist/boot/process.js'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) throw new Error('the project is not built; run: npm run build');
  return found;
}

/** Asked after an await: the compiler would otherwise remember the answer from before. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

function ignore(): void {
  // An abort is seen by the loop's condition.
}

/**
 * From fork to serving; a process that takes longer is killed and counts as dead. The next one is given twice as long: where the
 * machine is busy, a whole fleet that is killed and started anew again and again is what keeps it busy.
 */
const READY_MS_MIN = 20_000;
const READY_MS_MAX = 320_000;
const LOOP_DEATHS = 5;
const LOOP_WINDOW_MS = 30_000;
const PAUSE_MS = 250;
const PAUSE_MS_MAX = 5_000;
