/** How a task ends: what was thrown, or came of its attempts, as the end that callers see. */
import { AuroraError, type TaskError } from '../protocol/index.ts';
import type { Stop } from '../seams/index.ts';
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

/** What callers see of an error. */
export const shownOf = ({ code, message, detail }: AuroraError): TaskError => ({ code, message, detail });

/** Why a task was not accepted. */
export function refusalOf(why: 'full' | 'fan_out' | 'family'): AuroraError {
  if (why === 'full') return new AuroraError(5030, { message: 'Too many open tasks', retry_after_ms: RETRY_AFTER_MS });
  const bound =
    why === 'fan_out'
      ? `a task may hand off ${ROUTING_LIMITS.fan_out_max} times`
      : `an investigation may have ${ROUTING_LIMITS.root_tasks_max} tasks`;
  return new AuroraError(5080, { message: `Handoff refused: ${bound}` });
}

const REFUSALS = new Set<number>([4030, 4031]);
const RETRY_AFTER_MS = 1_000;
