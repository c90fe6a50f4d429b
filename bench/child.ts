/** A process of the bench: started, asked over IPC, its processor time and memory read from the kernel, ended. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { z } from 'zod';

/** What to start. */
export interface ChildSpec {
  /** For people, when it breaks. */
  name: string;
  /** Node runs it; the first word is the file. */
  words: readonly string[];
  /** Words for Node itself. */
  node?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Both outputs are appended here. */
  log: string;
}

/** A process that serves. */
export interface Child {
  readonly pid: number;
  /** Where it listens. */
  readonly address: string;
  /** Sends one message and resolves with the next that comes back; rejects when the process ends first. */
  ask(message: object): Promise<unknown>;
  /** SIGTERM, then SIGKILL; resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts one; resolves once it says that it serves. Rejects with its last words when it ends before that. */
export async function startChild({ name, words, node = [], env = {}, log }: ChildSpec): Promise<Child> {
  const out = openSync(log, 'a', 0o600);
  const child = spawn(process.execPath, [...node, ...words], {
    env: { ...inherited(), ...env },
    stdio: ['ignore', out, out, 'ipc'],
  });
  closeSync(out);
  endsWithUs(child);
  const exited = once(child, 'exit').then(
    () => new Error(`${name} ended: ${readFileSync(log, 'utf8').slice(-WORDS_CHARS_MAX)}`),
  );
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX);
    await exited;
    clearTimeout(timer);
  };
  try {
    const { address } = Ready.parse(await nextMessage(child, name, exited, READY_MS_MAX));
    return {
      pid: child.pid ?? 0,
      address,
      ask(message) {
        child.send(message);
        return nextMessage(child, name, exited, ANSWER_MS_MAX);
      },
      stop: () => end('SIGTERM'),
      kill: () => end('SIGKILL'),
    };
  } catch (reason) {
    await end('SIGKILL');
    throw reason;
  }
}

/** Processor time of all its threads so far, ms. */
export const cpuMs = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6)
    .reduce((sum, ms) => sum + ms, 0);

/** Memory that it holds, bytes. */
export const rssBytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;

async function nextMessage(child: ChildProcess, name: string, exited: Promise<Error>, ms_max: number) {
  const over = new AbortController();
  const late = setTimeout(() => over.abort(new Error(`${name} is silent for ${ms_max} ms`)), ms_max);
  try {
    const message = once(child, 'message', { signal: over.signal }).catch(() => {
      throw over.signal.reason;
    });
    const heard: unknown[] = await Promise.race([message, exited.then((ended) => Promise.reject(ended))]);
    return heard[0];
  } finally {
    clearTimeout(late);
    over.abort(new Error('heard'));
  }
}

/** What a peer says, and what a process of the product says. */
const Ready = z.union([
  z.object({ ready: z.string() }).transform(({ ready }) => ({ address: ready })),
  z.object({ kind: z.literal('ready'), url: z.string() }).transform(({ url }) => ({ address: url })),
]);

const inherited = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: process.env['HOME'], TZ: 'UTC' });

/** Whoever still lives when the bench ends, for whatever reason, ends with it. */
export function endsWithUs(child: ChildProcess): void {
  LIVE.add(child);
  child.once('exit', () => LIVE.delete(child));
}

const LIVE = new Set<ChildProcess>();
process.once('exit', () => LIVE.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const READY_MS_MAX = 30_000;
const ANSWER_MS_MAX = 60_000;
const END_MS_MAX = 35_000;
const WORDS_CHARS_MAX = 2_000;
