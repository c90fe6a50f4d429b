/** Whoever waits for the end of a task. */
import { taskOf, type Ledger } from '../orchestrator/index.ts';
import { AuroraError, isFinal } from '../protocol/index.ts';
import { sleep, type Clock } from '../seams/index.ts';
import type { TaskRow } from './task-facts.ts';

/** Those who wait. */
export interface Waiting {
  /** The task once it is over, or once people are asked, where that is wanted, or after the time; throws the signal's reason. */
  readonly settled: (task_id: string, options: WaitOptions) => Promise<TaskRow>;
  /** Lets those look again who wait for this task. */
  readonly wake: (task_id: string) => void;
  /** From here nobody waits any longer: whoever does, or comes, is answered with the task as it stands (PROM-P13). */
  readonly leave: () => void;
}

/** How somebody waits. */
interface WaitOptions {
  signal: AbortSignal;
  ms_max: number;
  /** People being asked is enough. */
  or_asked: boolean;
}

/** Nobody waits yet; what somebody waits for is read of the ledger. */
export function createWaiting({ clock, ledger }: { clock: Clock; ledger: Pick<Ledger, 'get'> }): Waiting {
  const waiting = new Map<string, Set<() => void>>();
  let is_leaving = false;

  return { settled, wake, leave };

  function leave(): void {
    is_leaving = true;
    for (const task_id of waiting.keys()) wake(task_id);
  }

  async function settled(task_id: string, { signal, ms_max, or_asked }: WaitOptions): Promise<TaskRow> {
    const until = clock.monotonic() + ms_max;
    for (;;) {
      const woken = turn(task_id);
      try {
        const task = await taskOf(ledger, task_id);
        const left_ms = until - clock.monotonic();
        const is_there = isFinal(task.state) || (or_asked && task.state === 'auth_required');
        if (is_there || left_ms <= 0 || is_leaving) return task;
        const over = new AbortController();
        const both = AbortSignal.any([signal, over.signal]);
        try {
          await Promise.race([woken.promise, sleep(clock, Math.min(left_ms, RECHECK_MS), both)]);
        } finally {
          over.abort(new AuroraError(4990));
        }
      } finally {
        woken.stop();
      }
    }
  }

  function turn(task_id: string): { promise: Promise<void>; stop: () => void } {
    const own = waiting.get(task_id) ?? new Set();
    waiting.set(task_id, own);
    let wakeUp: () => void = () => undefined;
    const promise = new Promise<void>((resolve) => (wakeUp = resolve));
    own.add(wakeUp);
    return {
      promise,
      stop() {
        own.delete(wakeUp);
        if (own.size === 0) waiting.delete(task_id);
      },
    };
  }

  function wake(task_id: string): void {
    for (const wakeUp of waiting.get(task_id) ?? []) wakeUp();
  }
}

const RECHECK_MS = 5_000;
