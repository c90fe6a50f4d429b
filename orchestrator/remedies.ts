/** What a person can do about a task that failed: ask for it once more, or say what became of its effect (PROM-P4, P11). */
import {
  AuroraError,
  isFinal,
  type Mode,
  type Redrive,
  type Redriven,
  type Resolve,
  type Task,
} from '../protocol/index.ts';
import type { Clock, Random } from '../seams/index.ts';
import type { Dispatcher } from './dispatch.ts';
import type { Order } from './order.ts';
import type { Ledger, TaskRow } from './ledger.ts';
import { redrivenBy, resolvedBy } from './remedy-journal.ts';
import { newTraceparent, rootRouting } from './routing.ts';
import { taskOf } from './task-of.ts';
import { toTask } from './task-view.ts';
import { createTurns } from './turns.ts';

/** Both leave the old task as it ended, and a note on its record that says who did what and why (INV4). */
export interface Remedies {
  /** Throws 4040, or 4090 when the task did not fail, took effect after all, or its last redrive is still open. */
  redrive(by: string, asked: Redrive): Promise<Redriven>;
  /** Throws 4040, or 4090 when the effect of the task is not unknown, or no longer. */
  resolve(by: string, asked: Resolve): Promise<Task>;
}

/** What they work on. */
export interface RemedyDeps {
  clock: Clock;
  random: Random;
  ledger: Pick<Ledger, 'get' | 'record'>;
  dispatcher: Pick<Dispatcher, 'dispatch'>;
  /** Keeps the bytes that these params speak of until then, wall ms. */
  hold(params: Record<string, unknown>, until: number): void;
  /** The mode that people's work starts in. */
  mode: () => Mode;
}

/** Makes the remedies over one ledger. */
export function createRemedies(deps: RemedyDeps): Remedies {
  const { clock, ledger } = deps;
  const turns = createTurns(clock);

  return {
    redrive: (by, asked) =>
      turns.take(asked.task_id, async () => {
        const old = await taskOf(ledger, asked.task_id);
        const objection = objectionToRedrive(old, old.redriven_as ? await ledger.get(old.redriven_as) : undefined);
        if (objection) throw objection;
        const order = orderOf(old, by, asked.reason);
        const { task } = await deps.dispatcher.dispatch(order);
        deps.hold(order.params, clock.now() + (order.routing.due - clock.monotonic()));
        const { task_id, state } = task;
        await note(old, redrivenBy({ by, reason: asked.reason, new_task_id: task_id }));
        return { task_id, state, redrive_of: old.task_id };
      }),
    resolve: (by, { task_id, applied, note: said }) =>
      turns.take(task_id, async () => {
        const task = await taskOf(ledger, task_id);
        const objection = objectionToResolve(task);
        if (objection) throw objection;
        await note(task, resolvedBy({ by, applied, note: said }));
        return toTask(await taskOf(ledger, task_id));
      }),
  };

  async function note({ task_id }: TaskRow, arrow: ReturnType<typeof redrivenBy>): Promise<void> {
    if (await ledger.record(task_id, [arrow])) return;
    throw new AuroraError(5000, {
      message:
        'The note did not fit on the record of the task, which changed meanwhile: look at task/history, then ask once more',
    });
  }

  /** The same work with the same time, on behalf of the operator: approvals that it needs are asked for anew. */
  function orderOf(old: TaskRow, by: string, why: string): Order {
    const { task_id, skill, params, mode, priority, created_at, deadline } = old;
    const deadline_ms = Math.max(BUDGET_MS_MIN, Date.parse(deadline) - Date.parse(created_at));
    const actor = { sub: by, scopes: ['*'], tenant: old.actor.tenant };
    const routing = rootRouting({
      actor,
      mode: deps.mode(),
      options: { mode, priority, deadline_ms },
      now: clock.monotonic(),
      traceparent: newTraceparent(deps.random.bytes(24)),
    });
    // One key for each redrive: should the note be lost in a crash, asking again finds the task that was made.
    const turn = old.redriven_as ?? null;
    const scope = JSON.stringify([actor.tenant, 'task/redrive', task_id, turn]);
    return {
      to: old.to ?? { skill },
      skill,
      params,
      reason: `Redrive of ${task_id}: ${why}`,
      routing,
      key: { scope, digest: task_id },
      carried: carriedOf(old),
    };
  }
}

function objectionToRedrive(task: TaskRow, last: TaskRow | undefined): AuroraError | undefined {
  if (task.state !== 'failed') return conflict(`Only what failed is redriven; this task is ${task.state}`);
  if (task.resolved?.applied) return conflict('It took effect after all, says who resolved it: again would be twice');
  if (last && !isFinal(last.state)) return conflict(`It is redriven already: ${last.task_id} is ${last.state}`);
  return undefined;
}

function objectionToResolve({ outcome, state, resolved }: TaskRow): AuroraError | undefined {
  if (outcome !== 'unknown_effect') return conflict(`Its effect is not unknown: it is ${outcome ?? state}`);
  if (resolved) return conflict(`${resolved.by} resolved it already, at ${resolved.at}`);
  return undefined;
}

/** What travelled with it travels again, but for the key that named the first asking. */
function carriedOf({ carried }: TaskRow): TaskRow['carried'] {
  if (!carried) return undefined;
  const { idempotency_key: _key, ...handoff } = carried.handoff;
  return { ...carried, handoff };
}

const conflict = (message: string): AuroraError => new AuroraError(4090, { message });

/** What a redriven task gets at least, ms. */
const BUDGET_MS_MIN = 1_000;
