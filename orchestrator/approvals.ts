/** Asking people before something acts: the question, the wait, the votes (wire.md 8). A record of its own there is none. */
import {
  AuroraError,
  invalidParams,
  type Approval,
  type ApprovalDecision,
  type ApprovalRequest,
  type Mode,
  type SkillTraits,
} from '../protocol/index.ts';
import { createAnswers } from './answers.ts';
import { effectsBegun, lapsed, modeOf, questionOf } from './approval.ts';
import { assertNotDenied, createJudge } from './judge.ts';
import type { Ledger, TaskRow } from './ledger.ts';
import { isActing, type Policy, type PolicyRules } from './policy.ts';
import { createQuestions, type AskedAction, type QuestionDeps } from './questions.ts';
import { fallenOf, lapseIn } from './standing.ts';
import type { Turns } from './turns.ts';
import { createVotes, type VoteDeps } from './votes.ts';

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
  /** Tells people once more what of a task still waits, after a restart. */
  readonly remind: (task: TaskRow) => void;
}

/** A question in the middle of work, with what the mesh knows of the skill and the work. */
export interface Requested extends ApprovalRequest {
  fence: number;
  agent_id: string;
  traits: SkillTraits;
}

/** What asking, waiting and voting need together. */
export interface ApprovalDeps extends Omit<QuestionDeps, 'judge'>, VoteDeps {
  ledger: Pick<Ledger, 'get' | 'list' | 'record'>;
  turns: Turns;
  policy: Policy;
  rules: PolicyRules;
  /** The mode in force. */
  mode: () => Mode;
}

/** Makes the approvals over one ledger and one policy. */
export function createApprovals(deps: ApprovalDeps): Approvals {
  const { turns, policy, rules } = deps;
  const judge = createJudge(deps);
  const { ask, count, remind } = createQuestions({ ...deps, judge });
  const { answered, granted, asked } = createAnswers(deps);
  const decide = createVotes(deps);

  return { admit, isFree, permit, answered, isOutdated, askAnew, asked, request, granted, decide, remind };

  function admit({ requester, mode, has_key, traits }: Parameters<Approvals['admit']>[0]): void {
    if (mode !== 'active' || traits?.action_class === 'read') return;
    if (traits && !has_key) throw noKey();
    if (traits && rules.needed[traits.action_class] === 0) return;
    count(requester);
  }

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
}

/** All that a task stands for, before it starts. */
const aboutAll = ({ skill, params }: TaskRow, agent_id: string, traits: SkillTraits): AskedAction => ({
  skill,
  params,
  origin: 'dispatch',
  agent_id,
  traits,
});

const noKey = (): AuroraError =>
  invalidParams([{ path: '/options/idempotency_key', message: 'is needed for a skill that acts' }]);

/** What is counted of earlier actions, where none is taken. */
const NOTHING = { targets: [], questions: 0 };
