/** Lanes of one skill: how many calls run at once, and how many may wait (wire.md 10). */
import { AuroraError } from '../protocol/index.ts';

/** Gives up a place in a lane. */
export type LeaveLane = () => void;

/** Who runs and who waits. */
export interface Lanes {
  /** A place at once; undefined when none is free. */
  enterNow(): LeaveLane | undefined;
  /** Waits for a place; rejects 4290 when `queue_max` wait already, or with the signal's reason. */
  enter(signal: AbortSignal): Promise<LeaveLane>;
  readonly running: number;
  readonly waiting: number;
}

/** Makes lanes: `width` calls at once, `queue_max` waiting in order of arrival. */
export function createLanes({ width, queue_max }: { width: number; queue_max: number }): Lanes {
  let running = 0;
  const queue = new Set<() => void>();

  const leave = () => {
    running--;
    const [next] = queue;
    if (!next) return;
    queue.delete(next);
    next();
  };
  const take = (): LeaveLane => {
    running++;
    let is_left = false;
    return () => {
      if (is_left) return;
      is_left = true;
      leave();
    };
  };

  return {
    enterNow: () => (running < width ? take() : undefined),
    enter(signal) {
      if (signal.aborted) return Promise.reject(AuroraError.from(signal.reason));
      if (running < width) return Promise.resolve(take());
      if (queue.size >= queue_max) {
        return Promise.reject(
          new AuroraError(4290, { message: 'This skill has too many calls waiting', retry_after_ms: RETRY_AFTER_MS }),
        );
      }
      return new Promise((resolve, reject) => {
        const onTurn = () => {
          signal.removeEventListener('abort', onAbort);
          resolve(take());
        };
        const onAbort = () => {
          queue.delete(onTurn);
          reject(AuroraError.from(signal.reason));
        };
        signal.addEventListener('abort', onAbort, { once: true });
        queue.add(onTurn);
      });
    },
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
  };
}

const RETRY_AFTER_MS = 1_000;
