/** How an action becomes a question on the record of its task, or is granted there at once where policy allows it. */
import {
  AuroraError,
  effectKindsOf,
  type Approval,
  type ApprovalQuestion,
  type SkillTraits,
} from '../protocol/index.ts';
import { toIso, type Clock, type Log, type Metrics } from '../seams/index.ts';
import {
  actionHashOf,
  actionOf,
  approvalIdOf,
  findApproval,
  liveApproval,
  neededUntil,
  questionOf,
  requesterOf,
  stateAt,
} from './approval.ts';
import { askedBy, grantedBy } from './approval-journal.ts';
import { bytesOf } from './events.ts';
import { assertNotDenied, type Judge } from './judge.ts';
import type { Ledger, TaskRow } from './ledger.ts';
import { createNotices, type NotifyWaiting } from './notices.ts';
import type { Decision, Policy, PolicyRules } from './policy.ts';
import { createRecentActions } from './recent.ts';
import { targetsOf } from './targets.ts';
import type { Telling } from './telling.ts';
import type { Turns } from './turns.ts';

/** One action to be asked about. */
export interface AskedAction {
  skill: string;
  params: Record<string, unknown>;
  origin: Approval['origin'];
  agent_id: string;
  traits: SkillTraits;
  fence?: number;
  reason?: string;
}

/** What asking needs. */
export interface QuestionDeps {
  clock: Clock;
  log: Log;
  metrics: Metrics;
  ledger: Pick<Ledger, 'list' | 'record'>;
  telling: Pick<Telling, 'tell'>;
  turns: Pick<Turns, 'wake'>;
  judge: Judge;
  policy: Pick<Policy, 'version'>;
  rules: Pick<PolicyRules, 'approval_ms' | 'approvals_minute_max'>;
  notify?: NotifyWaiting | undefined;
  /** Keeps what the params refer to until that wall time: the task may start that late. */
  hold?: ((params: Record<string, unknown>, until: number) => void) | undefined;
}

/** Asks, and counts who asks. */
export interface Questions {
  /** Counts a question that a requester causes; throws 4290 when there were too many in the last minute. */
  readonly count: (requester: string) => void;
  /**
   * The live approval of exactly this action, or a new one: granted at once where policy allows it, so that every effect has one.
   * Throws 4031 when policy denies, or it is more than people can be asked; 4990 when the task is over or was given on.
   */
  readonly ask: (task: TaskRow, about: AskedAction) => Promise<Approval>;
  /** Tells people once more of what still waits: an earlier process may have ended before, or in vain. */
  readonly remind: (task: TaskRow) => void;
}

