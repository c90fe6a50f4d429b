/** Who the orchestrator is and what it offers, as data: its card and its OpenRPC document are made from this. */
import { z } from 'zod';
import {
  BlobRef,
  Approval,
  ApprovalDecision,
  ApprovalPage,
  ApprovalQuery,
  ApprovalRequest,
  ApprovalTicket,
  ApprovalUse,
  ApprovalUsed,
  HandoffRequest,
  HandoffTool,
  HistoryPage,
  HistoryQuery,
  Investigate,
  InvestigationResult,
  Lease,
  LedgerBackup,
  LedgerVerdict,
  Redrive,
  Redriven,
  Register,
  Resolve,
  Task,
  TaskPage,
  TaskQuery,
  TaskRef,
  TaskSnapshot,
  TaskSubscription,
  type SkillSpec,
} from '../protocol/index.ts';
import { VERSION } from '../seams/index.ts';

const method = (id: string, title: string, description: string, params: z.ZodType, result: z.ZodType): SkillSpec => ({
  id,
  title,
  description,
  tags: ['mesh'],
  effect: 'read',
  routable: false,
  params,
  result,
});

/** The skill `investigate`: what people and the API ask for. */
const investigateSkill: SkillSpec = {
  ...method(
    'investigate',
    'Investigate an input',
    'Plans over several specialists, hands the work off and answers one verdict with evidence.',
    Investigate,
    InvestigationResult,
  ),
  tags: ['investigation', 'planning'],
  routable: true,
};

/** The orchestrator as an agent. */
export const ABOUT = {
  id: 'orchestrator',
  name: 'Orchestrator',
  description:
    'Routes work to specialists, watches over it and makes one verdict of what comes back. It never analyzes.',
  version: VERSION,
  skills: [
    investigateSkill,
    method('handoff', 'Hand off', 'Routes a request to whoever can do it.', HandoffRequest, z.unknown()),
    method('task/get', 'Get a task', 'The task as it is now.', TaskRef, Task),
    method('task/list', 'List tasks', 'Tasks, newest first.', TaskQuery, TaskPage),
    method('task/cancel', 'Cancel a task', 'Cancels a task and everything below it.', TaskRef, Task),
    method(
      'task/subscribe',
      'Follow a task',
      'Answers a snapshot, then sends its events as $/progress.',
      TaskSubscription,
      TaskSnapshot,
    ),
    method(
      'task/history',
      'Read the record',
      'Every event of a task, for operators; with `tree`, of all tasks below it.',
      HistoryQuery,
      HistoryPage,
    ),
    method('task/redrive', 'Redrive a task', 'Asks once more for what failed, as a new task.', Redrive, Redriven),
    method('task/resolve', 'Resolve a task', 'Says whether an unknown effect took place.', Resolve, Task),
    method('ledger/verify', 'Check the ledger', 'Names the first row that does not fit.', z.object({}), LedgerVerdict),
    method('ledger/backup', 'Copy the ledger', 'Writes a copy into the data folder.', z.object({}), LedgerBackup),
    method('approval/list', 'List approvals', 'What people were asked, newest first.', ApprovalQuery, ApprovalPage),
    method('approval/decide', 'Approve or reject', 'One operator’s answer.', ApprovalDecision, Approval),
    method(
      'approval/request',
      'Ask people',
      'An agent asks in the middle of its work; waits for the answer unless told not to.',
      ApprovalRequest,
      ApprovalTicket,
    ),
    method(
      'approval/consume',
      'Use an approval',
      'Asked in the moment of an effect: once for each approved target.',
      ApprovalUse,
      ApprovalUsed,
    ),
    method(
      'agent/register',
      'Announce an agent',
      'Says where an agent listens; the address is checked, then dialled.',
      Register,
      Lease,
    ),
    method('agent/renew', 'Renew a lease', 'Keeps an announced agent registered.', Register, Lease),
    method(
      'agent/leave',
      'Leave',
      'Ends the lease of an announced agent.',
      z.object({}),
      z.object({ left: z.boolean() }),
    ),
    method(
      'agent/list',
      'List agents',
      'The fleet, for operators.',
      z.object({}),
      z.object({ items: z.array(z.unknown()) }),
    ),
    method(
      'agent/tools',
      'List handoff tools',
      'One HandoffTool per registered agent.',
      z.object({}),
      z.object({ items: z.array(HandoffTool) }),
    ),
    method(
      'blob/grant',
      'Announce bytes',
      'Grants putting one blob over HTTP.',
      BlobRef,
      z.object({ url: z.string(), token: z.string(), expires_at: z.number() }),
    ),
  ],
} as const;
