/** What a process that leaves still waits for: nothing of its own (PROM-P13). */
import { AuroraError } from '../protocol/index.ts';
import type { TaskRow } from './ledger.ts';

/** Waits that end when the process leaves. */
export interface Leaving {
  /**
   * Runs a wait of a task. When the process leaves, a root's wait is cut short with `LEFT`: the task stays in the ledger for the
   * next process. What runs already may still hand on what it needs: a child waits on.
   */
  unless<T>(task: TaskRow, signal: AbortSignal, wait: (signal: AbortSignal) => Promise<T>): Promise<T>;
  leave(): void;
}

/** Stays, until told to leave. */
export function createLeaving(): Leaving {
  const waits = new Set<AbortController>();
  let is_leaving = false;

  return {
    async unless({ parent_id }, signal, wait) {
      if (parent_id !== undefined) return wait(signal);
      if (is_leaving) throw LEFT;
      const controller = new AbortController();
      const onAbort = () => controller.abort(signal.reason);
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      waits.add(controller);
      try {
        return await wait(controller.signal);
      } finally {
        signal.removeEventListener('abort', onAbort);
        waits.delete(controller);
      }
    },
    leave() {
      is_leaving = true;
      for (const wait of waits) wait.abort(LEFT);
    },
  };
}

/** Not the end of a task: this process leaves it to the next one. */
export const LEFT = new AuroraError(5030, { message: 'The orchestrator is leaving; the task goes on when it is back' });
