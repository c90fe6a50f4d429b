/** Asking people before something acts: the question, the wait, the votes (wire.md 8). A record of its own there is none. */
import {
  AuroraError,
  type Approval,
  type ApprovalDecision,
  type ApprovalQuestion,
  type ApprovalRequest,
  type Mode,
  type SkillTraits,
  type Vote,
} from '../protocol/index.ts';
import { inertFailpoints, toIso, type Clock, type Failpoints, type Log, type Metrics } from '../seams/index.ts';
import {
  actionHashOf,
  actionOf,
  approvalIdOf,
  effectsBegun,
  findApproval,
  lapsed,
  liveApproval,
  modeOf,
  neededUntil,
  objectionToVote,
  questionOf,
  requesterOf,
  stateAt,
  taskIdIn,
} from './approval.ts';
import { askedBy, grantedBy, votedBy } from './approval-journal.ts';
import { bytesOf } from './events.ts';
import type { Ledger, TaskRow } from './ledger.ts';
import { createNotices, type NotifyWaiting } from './notices.ts';
import { isActing, type Action, type Decision, type Policy, type PolicyRules } from './policy.ts';
import { createRecentActions } from './recent.ts';
import { fallenOf, lapseIn, type Fallen, type Standing } from './standing.ts';
import { targetsOf } from './targets.ts';
import type { Telling } from './telling.ts';
import type { Turns } from './turns.ts';

/** The questions and their answers. */
export interface Approvals {
  /**
   * Before anything is kept, and counted as a question: throws -32602 when a skill that acts is asked for without an idempotency key
   * (wire.md 7), 4290 when the requester causes too many questions. Traits that nobody online can tell count as acting.
   */
  admit(order: { requester: string; mode: Mode; has_key: boolean; traits: SkillTraits | undefined }): void;
  /** Whether nothing at all stands in the way: it reads, and policy says at once that it may. */
  isFree(task: TaskRow, place: { agent_id: string; traits: SkillTraits }): boolean;
  /** Allowed now, or asked: then the task waits. Throws 4031 when policy denies. What acts has an approval on record before. */
  permit(task: TaskRow, place: { agent_id: string; traits: SkillTraits }): Promise<'allowed' | 'asked'>;
  /** Resolves when nothing stands between the task and its start; throws 4031 rejected, 4080 expired, or the signal's reason. */
  answered(task: TaskRow, signal: AbortSignal): Promise<void>;
  /** Whether the question that a task waits for is of an earlier policy: nobody can approve it any more. */
  isOutdated(task: TaskRow): boolean;
  /** Asks such a question anew, under the policy of now, with the time that the task had; throws 4031 when policy denies. */
  askAnew(task: TaskRow, place: { agent_id: string; traits: SkillTraits }): Promise<void>;
  /** The question that a task waits for, as soon as it does. */
  asked(task: TaskRow, signal: AbortSignal): Promise<Approval>;
  /** A question in the middle of work, by the agent that holds the task under `fence`; the same question again is the same approval. */
  request(task: TaskRow, asked: Requested): Promise<Approval>;
  /** Resolves when such a question is granted; throws like `answered`. */
  granted(task: TaskRow, approval_id: string, signal: AbortSignal): Promise<Approval>;
  /** One operator's answer; the first decision wins, a second is 4090. */
  decide(by: string, vote: ApprovalDecision): Promise<Approval>;
}

/** A question in the middle of work, with what the mesh knows of the skill and the work. */
export interface Requested extends ApprovalRequest {
  fence: number;
  agent_id: string;
  traits: SkillTraits;
}

/** What asking needs. */
export interface ApprovalDeps {
  clock: Clock;
  log: Log;
  metrics: Metrics;
  failpoints?: Failpoints | undefined;
  ledger: Pick<Ledger, 'get' | 'list' | 'record'>;
  telling: Pick<Telling, 'tell'>;
  turns: Turns;
  policy: Policy;
  rules: PolicyRules;
  /** The mode in force. */
  mode: () => Mode;
  standing: Standing;
  /** Writes down that somebody tried what they may not. */
  refused: (task: TaskRow, refused: { by: string; approval_id: string; error: AuroraError }) => Promise<void>;
  notify?: NotifyWaiting | undefined;
  /** Keeps what the params refer to until that wall time: the task may start that late. */
  hold?: (params: Record<string, unknown>, until: number) => void;
}

