/** What concerns one task happens in turn, and whoever waits for a change of it is woken. */
import { AuroraError } from '../protocol/index.ts';
import type { Clock } from '../seams/index.ts';

/** Turns by task. */
export interface Turns {
  /** Runs after everything that was asked for the same task before. */
  take<T>(task_id: string, run: () => Promise<T>): Promise<T>;
  /** Resolves at the next `wake` of that task, or after `ms_max`; rejects with the signal's reason. */
  changed(task_id: string, ms_max: number, signal: AbortSignal): Promise<void>;
  wake(task_id: string): void;
}

/** Makes the turns; nobody has one yet. */
export function createTurns(clock: Clock): Turns {
  const tails = new Map<string, Promise<unknown>>();
  const sleepers = new Map<string, Set<() => void>>();

  return {
    take(task_id, run) {
      const turn = (tails.get(task_id) ?? Promise.resolve()).then(run);
      const tail = turn
        .catch(() => undefined)
        .then(() => {
          if (tails.get(task_id) === tail) tails.delete(task_id);
        });
      tails.set(task_id, tail);
      return turn;
    },
    changed: (task_id, ms_max, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(AuroraError.from(signal.reason));
          return;
        }
        const own = sleepers.get(task_id) ?? new Set();
        sleepers.set(task_id, own);
        const leave = () => {
          stop();
          signal.removeEventListener('abort', onAbort);
          own.delete(onWake);
          if (own.size === 0) sleepers.delete(task_id);
        };
        const onWake = () => {
          leave();
          resolve();
        };
        const onAbort = () => {
          leave();
          reject(AuroraError.from(signal.reason));
        };
        const stop = clock.after(ms_max, onWake);
        own.add(onWake);
        signal.addEventListener('abort', onAbort, { once: true });
      }),
    wake: (task_id) => {
      for (const wake of [...(sleepers.get(task_id) ?? [])]) wake();
    },
  };
}
