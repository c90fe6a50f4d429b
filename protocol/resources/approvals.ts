/** Questions to people before something acts, and their answers. */
import { z } from 'zod';
import { Approval, ApprovalState } from '../approval.ts';
import { route, shows } from '../route.ts';
import { stream } from '../stream.ts';
import { pageOf, pageQuery } from './page.ts';

const ApprovalId = z.string().min(1).max(128);
const decision = {
  approval_id: ApprovalId,
  action_hash: z.string().length(64).describe('of the question that you read: a changed action is another question'),
  note: z.string().max(1024).optional(),
};

const shown = shows('approvals:read', Approval.pick({ approval_id: true, task_id: true, state: true }));

/** The routes of approvals: what waits for a person, and the answers. */
export const approvalRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/approvals',
    permission: 'approvals:read',
    summary: 'List what people were asked: of the newest task first, of one task the newest question first.',
    keeps: ['T01'],
    input: z.strictObject({ ...pageQuery, state: ApprovalState.optional() }),
    output: pageOf(Approval),
  }),
  get: route({
    method: 'GET',
    path: '/api/v1/approvals/{approval_id}',
    permission: 'approvals:read',
    summary: 'Read a question: the action with its params as they will be used, and the votes.',
    keeps: ['T01'],
    input: z.strictObject({ approval_id: ApprovalId }),
    output: Approval,
  }),
  approve: route({
    method: 'POST',
    path: '/api/v1/approvals/{approval_id}/approve',
    permission: 'approvals:decide',
    summary: 'Allow exactly this action. Whoever asked for it cannot.',
    keeps: ['T01'],
    input: z.strictObject(decision),
    output: Approval,
    shows: shown,
    errors: [4090],
  }),
  reject: route({
    method: 'POST',
    path: '/api/v1/approvals/{approval_id}/reject',
    permission: 'approvals:decide',
    summary: 'Refuse it: nothing is done.',
    keeps: ['T01'],
    input: z.strictObject(decision),
    output: Approval,
    shows: shown,
    errors: [4090],
  }),
};

/** The stream of questions to people and of their answers. */
export const approvalStreams = {
  approvals: stream({
    path: '/api/v1/ws/approvals',
    permission: 'AUTH',
    shows: 'approvals:read',
    summary: 'Questions to people as they are asked, answered, or run out.',
    keeps: ['E110'],
    topic: 'approvals',
    event: Approval,
    kinds: ['approval.requested', 'approval.decided', 'approval.expired'],
  }),
};
