/** The unit of work and its states, as a caller sees them (wire.md 7). */
import { z } from 'zod';

/** A2A's states in lower case. */
export const TaskState = z.enum([
  'submitted',
  'working',
  'input_required',
  'auth_required',
  'completed',
  'failed',
  'canceled',
  'rejected',
]);
export type TaskState = z.infer<typeof TaskState>;

/** A final state never changes again. */
export const isFinal = (state: TaskState): boolean => FINAL.has(state);

/** The ledger's own word for how a task ended (promises.md 1): finer than its state. */
export const TaskOutcome = z.enum([
  'succeeded',
  'failed',
  'canceled',
  'expired',
  'denied',
  'dead_lettered',
  'unknown_effect',
]);
export type TaskOutcome = z.infer<typeof TaskOutcome>;

/** One attempt to run a task on one instance of an agent. */
export const Attempt = z.object({
  attempt: z.number().int(),
  fence: z.number().int(),
  agent_id: z.string(),
  instance_id: z.string(),
  started_at: z.string(),
  ended_at: z.string().optional(),
  outcome: z.string().optional().describe('completed, failed, canceled or why it was given up, e.g. link_lost'),
});
export type Attempt = z.infer<typeof Attempt>;

/** Why a task failed, with the number of the error table. */
export const TaskError = z.object({ code: z.number().int(), message: z.string(), detail: z.unknown().optional() });
export type TaskError = z.infer<typeof TaskError>;

/** What an agent answered after the end of a task: kept, and its state stays (PROM-P5). */
export const LateResult = z.object({ at: z.string(), result: z.unknown().optional(), error: TaskError.optional() });
export type LateResult = z.infer<typeof LateResult>;

/** What a person found out about an effect that was unknown. */
export const Resolution = z.object({ by: z.string(), applied: z.boolean(), note: z.string(), at: z.string() });
export type Resolution = z.infer<typeof Resolution>;

/** On whatever a skill that acts answered outside mode `active` (requirements.md 7). */
export const Simulated = z
  .literal(true)
  .describe('a skill that acts answered this outside mode active: nothing was done, it is a preview');

/** A task as `task/get` answers it. */
export const Task = z.object({
  task_id: z.string(),
  root_id: z.string(),
  parent_id: z.string().optional(),
  state: TaskState,
  outcome: TaskOutcome.optional().describe('when final: how it ended, e.g. dead_lettered or unknown_effect'),
  simulated: Simulated.optional(),
  agent_id: z.string(),
  skill: z.string(),
  reason: z.string().optional(),
  hop: z.number().int(),
  path: z.array(z.string()),
  mode: z.string(),
  priority: z.number().int(),
  created_at: z.string(),
  updated_at: z.string(),
  deadline: z.string(),
  attempts: z.array(Attempt),
  result: z.unknown().optional(),
  error: TaskError.optional(),
  late_result: LateResult.optional().describe(
    'the newest answer that came after the end, e.g. that a cancelled effect happened',
  ),
  redriven_as: z.string().optional().describe('the newest task that was made to do this once more'),
  resolved: Resolution.optional(),
});
export type Task = z.infer<typeof Task>;

/** What a progress event is about. */
export const TaskEventKind = z.enum(['status', 'thought', 'tool_call', 'artifact', 'log', 'gap']);
export type TaskEventKind = z.infer<typeof TaskEventKind>;

/** One numbered event of a task: `seq` grows, is never reused, and only a `gap` means loss (wire.md 6). */
export const TaskEvent = z.object({
  task_id: z.string(),
  seq: z.number().int().positive(),
  at: z.string(),
  kind: TaskEventKind,
  value: z.unknown(),
});
export type TaskEvent = z.infer<typeof TaskEvent>;

const FINAL = new Set<TaskState>(['completed', 'failed', 'canceled', 'rejected']);
