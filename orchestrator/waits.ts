/** Waiting for a slot: for room at anybody who fits, or for one instance to come back. */
import { AuroraError } from '../protocol/index.ts';
import type { Clock } from '../seams/index.ts';
import type { Pool } from './pools.ts';
import type { Queue, Waiting } from './queue.ts';
import { unavailable } from './refusals.ts';
import type { Instance, Slot, Wanted } from './registry.ts';

/** Somebody who stands in the line of a pool. */
export interface Waiter extends Waiting {
  readonly wanted: Wanted;
  resolve(slot: Slot): void;
}

/** The waits; both reject with the signal's reason when that aborts. */
export interface Waits {
  /** Until it is served. Bounded by the task's own deadline while somebody is there, and while nobody is by `alone_ms_max`: `route_ms_max` unless said. */
  forRoom(pool: Pool<Waiter>, wanted: Wanted, signal: AbortSignal, alone_ms_max?: number): Promise<Slot>;
  /** Until that instance is back and may have it; 5030 `gone` after `only_ms_max`. */
  forReturn(wanted: Wanted, instance_id: string, signal: AbortSignal): Promise<Slot>;
  /** Tells those who wait for it that it is here. */
  onReturn(instance: Instance): void;
}

/** What waiting needs. */
export interface WaitDeps {
  clock: Clock;
  route_ms_max: number;
  queue: Queue<Waiter>;
  /** Whether one of them may be handed work. */
  hasUsable: (members: Iterable<Instance>) => boolean;
  /** A slot on exactly that instance, if it is the one that is wanted. */
  slotAt: (instance: Instance, wanted: Wanted) => Slot | undefined;
}

/** Makes the waits for an agent with room; nobody waits yet. */
export function createWaits({ clock, route_ms_max, queue, hasUsable, slotAt }: WaitDeps): Waits {
  /** Those who wait for one instance to come back. */
  const awaiting = new Map<string, Set<(instance: Instance) => void>>();

  return {
    forRoom,
    forReturn,
    onReturn(instance) {
      for (const look of [...(awaiting.get(instance.instance_id) ?? [])]) look(instance);
    },
  };

  function forRoom(
    pool: Pool<Waiter>,
    wanted: Wanted,
    signal: AbortSignal,
    alone_ms_max = route_ms_max,
  ): Promise<Slot> {
    return waiting(signal, (resolve, reject) => {
      const { tenant = '', priority } = wanted;
      const waiter: Waiter = { queue: pool.queue, tenant, priority, order: 0, wanted, resolve };
      const look = () => {
        if (hasUsable(pool.members)) stopTimer = clock.after(route_ms_max, look);
        else reject(unavailable(`No agent for ${pool.name} is connected`));
      };
      let stopTimer = clock.after(alone_ms_max, look);
      queue.add(pool.line, waiter);
      return () => {
        stopTimer();
        queue.remove(pool.line, waiter);
      };
    });
  }

  function forReturn(wanted: Wanted, instance_id: string, signal: AbortSignal): Promise<Slot> {
    return waiting(signal, (resolve, reject) => {
      const those = awaiting.get(instance_id) ?? new Set();
      const look = (instance: Instance) => {
        const slot = slotAt(instance, wanted);
        if (slot) resolve(slot);
      };
      const stopTimer = clock.after(wanted.only_ms_max ?? route_ms_max, () =>
        reject(unavailable(`${instance_id} has not come back`, { gone: true })),
      );
      awaiting.set(instance_id, those.add(look));
      return () => {
        stopTimer();
        those.delete(look);
        if (those.size === 0) awaiting.delete(instance_id);
      };
    });
  }
}

/** A promise that `begin` starts and that an abort ends; whatever ends it, what `begin` answered is called first. */
function waiting<T>(
  signal: AbortSignal,
  begin: (resolve: (value: T) => void, reject: (reason: Error) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      end();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = () => {
      leave();
      reject(AuroraError.from(signal.reason));
    };
    const end = begin(
      (value) => {
        leave();
        resolve(value);
      },
      (reason) => {
        leave();
        reject(reason);
      },
    );
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
