/** How a task ends: what was thrown, or came of its attempts, as the end that callers see. */
import { z } from 'zod';
import { AuroraError, errorCodeText, isErrorCode, isRetryable, ParamIssue, type TaskError } from '../protocol/index.ts';
import { redact, redactText, type Stop } from '../seams/index.ts';
import { effectsBegun } from './approval.ts';
import type { TaskEnd, TaskRow } from './ledger.ts';
import type { DeadLetterCause } from './retry.ts';
import { ROUTING_LIMITS } from './routing.ts';

/** The end that a thrown reason means; a stop knows better why. */
export function toEnd(reason: unknown, stop: Pick<Stop, 'aborted' | 'reason'>): TaskEnd {
  const why = stop.aborted ? stop.reason : reason;
  const error = AuroraError.from(why);
  const shown = shownOf(error);
  if (error.code === 4990) return { state: 'canceled', error: shown };
  return { state: REFUSALS.has(error.code) ? 'rejected' : 'failed', error: shown };
}

/** What must not be done twice, and was under way when its time was over: nobody knows whether it took effect (PROM-P4). */
export const inDoubt = (task: TaskRow, end: TaskEnd): TaskEnd =>
  end.state === 'failed' && task.state === 'working' && task.effect === 'non_idempotent'
    ? { ...end, as: 'unknown_effect' }
    : end;

/**
 * An end that is no result says what had been begun before it, and may have happened (PROM-P7): with an approval, or by an agent
 * that was at work on something that acts. An agent's own error speaks for its own attempt: then `until` is when that began.
 */
export function withEffects(task: TaskRow, end: TaskEnd, until?: string): TaskEnd {
  if (end.state === 'completed') return end;
  const begun = effectsBegun(task).filter(({ at }) => until === undefined || at < until);
  const is_acting = until === undefined && task.state === 'working' && task.mode === 'active' && task.effect !== 'read';
  if (begun.length === 0 && !is_acting) return end;
  const { code, message, detail } = end.error;
  const names = begun.slice(0, NAMED_MAX).map(({ effect_key }) => effect_key);
  const what =
    names.length === 0 ? 'Its effect may have happened' : `Begun before, and may have happened: ${names.join(', ')}`;
  return {
    ...end,
    error: { code, message: `${message}. ${what}`, detail: { ...knownOf(detail), effects_begun: begun } },
  };
}

/** A detail that more can be put beside. */
function knownOf(detail: unknown): object {
  if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) return detail;
  return detail === undefined || detail === null ? {} : { said: detail };
}

/** A task that ran out of time after an attempt came to nothing says what was said of that. */
export function withLastTry({ attempts, last_why }: TaskRow, end: TaskEnd): TaskEnd {
  const tried = attempts.findLast(({ outcome }) => outcome !== undefined);
  if (end.state !== 'failed' || end.error.code !== 5040 || !tried) return end;
  const { code, message, detail } = end.error;
  const { attempt, agent_id, outcome } = tried;
  const said = last_why === undefined ? '' : `. Attempt ${attempt} came to nothing: ${last_why}`;
  const last_attempt = { attempt, agent_id, outcome, ...(last_why !== undefined && { why: last_why }) };
  return { ...end, error: { code, message: `${message}${said}`, detail: { ...knownOf(detail), last_attempt } } };
}

/** Given up for good, with every attempt's cause (INV10). */
export const deadLetter = ({ code, message }: TaskError, { why, chain }: DeadLetterCause): TaskEnd => ({
  state: 'failed',
  as: 'dead_lettered',
  error: { code, message: `Given up: ${why}. The last one: ${message}`, detail: { attempts: chain } },
});

/** Lost with work that must not run twice. */
export const UNKNOWN_EFFECT: TaskEnd = {
  state: 'failed',
  as: 'unknown_effect',
  error: { code: 5000, message: 'The agent was lost while this ran: whether it took effect is unknown' },
};

/** What callers see of an error, and what is kept of it: an agent may have put its secrets there (ATK-J1). */
export const shownOf = ({ code, message, detail }: AuroraError): TaskError => ({
  code,
  message: redactText(message),
  detail: redact({ detail }, { depth_max: DETAIL_DEPTH_MAX, is_foreign: true })['detail'],
});

/**
 * What whoever waited for a task without a result is thrown. A retryable code promises that nothing was kept, and who hears it sends
 * again: work that was kept and ended so is 5000, and its detail names the code (ATK-I2, INV12).
 */
export function endedBadly({ task_id, error }: Pick<TaskRow, 'task_id' | 'error'>): AuroraError {
  const { code = 5000, message = 'The task did not complete', detail = null } = error ?? {};
  const known = isErrorCode(code) ? code : 5000;
  if (!isRetryable(known)) return new AuroraError(known, { message, detail: { task_id, ...besideTask(detail) } });
  return new AuroraError(5000, { message, detail: { task_id, code: errorCodeText(known), detail } });
}

/** What is wrong with params stands where every refusal of params says it; whatever else an agent wrote stays by itself. */
function besideTask(detail: unknown): object {
  const { data } = WithIssues.safeParse(detail);
  if (!data) return { detail };
  const { issues, ...rest } = data;
  return { issues, ...(Object.keys(rest).length > 0 && { detail: rest }) };
}

/** Why a task was not accepted. */
export function refusalOf(why: 'full' | 'fan_out' | 'family'): AuroraError {
  if (why === 'full') return new AuroraError(5030, { message: 'Too many open tasks', retry_after_ms: RETRY_AFTER_MS });
  const bound =
    why === 'fan_out'
      ? `a task may hand off ${ROUTING_LIMITS.fan_out_max} times`
      : `an investigation may have ${ROUTING_LIMITS.root_tasks_max} tasks`;
  return new AuroraError(5080, { message: `Handoff refused: ${bound}` });
}

const WithIssues = z.looseObject({ issues: z.array(ParamIssue).min(1) });
/** As deep as a frame may be, in its envelope. */
const DETAIL_DEPTH_MAX = 64;
const REFUSALS = new Set<number>([4030, 4031]);
const RETRY_AFTER_MS = 1_000;
/** Effects that an error names in its sentence; all of them stand in its detail. */
const NAMED_MAX = 5;
