/** Commits on a thread: the event loop goes on while a slow disk syncs. */
import type { Worker } from 'node:worker_threads';
import { startThread, type Clock, type Log } from '../seams/index.ts';
import type { Durability } from './connection.ts';
import type { DriverName } from './driver.ts';
import { StaleEpoch, UnknownCommit, type Batch, type Journal } from './journal.ts';
import { valuesOf, type BatchValues } from './rows.ts';
import type { SqliteJournal } from './sqlite-journal.ts';

/** A journal with a thread beside it. */
export interface ThreadedJournal extends Journal {
  /** While the thread commits; never rejects. Our own connection writes nothing meanwhile. */
  readonly committing: Promise<void> | undefined;
  /** Starts the thread, unless it was; resolves when it is there, or gone. */
  start(): Promise<void>;
  /** Ends the thread after what it is at. */
  close(): Promise<void>;
}

/** What is left to the thread. */
export type ThreadUse = 'slow' | 'all';

/** What the thread opens: the same file, as the same owner. */
export interface ThreadData {
  file: string;
  driver: DriverName;
  durability: Durability;
  epoch: string;
}

/** What it is told. */
export type ToThread = BatchValues | 'close';

/** What it says: that it is there, or how a commit ended. */
export type FromThread = 'ready' | 'kept' | ThreadFault;

/** An error as it crosses threads. */
export interface ThreadFault {
  message: string;
  /** SQLite's extended result code. */
  code: number | undefined;
  /** Of a StaleEpoch: who owns the file now. */
  found: string | undefined;
}

/**
 * Makes it over the journal of our own connection, which reads, probes, and commits while the disk is quick: threads take longer to
 * find each other than a quick commit takes. The first commit that is slow starts the thread, and until it is there, our own connection
 * commits everything; so it does for a while where the thread is gone, before another is started.
 */
export function createThreadedJournal(deps: {
  own: SqliteJournal;
  data: ThreadData;
  use: ThreadUse;
  clock: Clock;
  log: Log;
  startThread?: typeof startThread;
}): ThreadedJournal {
  const { own, data, use, clock, log } = deps;
  let state: 'none' | 'starting' | 'there' | 'closing' | 'gone' = 'none';
  let is_quick = true;
  let at: { began: number; batch: Batch; resolve: () => void; reject: (reason: Error) => void } | undefined;
  let committing: Promise<void> | undefined;
  let thread: Thread | undefined;
  /** When the thread was lost, monotonic. */
  let gone_at = 0;

  return {
    read: (wanted) => own.read(wanted),
    probe: (thorough) => own.probe(thorough),
    commit(batch) {
      if (!is_quick || use === 'all') {
        if (state === 'gone' && clock.monotonic() - gone_at >= AGAIN_MS) thread = undefined;
        thread ??= begin();
        if (state === 'there') return commitThere(batch, thread.worker);
      }
      commitHere(batch);
      return undefined;
    },
    get committing() {
      return committing;
    },
    async start() {
      thread ??= begin();
      await thread.started;
    },
    async close() {
      while (committing) await committing;
      if (!thread || state === 'gone') return;
      const { worker, ended } = thread;
      const was_there = state === 'there';
      state = 'closing';
      worker.ref();
      if (was_there) tell(worker, 'close');
      else await worker.terminate(); // it was asked nothing
      await ended;
    },
  };

  function begin(): Thread {
    state = 'starting';
    const worker = (deps.startThread ?? startThread)('store/journal-thread', { data, memory_mib_max: MEMORY_MIB_MAX });
    const ended = new Promise<void>((resolve) => void worker.once('exit', () => resolve()));
    const ready = new Promise<void>((resolve) => void worker.once('message', () => resolve()));
    worker.on('message', (said: FromThread) => hear(said, worker));
    let is_lost = false; // once: what has an error ends as well, and there may be another by then
    const onLost = (cause: Error) => {
      if (!is_lost) lose(cause);
      is_lost = true;
    };
    worker.on('error', onLost);
    worker.on('exit', () => onLost(new Error('the thread ended')));
    return { worker, ended, started: Promise.race([ready, ended]) };
  }

  function commitHere(batch: Batch): void {
    const began = clock.monotonic();
    own.commit(batch);
    is_quick = clock.monotonic() - began < QUICK_MS;
  }

  function commitThere(batch: Batch, worker: Worker): Promise<void> {
    tell(worker, valuesOf(batch));
    worker.ref(); // whoever waits for a commit keeps the process alive
    const done = new Promise<void>((resolve, reject) => {
      at = { began: clock.monotonic(), batch, resolve, reject };
    });
    const over = () => {
      committing = undefined;
    };
    committing = done.then(over, over);
    return done;
  }

  function hear(said: FromThread, worker: Worker): void {
    if (said === 'ready') {
      if (state === 'starting') state = 'there';
      worker.unref(); // an idle thread holds nobody
      return;
    }
    const asked = at;
    at = undefined;
    worker.unref();
    if (!asked) return;
    is_quick = clock.monotonic() - asked.began < QUICK_MS;
    if (said === 'kept') asked.resolve();
    else asked.reject(toError(said));
  }

  /** What it was at when it died is looked up in the file before anybody is told: it is over, one way or the other. */
  function lose(cause: Error): void {
    if (state === 'closing') return;
    state = 'gone';
    gone_at = clock.monotonic();
    log.error({ err: cause, again_ms: AGAIN_MS }, 'the thread that commits died: this process goes on without it');
    const asked = at;
    at = undefined;
    if (!asked) return;
    try {
      if (own.has(asked.batch)) asked.resolve();
      else asked.reject(cause);
    } catch (fault) {
      asked.reject(new UnknownCommit(() => Promise.resolve(own.has(asked.batch)), fault));
    }
  }

  function toError({ message, code, found }: ThreadFault): Error {
    if (found !== undefined) return new StaleEpoch(data.epoch, found);
    return Object.assign(new Error(message), code !== undefined && { rawCode: code });
  }
}

/** The thread, once it was started. */
interface Thread {
  worker: Worker;
  started: Promise<void>;
  ended: Promise<void>;
}

const tell = (worker: Worker, said: ToThread): void => worker.postMessage(said);

/** The largest group takes 5 ms of a quick disk: what takes longer than that waits for a slow one, ms. */
const QUICK_MS = 10;
/** How long a process goes on without the thread that it lost, ms. */
const AGAIN_MS = 60_000;
/** Heap of the thread, MiB: a group has 16 Mi characters of payloads, 32 MiB where they are not plain ASCII. */
const MEMORY_MIB_MAX = 256;
