/** What an approval binds and when it counts: pure rules over a task and its approvals (wire.md 8, INV13). */
import { digestOf } from '../mesh/index.ts';
import {
  AuroraError,
  isFinal,
  isSamePerson,
  type Approval,
  type ApprovalDecision,
  type ApprovalUse,
  type Mode,
} from '../protocol/index.ts';
import type { TaskRow } from './ledger.ts';
import { narrowMode } from './routing.ts';

/** Everything that an approval binds; whatever of it changes makes it another action. */
export interface BoundAction {
  tenant: string;
  task_id: string;
  agent_id: string;
  skill: string;
  params: unknown;
  policy_version: string;
  requester: readonly string[];
}

/** SHA-256 over the canonical action, nothing left out and nothing added. */
export const actionHashOf = (action: BoundAction): string => {
  const { tenant, task_id, agent_id, skill, params, policy_version, requester } = action;
  return digestOf({ tenant, task_id, agent_id, skill, params, policy_version, requester });
};

/** Who asked for what a task does: whoever it is done for, and the agent that handed it off. */
export const requesterOf = ({ actor, from }: Pick<TaskRow, 'actor' | 'from'>): string[] => [
  ...new Set([actor.sub, from]),
];

/** The action that a task stands for now, when `agent_id` does it under that policy. */
export const actionOf = (task: TaskRow, agent_id: string, policy_version: string): BoundAction => ({
  tenant: task.actor.tenant,
  task_id: task.task_id,
  agent_id,
  skill: task.skill,
  params: task.params,
  policy_version,
  requester: requesterOf(task),
});

/** An approval says which task it is of: nothing has to be searched for, also after a restart. */
export const approvalIdOf = ({ task_id, approvals = [] }: TaskRow): string =>
  `approval_${approvals.length + 1}_${task_id}`;
/** The task that an approval id names; empty where it is none. */
export const taskIdIn = (approval_id: string): string => /^approval_\d{1,6}_(.+)$/s.exec(approval_id)?.[1] ?? '';

/** The approval of that id among those of a task. */
export const findApproval = (task: TaskRow | undefined, approval_id: string): Approval | undefined =>
  task?.approvals?.find((approval) => approval.approval_id === approval_id);

/** The question that decides whether a waiting task may start; undefined when it waits for none. */
export const questionOf = ({ state, approvals = [] }: TaskRow): Approval | undefined =>
  state === 'auth_required' ? approvals.findLast(({ origin }) => origin === 'dispatch') : undefined;

/** What a task that acts was granted before it started: its agent shows this when it comes to the effect. */
export function grantOf({
  approvals = [],
}: TaskRow): { approval_id: string; action_hash: string; exp: string } | undefined {
  const granted = approvals.findLast(({ origin, state }) => origin === 'dispatch' && state === 'granted');
  return granted && { approval_id: granted.approval_id, action_hash: granted.action_hash, exp: granted.expires_at };
}

/** The agent that a waiting or granted task is bound to. */
export const boundAgentOf = ({ approvals = [] }: TaskRow): string | undefined =>
  approvals.findLast(({ origin }) => origin === 'dispatch')?.agent_id;

/** The latest wall time, ms, at which what was asked about may still run. */
export const neededUntil = ({ expires_at, budget_ms }: Approval): number => Date.parse(expires_at) + budget_ms;

/** An approval of exactly that action which somebody gave, or may still give. */
export const liveApproval = (task: TaskRow, action_hash: string, now: number): Approval | undefined =>
  task.approvals?.find(
    (approval) => approval.action_hash === action_hash && ['pending', 'granted'].includes(stateAt(approval, now)),
  );

/**
 * Where it stands at that wall time: nobody has to write down that it expired. One that was used in time did not: the same effect
 * may have to be asked for again, after a crash between grant and effect (wire.md 8).
 */
export const stateAt = (approval: Approval, now: number): Approval['state'] => {
  const { state, consumed } = approval;
  const may_expire = state === 'pending' || (state === 'granted' && consumed.length === 0);
  return may_expire && isOver(approval, now) ? 'expired' : state;
};

const isOver = ({ expires_at }: Approval, now: number): boolean => Date.parse(expires_at) <= now;

/** What was begun in the world outside on behalf of a task, each effect once: whether it took place, only its agent can tell. */
export const effectsBegun = ({ approvals = [] }: Pick<TaskRow, 'approvals'>): Approval['consumed'] =>
  approvals
    .flatMap(({ consumed }) => consumed)
    .filter(({ effect_key }, nth, all) => all.findIndex((one) => one.effect_key === effect_key) === nth);

/**
 * The mode that an attempt of a task runs in: the stricter of its own and the one in force (INV14). What was begun goes on under
 * its own mode, so that whoever gets it again tells what they did; the approval is not used once more, `objectionToUse` sees to it.
 */
