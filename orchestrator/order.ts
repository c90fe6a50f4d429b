/** What is asked of the dispatcher, and the task that it becomes. */
import type { HandoffTo } from '../protocol/index.ts';
import { toIso, type Clock, type Ids } from '../seams/index.ts';
import { boundAgentOf } from './approval.ts';
import type { TaskRow } from './ledger.ts';
import type { Wanted } from './registry.ts';
import { assertHopLeft, assertOffPath, type ChildRouting } from './routing.ts';

/** What is asked for: the skill, its params, and the routing that was derived for it. */
export interface Order {
  to: HandoffTo;
  skill: string;
  params: Record<string, unknown>;
  reason: string | undefined;
  routing: ChildRouting;
  /** Scope and digest of the idempotency key, when one was given. */
  key: TaskRow['key'];
  /** What travels on with the task, unread. */
  carried?: TaskRow['carried'];
}

/** The task that an order becomes; throws 5080 where it has gone too far or round in a circle, before anything is kept. */
export function taskOfOrder(order: Order, { ids, clock }: { ids: Ids; clock: Clock }): TaskRow {
  const { routing } = order;
  assertHopLeft(routing);
  if ('agent_id' in order.to) assertOffPath(routing, order.to.agent_id);
  const task_id = ids.next('task');
  const now = clock.now();
  return {
    task_id,
    root_id: routing.root_id ?? task_id,
    parent_id: routing.parent_id,
    from: routing.from,
    to: order.to,
    agent_id: 'agent_id' in order.to ? order.to.agent_id : '',
    skill: order.skill,
    params: order.params,
    reason: order.reason,
    hop: routing.hop,
    path: routing.path,
    mode: routing.mode,
    priority: routing.priority,
    actor: routing.actor,
    due: routing.due,
    deadline: toIso(now + (routing.due - clock.monotonic())),
    traceparent: routing.traceparent,
    created_at: toIso(now),
    updated_at: toIso(now),
    effect: 'read',
    state: 'submitted',
    attempts: [],
    key: order.key,
    carried: order.carried,
  };
}

/** Who could do a task: its agent, or whoever is asked for, rather not one that had its try. */
export const wantedBy = (task: TaskRow, { to, skill, routing }: Order): Wanted => ({
  to: boundTo(task) ?? to,
  skill,
  path: routing.path,
  priority: task.priority,
  avoid: triedBy(task),
  // One installation has one tenant: those who share it are whoever began the work (requirements.md 7). Theirs is all that comes of it.
  tenant: routing.actor.sub,
});

/** An approval is for one agent: nobody else does it instead. */
function boundTo(task: TaskRow): HandoffTo | undefined {
  const agent_id = boundAgentOf(task);
  return agent_id === undefined ? undefined : { agent_id };
}

/** Instances that had their try: another one is better, if there is another. */
const triedBy = (task: TaskRow): string[] => task.attempts.map(({ instance_id }) => instance_id);
