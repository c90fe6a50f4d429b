/** The story of a task: plan, route, permit, hand off, settle (house.md 6). */
import { AuroraError } from '../protocol/index.ts';
import { sleep, type Stop } from '../seams/index.ts';
import type { Approvals } from './approvals.ts';
import { createAttempts, type Answer, type AttemptDeps, type Leased } from './attempt.ts';
import { inDoubt, refusalOf, toEnd, withEffects, withLastTry } from './ending.ts';
import type { Events } from './events.ts';
import { createLeaving, LEFT } from './leaving.ts';
import type { Recovered, TaskEnd, TaskRow } from './ledger.ts';
import { createOpenTasks, type OpenTask, type OpenTasks } from './open-tasks.ts';
import { taskOfOrder, wantedBy, type Order } from './order.ts';
import { createOwnSkills, type OwnSkillsDeps } from './own-skills.ts';
import { createPermits } from './permits.ts';
import { createPlacing, type Lost } from './placing.ts';
import type { Slot, Registry } from './registry.ts';
import { AGENT_LOST } from './retry.ts';
import { ROUTING_LIMITS } from './routing.ts';
import { taskOf } from './task-of.ts';
import { createTelling, type OnTold } from './telling.ts';

/** A task under way. */
export interface Dispatched {
  task: TaskRow;
  /** The task when it is final, or when this process leaves it to the next one; never rejects. */
  done: Promise<TaskRow>;
}

/** Dispatches, and stops what it dispatched. */
export interface Dispatcher {
  /** Accepts an order, then carries it out. Throws 4290, 5030, 5080 or 4090 before anything is kept or sent. */
  dispatch(order: Order): Promise<Dispatched>;
  /** Carries on what an earlier process had accepted. */
  resume(recovered: Recovered): void;
  /** Cancels a task and everything below it; resolves when all of it is final. */
  cancel(task_id: string, asked: { by: string; reason: string }): Promise<void>;
  /** Starts no more work of its own: what waits for an agent stays in the ledger for the next process (PROM-P13). */
  leave(): void;
  /** Tasks that are not final: how many, and which. */
  readonly open: number;
  readonly underWay: Pick<OpenTasks, 'find' | 'all'>;
  /** Resolves when none is. */
  idle(): Promise<void>;
}

/** What dispatching needs. */
export interface DispatchDeps extends AttemptDeps, Pick<OwnSkillsDeps, 'local'> {
  registry: Registry;
  events: Events;
  approvals: Approvals;
  /** Rights an agent was granted for handing work on. */
  grantOf(agent_id: string): readonly string[];
  onTold?: OnTold | undefined;
}