export const modeOf = (task: Pick<TaskRow, 'mode' | 'approvals'>, in_force: Mode): Mode =>
  effectsBegun(task).length > 0 ? task.mode : narrowMode(in_force, task.mode);

/** Why somebody may not decide; undefined when they may. */
export function objectionToVote(
  approval: Approval,
  asked: {
    by: string;
    vote: ApprovalDecision;
    now: number;
    policy_version: string;
    approvers: readonly string[] | undefined;
  },
): AuroraError | undefined {
  const { by, vote, now, policy_version, approvers } = asked;
  const state = stateAt(approval, now);
  if (approval.requester.some((one) => isSamePerson(one, by)))
    return refusal(4030, 'Whoever asked for an action may not decide about it');
  if (approvers && !approvers.some((one) => isSamePerson(one, by)))
    return refusal(4030, 'The policy does not name you as an approver');
  if (state !== 'pending') return refusal(4090, `This approval is ${state} already`);
  if (vote.action_hash !== approval.action_hash) return refusal(4090, 'The action is not the one that you saw');
  if (approval.votes.some((earlier) => isSamePerson(earlier.by, by)))
    return refusal(4090, 'You have approved this already');
  // Under rules that no longer count nobody may say yes; a no does nothing that any rules could forbid.
  if (vote.decision === 'approve' && approval.policy_version !== policy_version)
    return refusal(4090, 'The policy has changed: it is asked anew as soon as its agent is there');
  return undefined;
}

/**
 * Why an effect may not be, looked at in the moment of the effect (ATK-F5); undefined when it may. That the caller holds the task
 * under its newest fence is judged before, and once more by the record.
 */
export function objectionToUse(
  task: TaskRow,
  approval: Approval | undefined,
  asked: {
    use: ApprovalUse;
    agent_id: string;
    now: number;
    policy_version: string;
    mode: Mode;
    /** Whether the policy of now protects a target. */
    isProtected?: ((target: string) => boolean) | undefined;
  },
): AuroraError | undefined {
  const { use, agent_id, now, policy_version, isProtected } = asked;
  if (isFinal(task.state)) return refusal(4090, 'The task is over');
  const mode = narrowMode(asked.mode, task.mode);
  if (mode !== 'active') return refusal(4031, `In mode ${mode} no effect is begun`);
  if (!approval) return refusal(4040, 'This task has no such approval');
  const state = stateAt(approval, now);
  const is_begun = approval.consumed.some(({ effect_key }) => effect_key === use.effect_key);
  if (state === 'expired' || (isOver(approval, now) && !is_begun)) return refusal(4080, 'The approval expired');
  if (state === 'pending') return refusal(4032, 'The approval was not given yet');
  if (state !== 'granted') return refusal(4031, `The approval is ${state}`);
  const { skill, params } = approval.origin === 'work' ? approval : task;
  // What was begun goes on under the rules that it was begun under, also after an upgrade; but not on what is protected by now.
  const rules = is_begun ? approval.policy_version : policy_version;
  const action_hash = actionHashOf({ ...actionOf(task, agent_id, rules), skill, params });
  if (use.action_hash !== action_hash || approval.action_hash !== action_hash) {
    return refusal(4090, 'The action is not the one that was approved');
  }
  const target = targetIn(use.effect_key);
  if (!approval.targets.includes(target)) return refusal(4031, 'That target was not approved');
  if (rules !== policy_version && isProtected?.(target))
    return refusal(4031, 'That target is protected by now: what was begun there is for a person to look at');
  // What was begun goes on: an earlier release asked without saying which kinds.
  if (!is_begun && !approval.effect_kinds.includes(kindIn(use.effect_key))) return otherKind(use, approval);
  const is_used = approval.consumed.some(
    ({ effect_key }) => effect_key !== use.effect_key && targetIn(effect_key) === target,
  );
  return is_used ? refusal(4090, 'The approval was used for this target already') : undefined;
}

const kindIn = (effect_key: string): string => effect_key.slice(0, effect_key.indexOf(':'));

const otherKind = ({ effect_key }: ApprovalUse, { skill, effect_kinds }: Approval): AuroraError =>
  refusal(
    4031,
    `No effect of kind ${kindIn(effect_key)} was approved, only ${effect_kinds.join(', ') || 'none'}: ${skill} declares its effect_kinds in the card`,
  );

/** What stands behind the kind: a target may have colons of its own. */
export const targetIn = (effect_key: string): string => effect_key.slice(effect_key.indexOf(':') + 1);

/** Somebody whose word it rests on is gone, or lost the right. */
export const lapsed = (why: string): AuroraError => refusal(4031, `The approval does not count any more: ${why}`);

/** A conflict that only the record could see. */
export const usedUp = (message: string): AuroraError => refusal(4090, message);

const refusal = (code: 4030 | 4031 | 4032 | 4040 | 4080 | 4090, message: string): AuroraError =>
  new AuroraError(code, { message });
