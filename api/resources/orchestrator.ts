/** Dispatching, and the record of what was dispatched: the wiring. */
import { z } from 'zod';
import { endedBadly, taskOf, toTask, type Ledger } from '../../orchestrator/index.ts';
import type { Dispatched } from '../../protocol/index.ts';
import {
  ApprovalTicket,
  AuroraError,
  HistoryPage,
  isFinal,
  orchestratorRoutes,
  TaskState,
  type BoundRoute,
  type DispatchRecord,
  type RouteContext,
} from '../../protocol/index.ts';
import type { Audit } from '../../soc/index.ts';
import { callerIn, type Desk } from '../desk.ts';
import { doerIn } from '../doer.ts';
import type { Feed } from '../feed.ts';
import { pageBehind } from '../pages.ts';
import { shownTo, taskShownTo } from '../shown.ts';
import { refsOf, requestIdOf, type TaskRow } from '../task-facts.ts';

/** What the routes of tasks and dispatch work on. */
export interface OrchestratorDeps {
  desk: Desk;
  feed: Feed;
  ledger: Pick<Ledger, 'get' | 'page'>;
  audit: Audit;
}

/** The routes with their acts. */
export function bindOrchestrator({ desk, feed, ledger, audit }: OrchestratorDeps): BoundRoute[] {
  const waiting = createSeats();

  return [
    orchestratorRoutes.dispatch.implement(async ({ wait, on_approval, ...asked }, context) => {
      const { task_id, state } = await handOff({ desk, ledger }, context, asked, () => Promise.resolve(asked));
      if (!wait) return { task_id, state };
      const leave = waiting.take(callerIn(context).sub);
      if (!leave) return { task_id, state }; // it was accepted: whoever waits may ask for it
      try {
        const options = { signal: context.signal, ms_max: WAIT_MS_MAX, or_asked: on_approval === 'return' };
        return toDispatched(taskShownTo(callerIn(context), await feed.settled(task_id, options)), context);
      } finally {
        leave();
      }
    }),
    orchestratorRoutes.history.implement(({ limit, cursor, since, ...filter }, context) => {
      const asked = given({ ...filter, since: since === undefined ? undefined : new Date(since).toISOString() });
      return pageBehind(['history', Object.entries(asked).sort()], cursor, async (place) => {
        const before = place === undefined ? {} : { before: await known(place) };
        const { rows, next } = await ledger.page({ limit, bytes_max: PAGE_BYTES_MAX, ...asked, ...before });
        return { items: rows.map((row) => recordFor(context, row)), next_cursor: next };
      });
    }),
    orchestratorRoutes.task.implement(async ({ task_id }, context) =>
      recordFor(context, await taskOf(ledger, task_id)),
    ),
    orchestratorRoutes.events.implement((query, context) => eventsOf(desk, context, query)),
    orchestratorRoutes.cancel.implement(async ({ task_id, reason }, context) => {
      await cancel({ desk, audit }, context, task_id, reason);
      return recordFor(context, await taskOf(ledger, task_id));
    }),
  ];

  /** A list goes on behind a task that exists. */
  async function known(cursor: string): Promise<string> {
    if (await ledger.get(cursor)) return cursor;
    throw new AuroraError(4220, {
      message: 'Validation failed: /cursor take next_cursor from the page before',
      detail: { issues: [{ path: '/cursor', message: 'not a cursor of this list' }] },
    });
  }
}

/** Places for those who wait, with a share for each user: one who takes many leaves the others theirs. */
function createSeats() {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    /** What gives the place back; undefined when there is none. */
    take(sub: string): (() => void) | undefined {
      const own = taken.get(sub) ?? 0;
      if (all >= WAITING_MAX || own >= WAITING_USER_MAX) return undefined;
      taken.set(sub, own + 1);
      all += 1;
      return () => {
        const left = (taken.get(sub) ?? 1) - 1;
        if (left > 0) taken.set(sub, left);
        else taken.delete(sub);
        all -= 1;
      };
    },
  };
}

/** What both ways of asking for work have. */
export interface Work {
  to?: unknown;
  method?: string | undefined;
  params?: Record<string, unknown> | undefined;
  task?: string | undefined;
  refs?: Record<string, string | undefined> | undefined;
  /** Whose idempotency keys these are, beside those of dispatches. */
  operation?: string;
  deadline_ms?: number | undefined;
  priority?: number | undefined;
  mode?: string | undefined;
  reason?: string | undefined;
}

