/** One person's yes or no to a question, put on the record of its task where they may say it (INV13). */
import { AuroraError, type Approval, type ApprovalDecision, type Vote } from '../protocol/index.ts';
import { inertFailpoints, toIso, type Clock, type Failpoints, type Log, type Metrics } from '../seams/index.ts';
import { findApproval, lapsed, objectionToVote, taskIdIn } from './approval.ts';
import { grantedBy, votedBy } from './approval-journal.ts';
import type { Ledger, TaskRow } from './ledger.ts';
import type { Policy, PolicyRules } from './policy.ts';
import { fallenOf, lapseIn, type Fallen, type Standing } from './standing.ts';
import type { Telling } from './telling.ts';
import type { Turns } from './turns.ts';

/** What voting needs. */
export interface VoteDeps {
  clock: Clock;
  log: Log;
  metrics: Metrics;
  failpoints?: Failpoints | undefined;
  ledger: Pick<Ledger, 'get' | 'record'>;
  telling: Pick<Telling, 'tell'>;
  turns: Pick<Turns, 'take' | 'wake'>;
  policy: Pick<Policy, 'version'>;
  rules: Pick<PolicyRules, 'approvers'>;
  standing: Standing;
  /** Writes down that somebody tried what they may not. */
  refused: (task: TaskRow, refused: { by: string; approval_id: string; error: AuroraError }) => Promise<void>;
}

/** Makes what takes a vote: for one task one after the other; the first decision wins, a second is 4090. */
export function createVotes(deps: VoteDeps): (by: string, vote: ApprovalDecision) => Promise<Approval> {
  const { clock, metrics, failpoints = inertFailpoints, ledger, turns, policy, rules } = deps;

  return (by, vote) => {
    const task_id = taskIdIn(vote.approval_id);
    return turns.take(task_id, async () => {
      const task = await ledger.get(task_id);
      const approval = findApproval(task, vote.approval_id);
      if (!task || !approval) throw new AuroraError(4040, { message: 'No such approval' });
      return decide(task, approval, by, vote);
    });
  };

  async function decide(task: TaskRow, approval: Approval, by: string, vote: ApprovalDecision): Promise<Approval> {
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

const toVote = (by: string, { decision, note }: ApprovalDecision, now: number): Vote => ({
  by,
  decision,
  ...(note !== undefined && { note }),
  at: toIso(now),
});

const mayNoLonger = (): AuroraError => new AuroraError(4030, { message: 'You may no longer decide here' });

/** Who says no where no person has to. */
const ORCHESTRATOR = 'orchestrator';
