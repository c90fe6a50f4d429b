/** Waiting for what people say: until a question is there, until it is granted, or until it is plain that it never will be. */
import { AuroraError, type Approval } from '../protocol/index.ts';
import type { Clock } from '../seams/index.ts';
import { effectsBegun, findApproval, questionOf, stateAt } from './approval.ts';
import type { TaskRow } from './ledger.ts';
import type { Turns } from './turns.ts';

/** The waits; each of them rejects with the signal's reason when that aborts. */
export interface Answers {
  /** Resolves when nothing stands between the task and its start; throws 4031 rejected, 4080 expired, 4990 withdrawn. */
  readonly answered: (task: TaskRow, signal: AbortSignal) => Promise<void>;
  /** Resolves when one approval is granted; throws like `answered`, and 4040 where there is none. */
  readonly granted: (task: TaskRow, approval_id: string, signal: AbortSignal) => Promise<Approval>;
  /** The question that a task waits for, as soon as it does. */
  readonly asked: (task: TaskRow, signal: AbortSignal) => Promise<Approval>;
}

/** Makes the answers that tasks wait for; nobody waits yet. */
export function createAnswers({ clock, turns }: { clock: Clock; turns: Turns }): Answers {
  return { answered, granted, asked };

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

  async function asked(task: TaskRow, signal: AbortSignal): Promise<Approval> {
    for (;;) {
      const question = questionOf(task);
      if (question) return question;
      await turns.changed(task.task_id, RECHECK_MS, signal);
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

const RECHECK_MS = 60_000;
