/** Worker threads: a few, started when the first job comes, kept for the next, ended when one takes too long. */
import type { Worker } from 'node:worker_threads';
import { AuroraError, isErrorCode } from '../protocol/index.ts';
import type { CancelTimer, Clock } from './clock.ts';
import { startThread } from './thread.ts';
import { JobTimeout, type Workers } from './workers.ts';

/** What the threads need. */
export interface ThreadOptions {
  clock: Clock;
  /** Threads that may live at once: 2. */
  threads_max?: number;
  /** Jobs that may wait for a thread: 256. */
  queue_max?: number;
  /** Heap of one thread, MiB: 384. */
  memory_mib_max?: number;
}

/** Real threads, started when the first job comes and kept for the next. A thread that was ended is replaced. */
export function threadWorkers({ clock, ...bounds }: ThreadOptions): Workers {
  const { threads_max = 2, queue_max = 256, memory_mib_max = 384 } = bounds;
  const threads = new Set<Thread>();
  const queue: Order[] = [];
  let is_closed = false;

  return {
    run: async (job, input, { ms_max, signal }) => {
      signal?.throwIfAborted();
      if (is_closed) throw new AuroraError(5030, { message: CLOSED });
      if (queue.length >= queue_max) {
        throw new AuroraError(5030, { message: `${queue_max} jobs wait already`, retry_after_ms: RETRY_AFTER_MS });
      }
      return new Promise((resolve, reject) => {
        const order: Order = {
          module: builtFrom(job.module),
          input,
          ms_max,
          settle(outcome) {
            signal?.removeEventListener('abort', onAbort);
            if ('fault' in outcome) reject(outcome.fault);
            else resolve(outcome.output as never); // what the job's own type says; it was copied, not changed
          },
        };
        const onAbort = () => giveUp(order, signal?.reason as Error);
        signal?.addEventListener('abort', onAbort, { once: true });
        queue.push(order);
        assign();
      });
    },
    async close() {
      is_closed = true;
      for (const order of queue.splice(0)) order.settle({ fault: new AuroraError(5030, { message: CLOSED }) });
      await Promise.all([...threads].map((thread) => end(thread, new AuroraError(5030, { message: CLOSED }))));
    },
  };

  /** Gives waiting work to whoever is free: to a thread that has loaded the module before, if there is one. */
  function assign(): void {
    while (queue.length > 0) {
      const wanted = queue[0]?.module ?? '';
      const idle = [...threads].filter(({ order }) => order === undefined);
      const thread = idle.find(({ loaded }) => loaded.has(wanted)) ?? (threads.size < threads_max ? start() : idle[0]);
      const order = thread && queue.shift();
      if (!order) return;
      hand(order, thread);
    }
  }

  function start(): Thread {
    const worker = startThread('seams/worker-thread', { memory_mib_max }); // hostile work finds no environment there
    const thread: Thread = { worker, loaded: new Set(), order: undefined, stopTimer: undefined };
    threads.add(thread);
    worker.on('message', (answer: ThreadAnswer) => hear(thread, answer));
    worker.on('error', (cause) => lose(thread, cause));
    worker.on('exit', () => lose(thread, new Error('the thread ended')));
    return thread;
  }

  function hand(order: Order, thread: Thread): void {
    thread.order = order;
    thread.worker.ref(); // whoever waits for an answer keeps the process alive
    thread.stopTimer = clock.after(
      LOAD_MS_MAX,
      () => void end(thread, new JobTimeout('its module did not load in time')),
    );
    try {
      thread.worker.postMessage({ module: order.module, input: order.input });
    } catch (cause) {
      settle(thread, { fault: new AuroraError(5000, { message: 'This input cannot be sent to a thread', cause }) });
    }
  }

  function hear(thread: Thread, answer: ThreadAnswer): void {
    const { order } = thread;
    if (!order) return;
    if ('started' in answer) {
      thread.loaded.add(order.module);
      thread.stopTimer?.();
      const late = new JobTimeout(`a job took more than ${order.ms_max} ms`);
      thread.stopTimer = clock.after(order.ms_max, () => void end(thread, late));
      return;
    }
    settle(thread, 'fault' in answer ? { fault: toError(answer.fault) } : answer);
  }

  function settle(thread: Thread, outcome: Outcome): void {
    const { order } = thread;
    thread.stopTimer?.();
    thread.order = undefined;
    thread.worker.unref(); // an idle thread holds nobody
    order?.settle(outcome);
    assign();
  }

  function giveUp(order: Order, fault: Error): void {
    const waiting = queue.indexOf(order);
    if (waiting >= 0) queue.splice(waiting, 1);
    order.settle({ fault });
    const thread = [...threads].find((busy) => busy.order === order);
    if (thread) void end(thread, fault);
  }

  /** Ends a thread in the middle of whatever it does. */
  async function end(thread: Thread, fault: Error): Promise<void> {
    threads.delete(thread);
    settle(thread, { fault });
    await thread.worker.terminate();
  }

  function lose(thread: Thread, cause: unknown): void {
    if (!threads.delete(thread)) return;
    settle(thread, { fault: new AuroraError(5030, { message: 'The thread of a job died', cause }) });
  }
}

/** What a thread answers: that it runs now, then how it ended. */
export type ThreadAnswer = { started: true } | { output: unknown } | { fault: ThreadFault };
/** An error as it crosses threads. */
export interface ThreadFault {
  code: number | undefined;
  message: string;
  detail: unknown;
}

type Outcome = { output: unknown } | { fault: Error };

interface Order {
  module: string;
  input: unknown;
  ms_max: number;
  settle(outcome: Outcome): void;
}

interface Thread {
  worker: Worker;
  loaded: Set<string>;
  order: Order | undefined;
  stopTimer: CancelTimer | undefined;
}

const toError = ({ code, message, detail }: ThreadFault): Error =>
  code !== undefined && isErrorCode(code) ? new AuroraError(code, { message, detail }) : new Error(message);

/** A module of the sources as the build made it; any other module is itself. */
function builtFrom(module: string): string {
  const root = new URL('../', import.meta.url).href;
  const [, path] = module.startsWith(root) ? (/^(.*)\.ts$/.exec(module.slice(root.length)) ?? []) : [];
  return path === undefined ? module : new URL(`dist/${path}.js`, root).href;
}

const RETRY_AFTER_MS = 1_000;
const CLOSED = 'The worker threads are closed';
/** From the order to the first line of the job: compiling a large module of WebAssembly takes seconds. */
const LOAD_MS_MAX = 30_000;
