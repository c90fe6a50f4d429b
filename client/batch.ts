/** Polling that can wait: asked one by one at a common beat, and not at all while the budget of requests runs low (requirements.md K21). */
import { ClientError, ClosedError } from './errors.ts';
import type { Platform } from './platform.ts';
import { heed } from './telemetry.ts';

/** Questions that are asked now and then. */
export interface Batch {
  /** A question: asked at every beat while somebody watches it, once for all of them. */
  question<O>(ask: () => Promise<O>): Question<O>;
  close(): void;
}

/** One question that is asked at every beat while somebody watches. */
export interface Question<O> {
  /** Hears every answer until the returned function is called. After a failure it is asked again at the next beat all the same. */
  watch(onAnswer: (answer: O) => void, onError?: (error: unknown) => void): () => void;
}

/** What can be said for one batch. */
export interface BatchOptions {
  /** From the end of one beat to the next: 30 s unless said. */
  every_ms?: number;
}

/** What is left of the server's budget, as its newest answer said. */
export interface Budget {
  limit: number;
  remaining: number;
}

/** A batch that asks nothing until somebody watches; it ends with `closing`, the end of its client. */
export function createBatch(
  { every_ms = EVERY_MS }: BatchOptions,
  deps: { platform: Platform; closing: AbortSignal; budget: () => Budget | undefined },
): Batch {
  const { platform, closing } = deps;
  const asked = new Set<() => Promise<void>>();
  const stop = new AbortController();
  const signal = AbortSignal.any([closing, stop.signal]);
  const isClosed = () => signal.aborted;
  let is_running = false;

  return {
    question(ask) {
      const watchers = new Set<Watcher<Awaited<ReturnType<typeof ask>>>>();
      const poll = async (): Promise<void> => {
        try {
          const answer = await ask();
          for (const { onAnswer } of [...watchers]) heed(() => onAnswer(answer));
        } catch (reason) {
          for (const { onError } of [...watchers]) heed(() => onError?.(reason));
        }
      };
      return {
        watch(onAnswer, onError) {
          if (asked.size >= QUESTIONS_MAX && !asked.has(poll)) {
            throw new ClientError(`a batch takes ${QUESTIONS_MAX} questions`, { operation: 'batch' });
          }
          const watcher = { onAnswer, onError };
          watchers.add(watcher);
          asked.add(poll);
          if (!is_running) void run();
          return () => {
            watchers.delete(watcher);
            if (watchers.size === 0) asked.delete(poll);
          };
        },
      };
    },
    close: () => stop.abort(new ClosedError('the batch was closed', { operation: 'batch' })),
  };

  /** Beats while there is something to ask. */
  async function run(): Promise<void> {
    is_running = true;
    try {
      while (asked.size > 0 && !isClosed()) {
        const done = new Set<() => Promise<void>>();
        // What is added meanwhile is asked at this beat still, each question once.
        for (const poll of asked) {
          if (isClosed() || isLow(deps.budget())) break;
          if (!done.has(poll)) await poll();
          done.add(poll);
        }
        await platform.sleep(every_ms, signal).catch(() => undefined); // closed: the loop ends
      }
    } finally {
      is_running = false;
    }
  }
}

interface Watcher<O> {
  onAnswer: (answer: O) => void;
  onError: ((error: unknown) => void) | undefined;
}

/** The last fifth is left to whoever cannot wait. */
const isLow = (budget: Budget | undefined): boolean => budget !== undefined && budget.remaining < budget.limit / 5;

const EVERY_MS = 30_000;
const QUESTIONS_MAX = 1_000;