/**
 * Hands work to the orchestrator as the caller, and answers as soon as it is accepted. `order` is what the caller asked, without how
 * to wait for it: an order that is repeated under its key is not made into work again, and answered with the state of its task now.
 */
export async function handOff(
  { desk, ledger }: Pick<OrchestratorDeps, 'desk'> & { ledger: Pick<Ledger, 'get'> },
  context: RouteContext,
  order: object,
  toWork: () => Promise<Work>,
): Promise<Accepted> {
  const first: { accepted?: Accepted } = {};
  const { task_id } = await context.once(order, async () => {
    first.accepted = await hand(desk, context, await toWork());
    return first.accepted.task_id;
  });
  return first.accepted ?? taskOf(ledger, task_id);
}

async function hand(
  desk: Desk,
  context: RouteContext,
  { refs, operation, deadline_ms, priority, mode, reason, ...what }: Work,
): Promise<Accepted> {
  const { idempotency_key } = context;
  const options = given({ deadline_ms, priority, mode, reason, idempotency_key });
  const answer = await desk.ask(context, 'handoff', { ...given(what), wait: 'accepted', options }, { refs, operation });
  return Accepted.parse(answer);
}

/**
 * Cancels a task and everything below it, and writes down who did; what is over is left as it is. Whoever cancelled it and asks again
 * is written down again: the first time that may have failed. Throws 4040.
 */
export async function cancel(
  { desk, audit }: Pick<OrchestratorDeps, 'desk' | 'audit'>,
  context: RouteContext,
  task_id: string,
  reason: string | undefined,
): Promise<void> {
  const asked = given({ reason });
  const { state, error } = Cancelled.parse(await desk.ask(context, 'task/cancel', { task_id, ...asked }));
  const is_theirs = state === 'canceled' && error?.detail.canceled_by === callerIn(context).sub;
  if (is_theirs) await audit.write(doerIn(context), { action: 'task.cancel', target: task_id, detail: asked });
}

/** A result with 200; a question with 202; a task that is not over with 202; a failure as its own error. */
function toDispatched(task: TaskRow, context: RouteContext): Dispatched {
  const { task_id, state } = task;
  if (state === 'completed') {
    context.answer(200);
    return { task_id, state, ...(task.simulated && { simulated: task.simulated }), result: task.result };
  }
  if (state === 'canceled') {
    context.answer(200);
    return { task_id, state };
  }
  if (isFinal(state)) throw endedBadly(task);
  const asked = task.approvals?.findLast(({ state: open }) => open === 'pending');
  const approval = asked && ApprovalTicket.parse(asked);
  return { task_id, state, ...(approval && { approval_id: approval.approval_id, approval }) }; // 4032 over REST (wire.md 9)
}

function recordFor(context: RouteContext, row: TaskRow): DispatchRecord {
  const task = taskShownTo(callerIn(context), row);
  return {
    ...toTask(task),
    requested_by: task.actor.sub,
    from: task.from,
    refs: refsOf(task),
    request_id: requestIdOf(task),
  };
}

/** One page of the record of a task, or of all below it too, as the caller may see it. */
export function eventsOf(
  desk: Desk,
  context: RouteContext,
  { cursor, limit, ...asked }: { task_id: string; tree?: boolean; limit: number; cursor?: string | undefined },
): Promise<HistoryPage> {
  return pageBehind(['events', asked], cursor, async (place) => {
    const query = { ...asked, limit, ...(place !== undefined && { cursor: place }) };
    return shownTo(callerIn(context), HistoryPage.parse(await desk.ask(context, 'task/history', query)));
  });
}

/** Without what was not given. */
const given = (values: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

const Accepted = z.object({ task_id: z.string(), state: TaskState });
type Accepted = z.infer<typeof Accepted>;
/** What `task/cancel` answers, as far as it says who cancelled. */
const Cancelled = z.object({
  state: TaskState,
  error: z
    .object({ detail: z.object({ canceled_by: z.string() }) })
    .optional()
    .catch(undefined),
});

/** What the records of one page hold at most: params and results may have megabytes, and a page may be short. */
export const PAGE_BYTES_MAX = 2_097_152;
/** Requests that may wait for their task at once; more are answered with the task that was accepted. */
const WAITING_MAX = 256;
/** Of these, requests of one user. */
const WAITING_USER_MAX = 32;
/** Longer than any task may take, with the question to a person before it (wire.md 5, 8). */
const WAIT_MS_MAX = 2_700_000;
