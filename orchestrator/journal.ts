/** How the life of a task is written down, and read back: folding its events is the task (INV21). */
import { z } from 'zod';
import {
  Actor,
  Effect,
  LateResult,
  Mode,
  TaskError,
  TaskOutcome,
  type Attempt,
  type HandoffTo,
  type TaskState,
} from '../protocol/index.ts';
import type { Arrow, ArrowType, Phase } from '../store/index.ts';
import { applyApproval, endApprovals } from './approval-journal.ts';
import { Carried } from './carried.ts';
import type { Lease, StoredEvent, TaskEnd, TaskRow } from './ledger.ts';
import { applyRemedy } from './remedy-journal.ts';

/** The first event: everything that was asked. */
export function acceptedBy(row: TaskRow): Arrow {
  const {
    due: _due,
    updated_at: _updated,
    state: _state,
    outcome: _outcome,
    simulated: _simulated,
    attempts: _attempts,
    ...asked
  } = row;
  return { type: 'accepted', payload: asked satisfies z.input<typeof Accepted> };
}

/** A new attempt. */
export const leasedBy = (fence: number, lease: Lease): Arrow => ({
  type: 'leased',
  fence,
  payload: lease satisfies z.input<typeof Leased>,
});

/** An attempt that came to nothing; `why` is what its agent said, cut. */
export const releasedBy = (fence: number, outcome: string, why?: string): Arrow => ({
  type: 'released',
  fence,
  payload: { outcome, ...(why !== undefined && { why: why.slice(0, WHY_CHARS_MAX) }) },
});

/** An answer that came when nobody waited for it any more. */
export const lateBy = (fence: number, late: Omit<LateResult, 'at'>): Arrow => ({
  type: 'late_result',
  fence,
  payload: late satisfies z.input<typeof Late>,
});

/** The end. A result counts only under the fence of its attempt. */
export function settledBy(end: TaskEnd, fence: number | undefined): Arrow {
  const preview = end.simulated && { simulated: true };
  if (end.state === 'completed') return { type: 'succeeded', fence, payload: { result: end.result, ...preview } };
  const { error, result } = end;
  const type = end.state === 'failed' && end.as ? end.as : END_TYPES[end.state](error.code);
  return { type, fence, payload: { error, ...(result !== undefined && { result }), ...preview } };
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
  for (const event of rest) applyEvent(row, { ...event, payload: JSON.parse(event.payload) }, dueOf);
  return row;
}

/** What one committed event makes of a row; notes make nothing. A grant moves its deadline, and `dueOf` tells when that is. */
export function applyEvent(
  row: TaskRow,
  event: { type: ArrowType; fence: number | null; at: string; payload: unknown },
  dueOf: (deadline: string) => number,
): void {
  const { type, fence, at } = event;
  applyApproval(row, event, dueOf);
  applyRemedy(row, event);
  if (type === 'late_result' && row.outcome !== undefined && row.outcome !== 'succeeded')
    row.late_result = { at, ...Late.parse(event.payload) };
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
    const { outcome, why } = Released.parse(event.payload);
    row.attempts = endAttempt(row.attempts, fence, { outcome, ended_at: at });
    delete row.last_why; // of an attempt before
    if (why !== undefined) row.last_why = why;
    row.state = 'submitted';
    return;
  }
  const state = STATES[type];
  const is_amid_work = row.state === 'working' && (type === 'approval_asked' || type === 'approval_granted');
  if (state === undefined || is_amid_work) return;
  row.state = state;
  if (!ENDS.has(state)) return;
  row.outcome = TaskOutcome.parse(type);
  const newest = row.attempts.at(-1);
  if (newest && !newest.ended_at)
    row.attempts = endAttempt(row.attempts, newest.fence, { outcome: state, ended_at: at });
  const { result, error, simulated } = Ended.parse(event.payload);
  if (state === 'completed' || result !== undefined) row.result = result;
  if (error) row.error = error;
  if (simulated) row.simulated = simulated;
  endApprovals(row, at);
}

/** The phases in which a caller sees that state (promises.md 1). */
export const phasesOf = (state: TaskState): Phase[] => PHASES_OF[state];

/** The phase in which a task ended like that. */
export const phaseOf = (outcome: TaskOutcome): Phase => PHASE_OF[outcome];

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
  to: z.custom<HandoffTo>().optional(), // judged when it was asked, by the rules of then
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
const Released = z.object({ outcome: z.string(), why: z.string().optional() });
const Late = LateResult.omit({ at: true }).catch({});
const Ended = z.object({
  result: z.unknown().optional(),
  error: TaskError.optional(),
  simulated: z.literal(true).optional(),
});

/** The task's own time, or the time of those who were asked. */
const OUT_OF_TIME = [5040, 4080];
const END_TYPES: Readonly<Record<'failed' | 'canceled' | 'rejected', (code: number) => ArrowType>> = {
  failed: (code) => (OUT_OF_TIME.includes(code) ? 'expired' : 'failed'),
  canceled: () => 'canceled',
  rejected: () => 'denied',
};
const NOTES = new Set<ArrowType>(['artifact', 'late_result', 'audit', 'approval_voted', 'approval_consumed']);
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
const PHASE_OF: Readonly<Record<TaskOutcome, Phase>> = {
  succeeded: 'SUCCEEDED',
  failed: 'FAILED',
  canceled: 'CANCELLED',
  expired: 'EXPIRED',
  denied: 'DENIED',
  dead_lettered: 'DEAD_LETTERED',
  unknown_effect: 'UNKNOWN_EFFECT',
};
const WHY_CHARS_MAX = 256;
