/** One attempt of a task: a frame to the specialist, its answer, and what follows when there is none. */
import { isLinkLost, isUnsent, type LateAnswer } from '../mesh/index.ts';
import {
  AuroraError,
  isErrorCode,
  type Attempt,
  type Mode,
  type ProgressEvent,
  type TaskError,
} from '../protocol/index.ts';
import type { Clock, Failpoints, Ids, Log, Metrics, Random, Stop } from '../seams/index.ts';
import { modeOf } from './approval.ts';
import { outcomeOf } from './breaker.ts';
import { deadLetter, inDoubt, shownOf, toEnd, UNKNOWN_EFFECT, withEffects } from './ending.ts';
import { toHandoffMeta, type BlobGrants } from './handoff-meta.ts';
import { lateBy } from './journal.ts';
import type { Ledger, TaskEnd, TaskRow } from './ledger.ts';
import type { Slot } from './registry.ts';
import { backoff, createRetryBudget, isTransient, judgeAttempts, RETRY_LIMITS, type RetryLimits } from './retry.ts';
import type { Telling } from './telling.ts';

/** A slot on an instance, and the lease that was written for it. */
export interface Leased {
  slot: Slot;
  attempt: Attempt;
  /** Its agent was asked before, and says that it has the task still. */
  adopted?: Adopted;
}

/** How often that was so in a row, and when the last time (monotonic ms). */
export interface Adopted {
  times: number;
  at: number;
}

/** What became of a handoff: an end, nothing because the link went, or nothing that may be tried again after a pause. */
export type Answer = { end: TaskEnd } | { lost: true } | { pause_ms: number };

/** Hears the progress of an attempt. */
export type Hear = (event: ProgressEvent) => void;

/** Makes attempts, and gives them up. */
export interface Attempts {
  /** Rejects only when the task was stopped: cancelled, or out of time. */
  readonly handOff: (task: TaskRow, leased: Leased, hear: Hear, stop: Stop) => Promise<Answer>;
  /** Closes an attempt that came to nothing; answers the end when there must be no other one (PROM-P4, P11). */
  readonly giveUp: (task: TaskRow, attempt: Attempt, why: string, error?: TaskError) => Promise<TaskEnd | undefined>;
  /** The end of a task that an earlier process had no more attempts for, and died before it said so (INV10). */
  readonly spent: (task: TaskRow) => TaskEnd | undefined;
}

/** What attempts need. */
export interface AttemptDeps {
  clock: Clock;
  ids: Ids;
  random: Random;
  log: Log;
  metrics: Metrics;
  failpoints: Failpoints;
  ledger: Ledger;
  blobs: BlobGrants;
  /** The mode in force. */
  mode: () => Mode;
  /** Bounds of trying again; the defaults unless said. */
  retry?: Partial<RetryLimits> | undefined;
}