/** Makes it. */
export function createApprovals(deps: ApprovalDeps): Approvals {
  const { clock, metrics, failpoints = inertFailpoints, ledger, turns, policy, rules } = deps;
  const recent = createRecentActions(deps);
  const notice = createNotices({ ...deps, notify: deps.notify ?? (() => undefined) });

  return { admit, isFree, permit, answered, isOutdated, askAnew, asked, request, granted, decide };

  function admit({ requester, mode, has_key, traits }: Parameters<Approvals['admit']>[0]): void {
    if (mode !== 'active' || traits?.action_class === 'read') return;
    if (traits && !has_key) throw noKey();
    if (traits && rules.needed[traits.action_class] === 0) return;
    count(requester);
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

  /* ---- asking ---- */

  function isFree(task: TaskRow, { agent_id, traits }: Parameters<Approvals['isFree']>[1]): boolean {
    if (traits.action_class !== 'read' || traits.effect !== 'read') return false;
    const decision = judge({ task, traits, agent_id, targets: [], recent: NOTHING });
    return !(decision instanceof Promise) && decision.answer === 'allow';
  }

  async function permit(
    task: TaskRow,
    { agent_id, traits }: Parameters<Approvals['permit']>[1],
  ): Promise<'allowed' | 'asked'> {
    const { skill, params } = task;
    const mode = modeOf(task, deps.mode());
    if (!isActing({ mode }, traits)) {
      assertNotDenied(await judge({ task: { mode, skill, params }, traits, agent_id, targets: [], recent: NOTHING }));
      return 'allowed';
    }
    if (!task.key) throw noKey();
    const approval = await ask(task, aboutAll(task, agent_id, traits));
    if (approval.state !== 'granted') return 'asked';
    const lapse = effectsBegun(task).length > 0 ? undefined : lapseIn(await fallenOf(deps.standing, task, approval));
    if (lapse !== undefined) throw lapsed(lapse);
    return 'allowed';
  }

  function isOutdated(task: TaskRow): boolean {
    const question = questionOf(task);
    return question?.state === 'pending' && question.policy_version !== policy.version;
  }

  /** In turn with the votes: one that says no to the old question is an answer, and nothing is asked after it. */
  async function askAnew(task: TaskRow, { agent_id, traits }: Parameters<Approvals['askAnew']>[1]): Promise<void> {
    await turns.take(task.task_id, async () => {
      if (isOutdated(task)) await ask(task, aboutAll(task, agent_id, traits));
    });
  }

  async function request(task: TaskRow, asked: Requested): Promise<Approval> {
    const { skill = task.skill, params, fence, agent_id, traits, reason } = asked;
    const mode = modeOf(task, deps.mode());
    if (!isActing({ mode }, traits)) {
      throw new AuroraError(4031, { message: `${skill} does nothing in mode ${mode} that could be approved` });
    }
    return turns.take(task.task_id, () =>
      ask(task, { skill, params, origin: 'work', agent_id, traits, fence, reason }),
    );
  }

  /** The live approval of exactly this action, or a new one: granted at once where policy allows it, so that every effect has one. */
  async function ask(task: TaskRow, about: Asked): Promise<Approval> {
    const { skill, params, agent_id, traits, fence } = about;
    const action_hash = actionHashOf({ ...actionOf(task, agent_id, policy.version), skill, params });
    const live = liveApproval(task, action_hash, clock.now());
    if (live) return live;
    if (about.origin === 'work') count(task.actor.sub);
    if (bytesOf(params) > PARAMS_BYTES_MAX)
      throw tooMuch(
        `Params over ${PARAMS_BYTES_MAX} bytes are more than a person can judge: put them into a blob and pass its reference`,
      );
    if ((task.approvals?.length ?? 0) >= APPROVALS_MAX)
      throw tooMuch(`A task may ask for ${APPROVALS_MAX} approvals: start another task`);
    await recent.restored();
    const targets = targetsOf(traits, params);
    const requester = task.actor.sub;
    const lately = { targets: recent.targetsOf(traits.action_class), questions: recent.questions(requester) };
    const action = { task: { ...task, skill, params }, traits, agent_id, targets, recent: lately };
    const judged = judge(action);
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
    metrics.count('approvals_asked_total', {
      action_class: approval.action_class,
      by: needed === 0 ? 'policy' : 'people',
    });
    if (needed === 0) {
      if (earlier) turns.wake(task.task_id);
      return approval;
    }
    deps.telling.tell(task, 'status', waitingStatus(approval, earlier));
    deps.log.info({ task_id: task.task_id, approval_id, skill: approval.skill, needed }, 'an approval waits');
    deps.hold?.(approval.params, neededUntil(approval));
    notice(approval);
    turns.wake(task.task_id);
    return approval;
  }

  function toQuestion(
    task: TaskRow,
    { skill, params, origin, agent_id, traits, reason }: Asked,
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

  /** A policy that throws, or gives no answer in time, denies (ATK-F8). */
  function judge(action: Action): Decision | Promise<Decision> {
    try {
      const decision = policy.decide(action);
      return decision instanceof Promise ? inTime(decision) : decision;
    } catch (reason) {
      return broken(reason);
    }
  }

  function inTime(decision: Promise<Decision>): Promise<Decision> {
    return new Promise((resolve) => {
      const stop = clock.after(POLICY_MS_MAX, () => resolve(broken(new Error('it did not answer in time'))));
      void decision.catch(broken).then(resolve).finally(stop);
    });
  }

  function broken(reason: unknown): Decision {
    deps.log.error({ err: reason }, 'the policy failed: everything is denied');
    return { answer: 'deny', reason: 'the policy gave no answer' };
  }

  /* ---- waiting ---- */

  async function answered(task: TaskRow, signal: AbortSignal): Promise<void> {
    for (;;) {
      // Whichever it waits for now: a question of an earlier policy is asked anew meanwhile.
      const question = await turns.take(task.task_id, async () => questionOf(task));
      if (!question) return;
      await undecided(task, question, signal);
    }
  }

  async function granted(task: TaskRow, approval_id: string, signal: AbortSignal): Promise<Approval> {
    for (;;) {
      // In turn with the votes: one that was cast in time counts, however long it takes to be kept.
      const approval = await turns.take(task.task_id, async () => findApproval(task, approval_id));
      if (!approval) throw new AuroraError(4040, { message: 'No such approval' });
      if (approval.state === 'granted') return approval;
      await undecided(task, approval, signal);
    }
  }

  /** Until something about the task changes; throws when nobody will approve it any more. */
  async function undecided(task: TaskRow, approval: Approval, signal: AbortSignal): Promise<void> {
    const refusal = refusalIn(task, approval, clock.now());
    if (refusal) throw refusal;
    const rest_ms = Date.parse(approval.expires_at) - clock.now();
    // Looked at anew now and then: the wall may be set while the timer runs (FLT-X32).
    await turns.changed(task.task_id, Math.min(rest_ms, RECHECK_MS), signal);
  }

  async function asked(task: TaskRow, signal: AbortSignal): Promise<Approval> {
    for (;;) {
      const question = questionOf(task);
      if (question) return question;
      await turns.changed(task.task_id, RECHECK_MS, signal);
    }
  }

  /* ---- deciding ---- */

  function decide(by: string, vote: ApprovalDecision): Promise<Approval> {
    const task_id = taskIdIn(vote.approval_id);
    return turns.take(task_id, async () => {
      const task = await ledger.get(task_id);
      const approval = findApproval(task, vote.approval_id);
      if (!task || !approval) throw new AuroraError(4040, { message: 'No such approval' });
      const fallen = await fallenOf(deps.standing, task, approval);
      const standing = approval.votes.filter((earlier) => !fallen.approvers.includes(earlier.by));
      const may = await deps.standing({ sub: by, as: 'approver', at: toIso(clock.now()) });
      const now = clock.now();
      const { approvers } = rules;
      const asked = { by, vote, now, policy_version: policy.version, approvers };
      const error = may ? objectionToVote({ ...approval, votes: standing }, asked) : mayNoLonger();
      if (error) {
        await deps.refused(task, { by, approval_id: approval.approval_id, error });
        throw error;
      }
      if (vote.decision === 'approve' && fallen.requester !== undefined) return turnDown(task, approval, fallen);
      return cast(task, approval, { vote: toVote(by, vote, now), standing, lapsed: fallen.approvers });
    });
  }

  /** Nobody can approve any more what is asked for nobody: the orchestrator itself says no, so that it is on record. */
  async function turnDown(task: TaskRow, approval: Approval, fallen: Fallen): Promise<never> {
    const note = lapseIn(fallen) ?? '';
    const vote: Vote = { by: ORCHESTRATOR, decision: 'reject', note, at: toIso(clock.now()) };
    await cast(task, approval, { vote, standing: approval.votes, lapsed: [] });
    throw lapsed(note);
  }

  async function cast(
    task: TaskRow,
    approval: Approval,
    { vote, standing, lapsed: gone }: { vote: Vote; standing: readonly Vote[]; lapsed: readonly string[] },
  ): Promise<Approval> {
    const { approval_id, needed, origin, budget_ms } = approval;
    const is_enough = vote.decision === 'approve' && standing.length + 1 >= needed;
    const deadline = origin === 'dispatch' ? toIso(clock.now() + budget_ms) : undefined;
    const voted = votedBy(approval_id, vote, gone);
    const is_kept = await ledger.record(task.task_id, is_enough ? [voted, grantedBy(approval_id, deadline)] : [voted]);
    if (!is_kept) throw new AuroraError(4090, { message: 'The task is over' });
    if (is_enough) failpoints.hit('approval.after_grant');
    const decided = findApproval(task, approval_id) ?? approval;
    if (decided.state !== 'pending') onDecided(task, decided);
    return decided;
  }

  function onDecided(task: TaskRow, { approval_id, state, action_class, asked_at, votes }: Approval): void {
    const waited_ms = Math.max(0, clock.now() - Date.parse(asked_at));
    metrics.count('approvals_decided_total', { action_class, state });
    metrics.observe('approval_latency_ms', waited_ms, { action_class });
    const by = votes.map((vote) => vote.by);
    deps.log.info({ task_id: task.task_id, approval_id, state, by }, 'an approval was decided');
    deps.telling.tell(task, 'status', { state: task.state, approval: { approval_id, state, by } });
    turns.wake(task.task_id);
  }
}

/** All that a task stands for, before it starts. */
const aboutAll = ({ skill, params }: TaskRow, agent_id: string, traits: SkillTraits): Asked => ({
  skill,
  params,
  origin: 'dispatch',
  agent_id,
  traits,
});

/** One action to be asked about. */
interface Asked {
  skill: string;
  params: Record<string, unknown>;
  origin: Approval['origin'];
  agent_id: string;
  traits: SkillTraits;
  fence?: number;
  reason?: string;
}

/** Why an approval will never be given; undefined while it may. */
function refusalIn(task: TaskRow, approval: Approval, now: number): AuroraError | undefined {
  const { approval_id, votes } = approval;
  const state = stateAt(approval, now);
  if (state === 'pending') return undefined;
  if (state === 'expired') {
    const so = effectsBegun(task).length === 0 ? ': nothing was done' : '';
    return new AuroraError(4080, { message: `Nobody approved it in time${so}`, detail: { approval_id } });
  }
  if (state !== 'rejected') return new AuroraError(4990, { message: 'The question was withdrawn' });
  const { by = 'somebody', note } = votes.find(({ decision }) => decision === 'reject') ?? {};
  const why = note === undefined ? '' : `: ${note}`;
  return new AuroraError(4031, { message: `Rejected by ${by}${why}`, detail: { approval_id, rejected_by: by } });
}

/** What followers of the task are told: enough to decide where to look, and no params. */
const waitingStatus = (approval: Approval, earlier: Approval | undefined): object => {
  const { approval_id, action_hash, action_class, targets, needed, expires_at } = approval;
  const instead_of = earlier && { instead_of: earlier.approval_id };
  return { state: 'auth_required', approval_id, ...instead_of, action_hash, action_class, targets, needed, expires_at };
};

const toVote = (by: string, { decision, note }: ApprovalDecision, now: number): Vote => ({
  by,
  decision,
  ...(note !== undefined && { note }),
  at: toIso(now),
});

function assertNotDenied({ answer, reason }: Decision): void {
  if (answer === 'deny') throw denied(reason);
}

const mayNoLonger = (): AuroraError => new AuroraError(4030, { message: 'You may no longer decide here' });
const denied = (reason: string): AuroraError => new AuroraError(4031, { message: `Denied by policy: ${reason}` });
/** A bound of ours: the policy was not asked. */
const tooMuch = (why: string): AuroraError => new AuroraError(4031, { message: `Not asked: ${why}` });
const noKey = (): AuroraError =>
  new AuroraError(-32602, { message: 'Invalid params: /options/idempotency_key is needed for a skill that acts' });

/** Who says no where no person has to. */
const ORCHESTRATOR = 'orchestrator';
const NOTHING = { targets: [], questions: 0 };
/** What a person can be asked to read, bytes of params as JSON. */
const PARAMS_BYTES_MAX = 65_536;
/** Questions that one task may ask in its life. */
const APPROVALS_MAX = 32;
const POLICY_MS_MAX = 1_000;
const RECHECK_MS = 60_000;
