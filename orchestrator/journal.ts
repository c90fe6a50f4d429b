/** How the life of a task is written down, and read back: folding its events is the task (INV21). */
import { z } from 'zod';
import { Actor, Effect, Mode, TaskError, type Attempt, type TaskState } from '../protocol/index.ts';
import type { Arrow, ArrowType, EventRow, Phase } from '../store/index.ts';
import { Carried } from './carried.ts';
import type { Lease, TaskEnd, TaskRow } from './ledger.ts';

/** The first event: everything that was asked. */
export function acceptedBy(row: TaskRow): Arrow {
  const { due: _due, updated_at: _updated, state: _state, attempts: _attempts, ...asked } = row;
  return { type: 'accepted', payload: asked satisfies z.input<typeof Accepted> };
}

/** A new attempt. */
export const leasedBy = (fence: number, lease: Lease): Arrow => ({
  type: 'leased',
  fence,
  payload: lease satisfies z.input<typeof Leased>,
});

/** An attempt that came to nothing. */
export const releasedBy = (fence: number, outcome: string): Arrow => ({
  type: 'released',
  fence,
  payload: { outcome },
});

/** The end. A result counts only under the fence of its attempt. */
export function settledBy(end: TaskEnd, fence: number | undefined): Arrow {
  if (end.state === 'completed') return { type: 'succeeded', fence, payload: { result: end.result } };
  const { state: _state, ...payload } = end;
  return { type: END_TYPES[end.state](end.error.code), fence, payload };
}

/**
 * A task from its events, oldest first. `dueOf` gives the monotonic time of a deadline: that clock starts anew with every process.
 * Throws when the first event is not an acceptance, or an event is not as it was written.
 */
export function fold(events: readonly StoredEvent[], dueOf: (deadline: string) => number): TaskRow {
  const [first, ...rest] = events;
  if (first?.type !== 'accepted')
    throw new Error(`the journal of ${first?.task_id ?? 'a task'} does not begin with its acceptance`);
  const { parent_id, reason, key, ...asked } = Accepted.parse(JSON.parse(first.payload));
  const row: TaskRow = {
    ...asked,
    parent_id,
    reason,
    key,
    due: dueOf(asked.deadline),
    updated_at: first.at,
    state: 'submitted',
    attempts: [],
  };
  for (const event of rest) applyEvent(row, { ...event, payload: JSON.parse(event.payload) });
  return row;
}

/** The agent that was asked for by name; the row's own names the one of the newest attempt. */
export const askedAgentOf = (events: readonly StoredEvent[]): string => {
  const [first] = events;
  return first ? Accepted.parse(JSON.parse(first.payload)).agent_id : '';
};

/** What one committed event makes of a row; notes make nothing. */
export function applyEvent(
  row: TaskRow,
  event: { type: ArrowType; fence: number | null; at: string; payload: unknown },
): void {
  const { type, fence, at } = event;
  if (NOTES.has(type)) return;
  row.updated_at = at;
  if (type === 'leased') {
    const { instance_id, ...routing } = Leased.parse(event.payload);
    const number = fence ?? 0;
    const attempt: Attempt = {
      attempt: number,
      fence: number,
      agent_id: routing.agent_id,
      instance_id,
      started_at: at,
    };
    row.attempts = [...row.attempts, attempt];
    Object.assign(row, routing, { state: 'working' });
    return;
  }
  if (type === 'released') {
    const { outcome } = Released.parse(event.payload);
    row.attempts = endAttempt(row.attempts, fence, { outcome, ended_at: at });
    row.state = 'submitted';
    return;
  }
  const state = STATES[type];
  if (state === undefined) return;
  row.state = state;
  if (!ENDS.has(state)) return;
  const newest = row.attempts.at(-1);
  if (newest && !newest.ended_at)
    row.attempts = endAttempt(row.attempts, newest.fence, { outcome: state, ended_at: at });
  const { result, error } = Ended.parse(event.payload);
  if (state === 'completed' || result !== undefined) row.result = result;
  if (error) row.error = error;
}

/** The phases in which a caller sees that state (promises.md 1). */
export const phasesOf = (state: TaskState): Phase[] => PHASES_OF[state];

/** An event as the store keeps it. */
export type StoredEvent = Pick<EventRow, 'task_id' | 'type' | 'fence' | 'at' | 'payload'>;

const endAttempt = (
  attempts: readonly Attempt[],
  fence: number | null,
  end: Pick<Attempt, 'outcome' | 'ended_at'>,
): Attempt[] => attempts.map((attempt) => (attempt.fence === fence ? { ...attempt, ...end } : attempt));

const Accepted = z.object({
  task_id: z.string(),
  root_id: z.string(),
  parent_id: z.string().optional(),
  from: z.string(),
  agent_id: z.string(),
  skill: z.string(),
  params: z.record(z.string(), z.unknown()),
  reason: z.string().optional(),
  hop: z.number().int(),
  path: z.array(z.string()).readonly(),
  mode: Mode,
  priority: z.number(),
  actor: Actor,
  deadline: z.string(),
  traceparent: z.string(),
  created_at: z.string(),
  effect: Effect,
  key: z.object({ scope: z.string(), digest: z.string() }).optional(),
  carried: Carried.optional(),
});
const Leased = z.object({
  agent_id: z.string(),
  instance_id: z.string(),
  hop: z.number().int(),
  path: z.array(z.string()).readonly(),
  actor: Actor,
  effect: Effect,
});
const Released = z.object({ outcome: z.string() });
const Ended = z.object({ result: z.unknown().optional(), error: TaskError.optional() });

const DEADLINE_EXCEEDED = 5040;
const END_TYPES: Readonly<Record<'failed' | 'canceled' | 'rejected', (code: number) => ArrowType>> = {
  failed: (code) => (code === DEADLINE_EXCEEDED ? 'expired' : 'failed'),
  canceled: () => 'canceled',
  rejected: () => 'denied',
};
const NOTES = new Set<ArrowType>(['artifact', 'late_result', 'audit']);
const ENDS = new Set<TaskState>(['completed', 'failed', 'canceled', 'rejected']);
/** What a caller sees after each arrow. */
const STATES: Readonly<Partial<Record<ArrowType, TaskState>>> = {
  approval_asked: 'auth_required',
  approval_granted: 'submitted',
  queued: 'submitted',
  succeeded: 'completed',
  failed: 'failed',
  canceled: 'canceled',
  expired: 'failed',
  denied: 'rejected',
  dead_lettered: 'failed',
  unknown_effect: 'failed',
};
const PHASES_OF: Readonly<Record<TaskState, Phase[]>> = {
  submitted: ['RECEIVED', 'ACCEPTED', 'QUEUED'],
  working: ['LEASED'],
  input_required: [],
  auth_required: ['WAITING_APPROVAL'],
  completed: ['SUCCEEDED'],
  failed: ['FAILED', 'EXPIRED', 'DEAD_LETTERED', 'UNKNOWN_EFFECT'],
  canceled: ['CANCELLED'],
  rejected: ['DENIED'],
};
