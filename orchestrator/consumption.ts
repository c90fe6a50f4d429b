/** Using an approval, in the moment of the effect: once for each target, by whoever holds the task now (INV13, ATK-F5). */
import type { Approval, AuroraError, ApprovalUse, ApprovalUsed, Mode } from '../protocol/index.ts';
import { inertFailpoints, makeRoom, type Clock, type Failpoints, type Log, type Metrics } from '../seams/index.ts';
import { effectsBegun, findApproval, lapsed, objectionToUse, usedUp } from './approval.ts';
import { consumedBy, refusedBy } from './approval-journal.ts';
import type { SignEffect } from './effect-token.ts';
import type { Ledger, TaskRow } from './ledger.ts';
import type { Policy } from './policy.ts';
import { fallenOf, lapseIn, type Standing } from './standing.ts';
import type { Turns } from './turns.ts';

/** Uses, and the record of what was refused. */
export interface Consumption {
  /**
   * Says whether it is the first time that this effect is asked for, with a token for whoever carries it out. Everything that
   * speaks against it throws, and is on record.
   */
  consume(task: TaskRow, use: ApprovalUse, holder: Holder): Promise<ApprovalUsed>;
  /** Writes down that somebody tried what they may not; a flood of it is counted, and no longer written. */
  readonly refused: (task: TaskRow, refused: Refused) => Promise<void>;
}

/** Whoever holds the task, under the fence that they showed. */
export interface Holder {
  agent_id: string;
  fence: number;
}

/** An attempt that failed. */
export interface Refused {
  by: string;
  approval_id: string;
  effect_key?: string;
  error: AuroraError;
}

/** Makes the use of approvals in the moment of their effect (ATK-F5). */
export function createConsumption(deps: {
  clock: Clock;
  log: Log;
  metrics: Metrics;
  failpoints?: Failpoints | undefined;
  ledger: Pick<Ledger, 'record'>;
  turns: Turns;
  policy: Pick<Policy, 'version' | 'isProtected'>;
  /** The mode in force. */
  mode: () => Mode;
  standing: Standing;
  signEffect: SignEffect;
}): Consumption {
  const { clock, log, metrics, failpoints = inertFailpoints, ledger, turns, policy, signEffect } = deps;
  /** Refusals on record, by task: the newest tasks of a bounded number. */
  const refusals = new Map<string, number>();
  /** Uses that are on record and were refused after it: nobody began them, and whoever asks again is looked at as at first. */
  const unbegun = new Set<string>();

  return { consume: (task, use, holder) => turns.take(task.task_id, () => consumeInTurn(task, use, holder)), refused };

  async function consumeInTurn(task: TaskRow, use: ApprovalUse, { agent_id, fence }: Holder): Promise<ApprovalUsed> {
    const { approval_id, effect_key } = use;
    const mark = JSON.stringify([task.task_id, approval_id, effect_key]);
    const was_refused = unbegun.has(mark);
    const found = approvalNow();
    const is_begun = found?.consumed.some((earlier) => earlier.effect_key === effect_key) ?? false;
    // Before time and mode, which may change while it is looked up. What was begun goes on.
    const lapse = is_begun ? undefined : await lapseOf(found);
    const approval = approvalNow();
    const objection = objectionNow() ?? lapse;
    if (objection) return refuse(objection);
    if (is_begun) return granted(false);
    // Asked about anew, it may have been begun under an approval of before.
    const earlier = effectsBegun(task).filter((begun) => begun.effect_key === effect_key).length;
    const first = earlier === (was_refused ? 1 : 0);
    const consumed = consumedBy(fence, { approval_id, effect_key, by: agent_id });
    const is_kept = was_refused || (await ledger.record(task.task_id, [consumed]));
    if (!is_kept) return refuse(usedUp('The task is over, or was given on'));
    failpoints.hit('approval.after_consume');
    // A disk that is full makes it wait, for hours if need be: what was true before is looked at again, on the approval of before.
    const lapse_since = await lapseOf(approval);
    const objection_since = objectionNow() ?? lapse_since;
    if (objection_since) {
      makeRoom(unbegun, TASKS_MAX, TASKS_MAX / 8);
      unbegun.add(mark);
      return refuse(objection_since);
    }
    unbegun.delete(mark);
    metrics.count('approvals_consumed_total', { action_class: approval?.action_class ?? 'read' });
    return granted(first);

    function approvalNow(): Approval | undefined {
      const known = findApproval(task, approval_id);
      const isOther = (one: Approval['consumed'][number]) => one.effect_key !== effect_key;
      return known && was_refused ? { ...known, consumed: known.consumed.filter(isOther) } : known;
    }

    /** Whoever it rests on may be gone. */
    async function lapseOf(approval: Approval | undefined): Promise<AuroraError | undefined> {
      const why = approval && lapseIn(await fallenOf(deps.standing, task, approval));
      return why === undefined ? undefined : lapsed(why);
    }

    function objectionNow(): AuroraError | undefined {
      return objectionToUse(task, approval, {
        use,
        agent_id,
        now: clock.now(),
        policy_version: policy.version,
        mode: deps.mode(),
        isProtected: (target: string) => policy.isProtected?.(target) ?? false,
      });
    }

    function granted(first: boolean): ApprovalUsed {
      const action = approval?.origin === 'work' ? approval : task;
      return { approval_id, effect_key, first, token: signEffect({ task, action, use, agent_id, fence }) };
    }

    async function refuse(why: AuroraError): Promise<never> {
      await refused(task, { by: agent_id, approval_id, effect_key, error: why });
      throw why;
    }
  }

  async function refused({ task_id }: TaskRow, { error, ...about }: Refused): Promise<void> {
    const { code, message } = error;
    metrics.count('approvals_refused_total', { code: String(code) });
    log.warn({ task_id, ...about, code, why: message }, 'an approval was refused');
    const count = (refusals.get(task_id) ?? 0) + 1;
    refusals.delete(task_id);
    makeRoom(refusals, TASKS_MAX, TASKS_MAX / 8);
    refusals.set(task_id, count);
    if (count <= REFUSALS_MAX) await ledger.record(task_id, [refusedBy({ ...about, code, why: message })]);
  }
}

/** Refusals of one task that are written down. */
const REFUSALS_MAX = 64;
const TASKS_MAX = 10_000;
