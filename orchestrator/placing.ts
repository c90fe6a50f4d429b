/** Where a task goes: to whoever fits and has room, or back to the process that has it still. */
import { AuroraError, type Attempt } from '../protocol/index.ts';
import type { Clock } from '../seams/index.ts';
import type { Adopted, Leased } from './attempt.ts';
import { LEFT, type Leaving } from './leaving.ts';
import type { Lease, Ledger, TaskRow } from './ledger.ts';
import { outOfTime } from './open-tasks.ts';
import { wantedBy, type Order } from './order.ts';
import type { Permits } from './permits.ts';
import { ANNOUNCE_MS_MAX, type Registry, type Slot } from './registry.ts';
import { stepTo } from './routing.ts';

/** Finds places. */
export interface Placing {
  /** A slot and a lease on it, as soon as somebody fits, may and has room. What was held in the queue is left as it is entered. */
  readonly take: (task: TaskRow, order: Order, signal: AbortSignal, leaveQueue?: () => void) => Promise<Leased>;
  /**
   * The same attempt on the same process, when its link is back and it says that it still has the task (PROM-P12). Whoever is lost
   * again and again over it as soon as it is asked is asked no more.
   */
  readonly reclaim: (task: TaskRow, lost: Lost, signal: AbortSignal) => Promise<Leased | undefined>;
  /** The lease that goes with a slot. */
  readonly leaseOf: (order: Order, slot: Slot) => Lease;
}

/** An attempt whose agent is not there; the slot it had is given back once it is known what became of it. */
export interface Lost {
  attempt: Attempt;
  slot?: Slot;
  adopted?: Adopted | undefined;
}

/** What placing needs. */
export interface PlacingDeps extends Pick<Permits, 'permit' | 'answered'> {
  clock: Clock;
  registry: Pick<Registry, 'acquire' | 'expected'>;
  ledger: Pick<Ledger, 'lease'>;
  leaving: Leaving;
  /** Rights an agent was granted for handing work on. */
  grantOf(agent_id: string): readonly string[];
}

/** Makes it. */
export function createPlacing(deps: PlacingDeps): Placing {
  const { clock, registry, ledger, leaving, permit, answered } = deps;
  return { take, reclaim, leaseOf };

  async function take(task: TaskRow, order: Order, signal: AbortSignal, leaveQueue?: () => void): Promise<Leased> {
    await answered(task, order, signal);
    const wanted = { ...wantedBy(task, order), is_admitted: true };
    const slot = await leaving.unless(task, signal, (staying) => {
      leaveQueue?.();
      return registry.acquire(wanted, staying);
    });
    try {
      if ((await permit(task, order, slot)) === 'asked') {
        slot.release(); // nobody is kept from other work while people think
        return await take(task, order, signal);
      }
      // Its timer may be late: what holds this process up holds that up too.
      if (clock.monotonic() >= task.due) throw outOfTime();
      const attempt = await ledger.lease(task.task_id, leaseOf(order, slot));
      if (!attempt) throw new AuroraError(4990);
      return { slot, attempt };
    } catch (reason) {
      slot.release();
      throw reason;
    }
  }

  async function reclaim(task: TaskRow, lost: Lost, signal: AbortSignal): Promise<Leased | undefined> {
    const { attempt, slot: left } = lost;
    const { agent_id, instance_id } = attempt;
    const times = inARow(lost);
    const is_known = left !== undefined || registry.expected().includes(agent_id);
    const lease_ms = is_known ? LEASE_MS : ANNOUNCE_MS_MAX;
    const only_ms_max = task.effect === 'non_idempotent' ? lease_ms : RETURN_MS;
    const about = { to: { agent_id }, skill: task.skill, path: [], priority: task.priority };
    const wanted = { ...about, only: instance_id, only_ms_max };
    try {
      if (times >= ADOPTIONS_MAX) return undefined;
      const slot = await leaving.unless(task, signal, (staying) => registry.acquire(wanted, staying));
      if (slot.instance.holding?.has(task.task_id)) {
        left?.report('ignored');
        return { slot, attempt, adopted: { times: times + 1, at: clock.monotonic() } };
      }
      slot.release();
    } catch (reason) {
      if (reason === LEFT || signal.aborted) throw reason;
    } finally {
      if (!signal.aborted) left?.report('failed', 'it was lost');
      left?.release();
    }
    return undefined;
  }

  /** How often it was adopted lately, and lost at once: a link that held for as long as a lease makes up for those before. */
  function inARow({ adopted }: Lost): number {
    return adopted && clock.monotonic() - adopted.at < LEASE_MS ? adopted.times : 0;
  }

  function leaseOf({ routing }: Order, { instance, traits }: Slot): Lease {
    const { agent_id, instance_id } = instance;
    const { hop, path, actor } = stepTo(routing, agent_id, deps.grantOf(agent_id));
    return { agent_id, instance_id, hop, path, actor, effect: traits.effect };
  }
}

/**
 * How long a lost process may take to come back with its work, ms: a lease for what must not run twice (PROM-P12), else a moment.
 * Whom nobody knows yet since this process started has as long as an agent may take to register again.
 */
const LEASE_MS = 15_000;
const RETURN_MS = 1_000;
/** Adoptions of one attempt in a row, each lost again within a lease: an answer that is too large ends every link that it is sent on. */
const ADOPTIONS_MAX = 3;