/** Makes the questions to people: on the record of their task, or granted there at once. */
export function createQuestions(deps: QuestionDeps): Questions {
  const { clock, metrics, ledger, turns, judge, policy, rules } = deps;
  const recent = createRecentActions(deps);
  const notice = createNotices({ ...deps, notify: deps.notify ?? (() => undefined) });

  return { count, ask, remind };

  function remind({ approvals = [] }: TaskRow): void {
    for (const approval of approvals) {
      // Nobody can say yes to one of an earlier policy: the one that is asked instead is told of.
      const is_open = stateAt(approval, clock.now()) === 'pending' && approval.policy_version === policy.version;
      if (is_open) notice(approval);
    }
  }

  function count(requester: string): void {
    if (recent.questions(requester) >= rules.approvals_minute_max) {
      throw new AuroraError(4290, {
        message: `One requester may cause ${rules.approvals_minute_max} questions a minute`,
        retry_after_ms: Math.max(1, Math.ceil(recent.waitFor(requester))),
      });
    }
    recent.countQuestion(requester);
  }

  async function ask(task: TaskRow, about: AskedAction): Promise<Approval> {
    const { skill, params, agent_id, traits, fence } = about;
    const action_hash = actionHashOf({ ...actionOf(task, agent_id, policy.version), skill, params });
    const live = liveApproval(task, action_hash, clock.now());
    if (live) return live;
    if (about.origin === 'work') count(task.actor.sub);
    assertAskable(task, params);
    await recent.restored();
    const targets = targetsOf(traits, params);
    const requester = task.actor.sub;
    const lately = { targets: recent.targetsOf(traits.action_class), questions: recent.questions(requester) };
    const judged = judge({ task: { ...task, skill, params }, traits, agent_id, targets, recent: lately });
    // Without a pause where the policy takes none, so that nobody else is counted in between.
    const decision = judged instanceof Promise ? await judged : judged;
    assertNotDenied(decision);
    const question = toQuestion(task, about, { action_hash, targets, decision });
    const takeBack = recent.addTargets(task, question);
    try {
      return await keep(task, question, fence);
    } catch (reason) {
      takeBack();
      throw reason;
    }
  }

  async function keep(task: TaskRow, question: ApprovalQuestion, fence: number | undefined): Promise<Approval> {
    const { approval_id, needed } = question;
    const asked = askedBy(question, fence);
    const earlier = questionOf(task);
    // Asked anew it may be allowed without people: then its time goes on as after their grant.
    const granted = grantedBy(approval_id, earlier && toIso(clock.now() + question.budget_ms));
    const is_kept = await ledger.record(task.task_id, needed === 0 ? [asked, granted] : [asked]);
    const approval = findApproval(task, approval_id);
    if (!is_kept || !approval) throw new AuroraError(4990, { message: 'The task is over, or was given on' });
    const by = needed === 0 ? 'policy' : 'people';
    metrics.count('approvals_asked_total', { action_class: approval.action_class, by });
    if (needed > 0) onWaiting(task, approval, earlier);
    else if (earlier) turns.wake(task.task_id);
    return approval;
  }

  function onWaiting(task: TaskRow, approval: Approval, earlier: Approval | undefined): void {
    const { approval_id, skill, needed } = approval;
    deps.telling.tell(task, 'status', waitingStatus(approval, earlier));
    deps.log.info({ task_id: task.task_id, approval_id, skill, needed }, 'an approval waits');
    deps.hold?.(approval.params, neededUntil(approval));
    notice(approval);
    turns.wake(task.task_id);
  }

  function toQuestion(
    task: TaskRow,
    { skill, params, origin, agent_id, traits, reason }: AskedAction,
    { action_hash, targets, decision }: { action_hash: string; targets: string[]; decision: Decision },
  ): ApprovalQuestion {
    const now = clock.now();
    const expires = now + rules.approval_ms;
    const own_reason = reason ?? task.reason;
    return {
      approval_id: approvalIdOf(task),
      task_id: task.task_id,
      root_id: task.root_id,
      tenant: task.actor.tenant,
      agent_id,
      skill,
      params,
      requester: requesterOf(task),
      ...(own_reason !== undefined && { reason: own_reason }),
      policy_version: policy.version,
      action_hash,
      action_class: traits.action_class,
      targets,
      effect_kinds: effectKindsOf({ ...traits, id: skill }),
      needed: decision.answer === 'ask' ? Math.max(1, decision.needed ?? 1) : 0,
      because: decision.reason,
      origin,
      asked_at: toIso(now),
      // The time of work that is under way goes on; nobody can answer after its end.
      expires_at: toIso(origin === 'work' ? Math.min(expires, Date.parse(task.deadline)) : expires),
      // While it waited for an earlier question its time stood still.
      budget_ms: questionOf(task)?.budget_ms ?? Math.max(0, Math.floor(task.due - clock.monotonic())),
    };
  }
}

/** Bounds of ours: the policy is not even asked. */
function assertAskable({ approvals = [] }: TaskRow, params: Record<string, unknown>): void {
  if (bytesOf(params) > PARAMS_BYTES_MAX)
    throw tooMuch(
      `Params over ${PARAMS_BYTES_MAX} bytes are more than a person can judge: put them into a blob and pass its reference`,
    );
  if (approvals.length >= APPROVALS_MAX)
    throw tooMuch(`A task may ask for ${APPROVALS_MAX} approvals: start another task`);
}

const tooMuch = (why: string): AuroraError => new AuroraError(4031, { message: `Not asked: ${why}` });

/** What followers of the task are told: enough to decide where to look, and no params. */
const waitingStatus = (approval: Approval, earlier: Approval | undefined): object => {
  const { approval_id, action_hash, action_class, targets, needed, expires_at } = approval;
  const instead_of = earlier && { instead_of: earlier.approval_id };
  return { state: 'auth_required', approval_id, ...instead_of, action_hash, action_class, targets, needed, expires_at };
};

/** What a person can be asked to read, bytes of params as JSON. */
const PARAMS_BYTES_MAX = 65_536;
/** Questions that one task may ask in its life. */
const APPROVALS_MAX = 32;
