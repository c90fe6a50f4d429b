/** How approvals are written on a task's record and read back: they have no table of their own. */
import { z } from 'zod';
import { ApprovalQuestion, isFinal, Vote, type Approval } from '../protocol/index.ts';
import type { Arrow, ArrowType } from '../store/index.ts';
import type { TaskRow } from './ledger.ts';

/** The question. In the middle of work it is asked under the fence of that work. */
export const askedBy = (question: ApprovalQuestion, fence?: number): Arrow => ({
  type: 'approval_asked',
  fence,
  payload: question,
});

/** One person's answer; `lapsed` are those whose earlier answers count no longer. */
export const votedBy = (approval_id: string, vote: Vote, lapsed: readonly string[] = []): Arrow => ({
  type: 'approval_voted',
  payload: { approval_id, vote, ...(lapsed.length > 0 && { lapsed: [...lapsed] }) } satisfies z.input<typeof Voted>,
});

/** Such an answer as it stands on a record. */
export function voteIn(payload: string): { approval_id: string; vote: Vote } {
  const { approval_id, vote } = Voted.parse(JSON.parse(payload));
  return { approval_id, vote };
}

/** All answers that were needed; a task that waited gets a new deadline, because its own time stood still (wire.md 7). */
export const grantedBy = (approval_id: string, deadline?: string): Arrow => ({
  type: 'approval_granted',
  payload: { approval_id, deadline } satisfies z.input<typeof Granted>,
});

/** The effect is about to be. */
export const consumedBy = (fence: number, use: { approval_id: string; effect_key: string; by: string }): Arrow => ({
  type: 'approval_consumed',
  fence,
  payload: use satisfies z.input<typeof Consumed>,
});

/** Somebody tried what they may not. */
export const refusedBy = (refused: {
  by: string;
  approval_id: string;
  effect_key?: string;
  code: number;
  why: string;
}): Arrow => ({ type: 'audit', payload: { kind: 'approval_refused', ...refused } });

/** What one committed event makes of a task's approvals; `dueOf` gives the monotonic time of a deadline. */
export function applyApproval(
  row: TaskRow,
  { type, at, payload }: { type: ArrowType; at: string; payload: unknown },
  dueOf: (deadline: string) => number,
): void {
  if (type === 'approval_asked') ask(row, ApprovalQuestion.safeParse(payload).data);
  if (type === 'approval_voted') {
    const { approval_id, vote, lapsed = [] } = Voted.parse(payload);
    const is_rejected = vote.decision === 'reject';
    change(row, approval_id, ({ votes }) => ({
      votes: [...votes.filter(({ by }) => !lapsed.includes(by)), vote],
      ...(is_rejected && { state: 'rejected', decided_at: at }),
    }));
  }
  if (type === 'approval_granted') {
    const granted = Granted.safeParse(payload).data;
    if (!granted) return;
    change(row, granted.approval_id, () => ({ state: 'granted', decided_at: at }));
    if (granted.deadline !== undefined)
      Object.assign(row, { deadline: granted.deadline, due: dueOf(granted.deadline) });
  }
  if (type === 'approval_consumed') {
    const { approval_id, effect_key } = Consumed.parse(payload);
    change(row, approval_id, ({ consumed }) => ({ consumed: [...consumed, { effect_key, at }] }));
  }
}

/** What is open when its task ends is void: a cancel reaches the questions too. */
export function endApprovals(row: TaskRow, at: string): void {
  if (!isFinal(row.state) || !row.approvals) return;
  const state = row.error?.code === TIMED_OUT ? 'expired' : 'void';
  row.approvals = row.approvals.map((one) => (one.state === 'pending' ? { ...one, state, decided_at: at } : one));
}

/** A question before the work takes the place of one that was open; in the middle of work there may be several. */
function ask(row: TaskRow, question: ApprovalQuestion | undefined): void {
  if (!question) return; // an earlier release asked nothing that could be answered
  const earlier = (row.approvals ?? []).map((one): Approval =>
    question.origin === 'dispatch' && one.state === 'pending' ? { ...one, state: 'void' } : one,
  );
  row.approvals = [...earlier, { ...question, state: 'pending', votes: [], consumed: [] }];
}

function change(row: TaskRow, approval_id: string, by: (approval: Approval) => Partial<Approval>): void {
  if (!row.approvals) return;
  row.approvals = row.approvals.map((one) => (one.approval_id === approval_id ? { ...one, ...by(one) } : one));
}

const Voted = z.object({ approval_id: z.string(), vote: Vote, lapsed: z.array(z.string()).optional() });
const Granted = z.object({ approval_id: z.string(), deadline: z.string().optional() });
const Consumed = z.object({ approval_id: z.string(), effect_key: z.string(), by: z.string() });
const TIMED_OUT = 4080;