/** Makes the attempts: work handed to an agent, and what becomes of it. */
export function createAttempts(deps: AttemptDeps & Pick<Telling, 'tell'>): Attempts {
  const { clock, log, metrics, failpoints, ledger, tell } = deps;
  const limits = { ...RETRY_LIMITS, ...deps.retry };
  const budget = createRetryBudget({ clock, metrics, limits });

  return { handOff, giveUp, spent };

  async function handOff(task: TaskRow, { slot, attempt, adopted }: Leased, hear: Hear, stop: Stop): Promise<Answer> {
    const { agent_id, instance_id, peer } = slot.instance;
    const started = clock.monotonic();
    const mode = modeOf(task, deps.mode());
    // What it tells was done is a preview: no agent has to say so itself, and none that keeps quiet about it is believed.
    // Findings of a skill that only reads are real, whatever class its card gives it.
    const { effect, action_class } = slot.traits;
    const is_previewed = mode !== 'active' && effect !== 'read' && action_class !== 'read';
    const preview = is_previewed && { simulated: true as const };
    tell(task, 'status', { state: 'working', attempt: attempt.attempt, agent_id, instance_id });
    try {
      const timeout_ms = Math.max(1, task.due - started);
      const params = { ...task.params, _meta: toHandoffMeta(task, attempt, { ...deps, mode }) };
      const answer = peer.request(task.skill, params, {
        stop,
        timeout_ms,
        onProgress: hear,
        ...(task.effect !== 'read' && { onLate: hearLate(task, attempt) }),
      });
      failpoints.hit('dispatch.after_send');
      const result = await answer;
      if (!slot.isTrusted()) throw REVOKED;
      failpoints.hit('dispatch.after_result');
      const ms = Math.round(clock.monotonic() - started);
      log.info(logged(task, { agent_id, attempt: attempt.attempt, ms }), 'a handoff was answered');
      metrics.observe('handoff_ms', ms, { agent_id });
      budget.onSuccess();
      slot.report('ok');
      // What is answered after a cancel is kept, but it is a part and no end of the work (wire.md 7).
      if (!stop.aborted) return { end: { state: 'completed', result, ...preview } };
      return { end: { ...withEffects(task, toEnd(stop.reason, stop)), result, ...preview } };
    } catch (reason) {
      const error = slot.isTrusted() ? AuroraError.from(reason) : REVOKED;
      const why = error === REVOKED ? 'revoked' : isLinkLost(error) ? 'link_lost' : String(error.code);
      const { code, message } = shownOf(error);
      log.warn(logged(task, { agent_id, attempt: attempt.attempt, code, why: message }), 'a handoff failed');
      metrics.count('handoffs_failed_total', { agent_id, why });
      if (stop.aborted) throw error;
      if (error === REVOKED) return await again(task, attempt, { why, error, pause_ms: 0 });
      // The link went while the lease was kept: nobody has the task, and nothing was done (PROM-P4).
      if (isUnsent(error) && !adopted) return await unsent(task, attempt, error);
      if (isLinkLost(error) && !wasCutByUs(error)) return { lost: true };
      slot.report(outcomeOf(error), message);
      if (!isLinkLost(error)) return await failed(task, attempt, error);
      return await again(task, attempt, { why: 'link_lost', error, pause_ms: 0 });
    }
  }

  /** Whoever was chosen may be leaving still: the next is chosen after a pause. */
  function unsent(task: TaskRow, attempt: Attempt, error: AuroraError): Promise<Answer> {
    const pause_ms = backoff(attempt.attempt, deps.random, { limits });
    return again(task, attempt, { why: 'link_lost', error, pause_ms, is_unsent: true });
  }

  /** An answer that is an error: given another try when it is declared transient, else the end. */
  async function failed(task: TaskRow, attempt: Attempt, error: AuroraError): Promise<Answer> {
    // What an agent calls its failure is its word; states that the orchestrator decides are not its to give.
    const end: TaskEnd = { state: 'failed', error: shownOf(error) };
    // Its time was over, by the clock of any of the two, or it was left alone: what it did meanwhile nobody knows (PROM-P4, P7).
    if (STOPPED.has(error.code)) return { end: withEffects(task, inDoubt(task, end)) };
    const pause_ms = backoff(attempt.attempt, deps.random, { retry_after_ms: error.retry_after_ms, limits });
    const is_worth_it = isTransient(error) && clock.monotonic() + pause_ms < task.due;
    if (!is_worth_it || task.effect === 'non_idempotent') return { end: withEffects(task, end, attempt.started_at) };
    return again(task, attempt, { why: String(error.code), error, pause_ms });
  }

  async function again(task: TaskRow, attempt: Attempt, failure: Failure): Promise<Answer> {
    const { why, error, pause_ms, is_unsent = false } = failure;
    const end = is_unsent
      ? await close(task, attempt, why, shownOf(error))
      : await giveUp(task, attempt, why, shownOf(error));
    if (end) return { end };
    return { pause_ms: budget.mayRetry() ? pause_ms : Math.max(pause_ms, budget.wait_ms()) };
  }

  /** Holds no more of the task than its name: it may be heard long after the task is over. */
  function hearLate({ task_id }: TaskRow, { fence }: Attempt): (late: LateAnswer) => void {
    return (late) => void keepLate(task_id, fence, late);
  }

  /** What came of an effect after the task was over: on its record, and shown with it. That it was stopped is known already. */
  async function keepLate(task_id: string, fence: number, late: LateAnswer): Promise<void> {
    if ('error' in late && STOPPED.has(late.error.code)) return;
    const said = 'error' in late ? { error: shownOf(late.error) } : late;
    await ledger.record(task_id, [lateBy(fence, said)]).catch((reason: unknown) => {
      log.warn({ task_id, err: reason }, 'a late result was not journaled');
    });
  }

  async function giveUp(task: TaskRow, attempt: Attempt, why: string, error?: TaskError): Promise<TaskEnd | undefined> {
    return task.effect === 'non_idempotent' ? UNKNOWN_EFFECT : close(task, attempt, why, error);
  }

  async function close(task: TaskRow, attempt: Attempt, why: string, error?: TaskError): Promise<TaskEnd | undefined> {
    await ledger.release(task.task_id, attempt.fence, why, error?.message);
    const end = spent(task, error);
    if (end) return end;
    const { agent_id, instance_id } = attempt;
    tell(task, 'status', { state: 'submitted', attempt: attempt.attempt, agent_id, instance_id, why });
    return undefined;
  }

  function spent(task: TaskRow, error = lastOf(task)): TaskEnd | undefined {
    const judged = judgeAttempts(task.attempts, limits);
    return judged.then === 'dead_letter' ? withEffects(task, deadLetter(error, judged.cause)) : undefined;
  }
}

/** Why an attempt came to nothing, and how long to wait before the next. */
interface Failure {
  why: string;
  error: AuroraError;
  pause_ms: number;
  /** Its agent was never asked. */
  is_unsent?: boolean;
}

/** What its record says of the last attempt: an outcome is an error's code, or says that the agent was lost. */
function lastOf({ attempts, last_why: message = AGENT_GONE.message }: TaskRow): TaskError {
  const code = Number(attempts.at(-1)?.outcome);
  return { code: isErrorCode(code) ? code : AGENT_GONE.code, message };
}

/** An agent that we threw out for what it sends is not waited for. */
const wasCutByUs = ({ detail }: AuroraError): boolean =>
  typeof detail === 'object' && detail !== null && 'close_code' in detail && ABUSE.has(Number(detail.close_code));

/** With the request from outside that it began with: one search of the logs finds the whole way. */
const logged = ({ task_id, root_id, skill, carried }: TaskRow, more: object): object => {
  const request_id = carried?.meta['request_id'];
  return { ...(typeof request_id === 'string' && { request_id }), task_id, root_id, skill, ...more };
};

/** An agent whose key was taken back while it worked: whatever it says, or not, its attempt is lost (wire.md 4, 10). */
const REVOKED = new AuroraError(5030, { message: 'The key of the agent is no longer pinned' });
/** Stopped, or out of time. */
const STOPPED = new Set<number>([4990, 5040]);
const AGENT_GONE: TaskError = { code: 5030, message: 'The agent was lost' };
/** Close codes that say we had enough: protocol abuse and too many frames (wire.md 10). */
const ABUSE = new Set([4000, 4029]);