/** Makes the dispatcher. */
export function createDispatcher(deps: DispatchDeps): Dispatcher {
  const { clock, log, metrics, ledger, registry, events, failpoints } = deps;
  const open = createOpenTasks(deps);
  const { tell, relay } = createTelling(deps);
  const { handOff, giveUp, spent } = createAttempts({ ...deps, tell });
  const own = createOwnSkills({ ...deps, tell, giveUp });
  const leaving = createLeaving();
  const { permit, answered, admitAction, isAllowedAtOnce } = createPermits({ ...deps, open, leaving });
  const { take, reclaim, leaseOf } = createPlacing({ ...deps, leaving, permit, answered });

  return {
    dispatch: (order) => dispatch(order),
    resume,
    cancel,
    leave: () => leaving.leave(),
    get open() {
      return open.size;
    },
    underWay: open,
    idle: () => open.idle(),
  };

  /** Joins what has the same key, or begins. `is_again` once somebody else's acceptance came first: then it is there to be joined. */
  async function dispatch(order: Order, is_again = false): Promise<Dispatched> {
    const known = order.key && (await joined(order.key));
    if (known) return known;
    const task = taskOfOrder(order, deps);
    const admitted = own.find(order) ? undefined : admit(task, order);
    const slot = typeof admitted === 'object' ? admitted : undefined;
    const leaveQueue = typeof admitted === 'function' ? admitted : undefined;
    const running = open.open(task); // before it is kept: whoever finds it by its key finds its end as well
    let leased: Leased | undefined | 'duplicate';
    try {
      leased = await accept(task, order, slot);
    } catch (reason) {
      leaveQueue?.();
      running.close();
      throw reason;
    }
    if (leased === 'duplicate') {
      leaveQueue?.();
      running.close();
      if (is_again) throw new AuroraError(4090, { message: 'What this idempotency key was used for is forgotten' });
      return dispatch(order, true);
    }
    void carry(running, order, { leased, lost: undefined, leaveQueue });
    return { task, done: running.done };
  }

  function resume({ task, asked, held, told }: Recovered): void {
    events.restore(task.task_id, told);
    const { to = asked.agent_id === '' ? { skill: asked.skill } : { agent_id: asked.agent_id } } = asked;
    const routing = { ...asked, path: [...asked.path], due: task.due };
    const from = { leased: undefined, lost: held && { attempt: held }, told };
    void carry(open.open(task), { ...asked, to, routing }, from);
  }

  /** The whole road of one task: ends with a final task, or with one that is left to the next process. */
  async function carry(running: OpenTask, order: Order, from: Start): Promise<void> {
    const { task, stop } = running;
    try {
      await settle(task, await road(task, order, stop, from));
    } catch (reason) {
      if (reason !== LEFT)
        await settle(task, toLastEnd(task, reason, stop)).catch((fault: unknown) => unkept(task, fault));
    } finally {
      from.leaveQueue?.();
      running.close();
    }
  }

  /** One attempt after another, until one comes to an end. */
  async function road(task: TaskRow, order: Order, stop: Stop, from: Start): Promise<TaskEnd> {
    const last = (from.leased ?? from.lost) ? undefined : spent(task);
    if (last) return last;
    const skill = own.find(order);
    if (skill) return own.run(task, skill, stop.signal, from.lost?.attempt);
    let { leased, lost } = from;
    const hear = relay(task, from.told);
    for (;;) {
      if (lost) {
        leased = await reclaim(task, lost, stop.signal);
        const end = leased ? undefined : await giveUp(task, lost.attempt, AGENT_LOST);
        if (end) return end;
      }
      leased ??= await take(task, order, stop.signal, from.leaveQueue);
      const { slot } = leased;
      let answer: Answer;
      try {
        answer = await handOff(task, leased, hear(leased.attempt), stop);
      } catch (reason) {
        slot.release();
        throw reason;
      }
      lost = 'lost' in answer ? leased : undefined;
      if (!lost) slot.release();
      if ('end' in answer) return answer.end;
      leased = undefined;
      if ('pause_ms' in answer) {
        const { pause_ms } = answer;
        await leaving.unless(task, stop.signal, (staying) => sleep(clock, pause_ms, staying));
      }
    }
  }

  /* ---- accept: whoever could not be served is refused before anything is kept ---- */

  /**
   * A slot where somebody is free and nobody has to be asked; else a place in the queue, as the way to leave it: whoever could not be
   * served later either is refused before it is kept.
   */
  function admit(task: TaskRow, order: Order): Slot | (() => void) | undefined {
    const slot = registry.take(wantedBy(task, order));
    const leaveQueue = slot ? undefined : registry.admit(wantedBy(task, order));
    try {
      admitAction(order);
    } catch (reason) {
      slot?.release();
      leaveQueue?.();
      throw reason;
    }
    if (!slot || isAllowedAtOnce(task, order, slot)) return slot ?? leaveQueue;
    slot.release(); // it is judged once it is kept, and waits for room until then like everybody (INV11)
    return registry.admit(wantedBy(task, order));
  }

  /** Keeps the task: together with its first attempt when somebody is free, so that a plain task costs two commits in all. */
  async function accept(
    task: TaskRow,
    order: Order,
    slot: Slot | undefined,
  ): Promise<Leased | undefined | 'duplicate'> {
    const lease = slot && leaseOf(order, slot);
    failpoints.hit('dispatch.before_commit');
    let accepted: Awaited<ReturnType<typeof ledger.accept>>;
    try {
      accepted = await ledger.accept(task, ROUTING_LIMITS, lease);
    } catch (reason) {
      slot?.release();
      throw reason;
    }
    failpoints.hit('dispatch.after_commit');
    if (accepted !== 'accepted') slot?.release();
    if (accepted === 'duplicate') return accepted;
    if (accepted !== 'accepted') throw refusalOf(accepted);
    metrics.count('tasks_accepted_total');
    tell(task, 'status', { state: 'submitted', skill: task.skill, from: task.from, reason: task.reason ?? null });
    const attempt = task.attempts.at(-1);
    return slot && attempt && { slot, attempt };
  }

  /** The same key with the same body joins the first task; with another body it is a conflict (wire.md 7). */
  async function joined(key: NonNullable<Order['key']>): Promise<Dispatched | undefined> {
    const task = await ledger.byKey(key.scope);
    if (!task) return undefined;
    if (task.key?.digest !== key.digest) {
      throw new AuroraError(4090, { message: 'This idempotency key was used for something else' });
    }
    return { task, done: open.find(task.task_id)?.done ?? Promise.resolve(task) };
  }

  /* ---- settle: the first end wins ---- */

  async function settle(task: TaskRow, ended: TaskEnd): Promise<void> {
    const end = withLastTry(task, ended);
    const fence = task.attempts.at(-1)?.fence;
    const is_first = await ledger.settle(task.task_id, end, end.state === 'completed' ? fence : undefined);
    failpoints.hit('dispatch.after_settle');
    if (!is_first) return;
    metrics.count('tasks_settled_total', { state: end.state });
    const error = 'error' in end ? end.error : undefined;
    tell(task, 'status', { state: end.state, agent_id: task.agent_id, ...(error && { error }) });
    events.finish(task.task_id);
  }

  /** Its end could not be kept: the ledger was taken over or closed, and whoever has it now carries the task on. */
  function unkept({ task_id, root_id }: TaskRow, fault: unknown): void {
    metrics.count('tasks_unkept_total');
    log.error({ task_id, root_id, err: fault }, 'the end of a task could not be kept');
  }

  /* ---- cancel: down the whole tree ---- */

  async function cancel(task_id: string, { by, reason }: { by: string; reason: string }): Promise<void> {
    await taskOf(ledger, task_id);
    await open.stop(task_id, new AuroraError(4990, { message: `Cancelled: ${reason}`, detail: { canceled_by: by } }));
  }
}

/** Where the road begins: leased with its acceptance, or with an attempt of an earlier process. */
interface Start {
  leased: Leased | undefined;
  lost: Lost | undefined;
  /** What an earlier process told of it. */
  told?: Recovered['told'];
  /** Gives back what was held in the queue while the task was being kept. */
  leaveQueue?: (() => void) | undefined;
}

/** What was thrown on the road, as the end of the task, with what may have happened all the same. */
const toLastEnd = (task: TaskRow, reason: unknown, stop: Stop): TaskEnd =>
  withEffects(task, inDoubt(task, toEnd(reason, stop)));
