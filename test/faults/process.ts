/** One real process of a scenario: started, signalled, started again on its port; its death is always noticed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** What it tells its parent once it serves. */
const Ready = z.object({ kind: z.literal('ready'), url: z.string(), port: z.number(), instance_id: z.string() });
export type Ready = z.infer<typeof Ready>;

/** How it ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  at: number;
}

/** What to start. */
export interface ProcessSpec {
  name: string;
  /** A file that Node runs, and its words. */
  entry: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Both outputs are appended here. */
  log: string;
  /** The whole command, for runs under another tool; the tool has to hand file descriptors on. */
  wrap?: (command: readonly string[]) => readonly string[];
  onExit?: (pid: number, exit: Exit) => void;
}

/** What is added for one life. */
export interface Life {
  env?: Readonly<Record<string, string>>;
  args?: readonly string[];
  /** A tool around this life alone. */
  wrap?: ProcessSpec['wrap'];
}

/** A process that may live several lives. */
export interface TestProcess {
  readonly name: string;
  readonly pid: number;
  readonly is_alive: boolean;
  /** Of the newest life; undefined while it lives. */
  readonly exit: Exit | undefined;
  /** Starts a life; resolves once it serves. Rejects when it ends or is silent for 20 s. */
  start(life?: Life): Promise<Ready>;
  /** Starts a life and waits for nothing. */
  launch(life?: Life): void;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL, or whatever is said; resolves when it is gone. SIGKILL after `ms_max`. */
  end(signal?: NodeJS.Signals, ms_max?: number): Promise<Exit | undefined>;
  /** Resolves when this life is over. */
  gone(): Promise<Exit>;
  /** What it said. */
  words(): string;
}

/** Makes it; nothing is started yet. */
export function createProcess(spec: ProcessSpec): TestProcess {
  const { name, entry, args, log } = spec;
  let child: ChildProcess | undefined;
  let exit: Exit | undefined;
  let ended: Promise<Exit> = Promise.resolve({ code: 0, signal: null, at: 0 });
  let ready: Promise<Ready> = Promise.reject(new Error(`${name} was never started`));
  ready.catch(ignore);

  function launch({ env = {}, args: more = [], wrap = spec.wrap ?? bare }: Life = {}): void {
    if (child && !exit) throw new Error(`${name} lives already`);
    const out = openSync(log, 'a', 0o600);
    const [command = '', ...words] = wrap([process.execPath, entry, ...args, ...more]);
    const life = spawn(command, words, {
      env: { ...inherited(), ...spec.env, ...env },
      stdio: ['ignore', out, out, 'ipc'],
    });
    closeSync(out);
    child = life;
    exit = undefined;
    ended = once(life, 'exit').then(([code, signal]: unknown[]) => {
      exit = {
        code: typeof code === 'number' ? code : null,
        signal: typeof signal === 'string' ? (signal as NodeJS.Signals) : null,
        at: performance.now(),
      };
      spec.onExit?.(life.pid ?? 0, exit);
      return exit;
    });
    ready = new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${name} did not serve within ${READY_MS_MAX} ms`)),
        READY_MS_MAX,
      );
      life.on('message', (message) => {
        const told = Ready.safeParse(message);
        if (told.success) resolve(told.data);
      });
      life.on('error', reject);
      void ended.then(({ code, signal }) =>
        reject(new Error(`${name} ended (${code ?? signal}): ${readFileSync(log, 'utf8').slice(-LOG_CHARS)}`)),
      );
      life.on('message', () => clearTimeout(timer));
      life.on('exit', () => clearTimeout(timer));
    });
    ready.catch(ignore);
  }

  return {
    name,
    get pid() {
      return child?.pid ?? 0;
    },
    get is_alive() {
      return child !== undefined && exit === undefined;
    },
    get exit() {
      return exit;
    },
    launch,
    start(life) {
      launch(life);
      return ready;
    },
    signal: (signal) => void child?.kill(signal),
    async end(signal = 'SIGKILL', ms_max = END_MS_MAX) {
      if (!child || exit) return exit;
      child.kill('SIGCONT');
      child.kill(signal);
      const timer = setTimeout(() => child?.kill('SIGKILL'), ms_max);
      const how = await ended;
      clearTimeout(timer);
      return how;
    },
    gone: () => ended,
    words: () => readFileSync(log, 'utf8'),
  };
}

const bare: NonNullable<ProcessSpec['wrap']> = (whole) => whole;

/** Ours, without what a test runner puts there. */
const inherited = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: process.env['HOME'], TZ: 'UTC' });

function ignore(): void {
  // Whoever waits for it hears of it.
}

const READY_MS_MAX = 20_000;
const END_MS_MAX = 35_000;
const LOG_CHARS = 2_000;
