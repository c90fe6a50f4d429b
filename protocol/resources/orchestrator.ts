/** Dispatching: one handoff to whoever can do it, and the record of what was dispatched. */
import { z } from 'zod';
import { ApprovalTicket } from '../approval.ts';
import { HandoffTo } from '../handoff.ts';
import { RecordedEvent } from '../mesh.ts';
import { route, shows } from '../route.ts';
import { Simulated, Task, TaskOutcome, TaskState } from '../task.ts';
import { TaskId, workOptions } from './investigations.ts';
import { pageOf, pageQuery, Since } from './page.ts';

/** What a dispatch answers: the task as accepted; its result with wait=true; the question when people are asked first. */
export const Dispatched = z.object({
  task_id: TaskId,
  state: TaskState,
  simulated: Simulated.optional(),
  result: z.unknown().optional(),
  approval_id: z.string().optional().describe('of the question, where a person has to decide before it starts'),
  approval: ApprovalTicket.optional().describe('that question'),
});
export type Dispatched = z.infer<typeof Dispatched>;

/** A task with what was asked, for those who look back. */
export const DispatchRecord = Task.extend({
  requested_by: z.string(),
  from: z.string(),
  refs: z.record(z.string(), z.string()).describe('what it was about: alert_id, case_id, attack_id'),
  request_id: z.string().nullable(),
});
export type DispatchRecord = z.infer<typeof DispatchRecord>;

/** Ids of the caller's own records that travel with the work and come back on its receipt. */
const Refs = z.strictObject({
  alert_id: z.string().max(64).optional(),
  case_id: z.string().max(64).optional(),
  attack_id: z.string().max(64).optional(),
});

/** The routes of single tasks: dispatched, looked up, canceled. */
export const orchestratorRoutes = {
  dispatch: route({
    method: 'POST',
    path: '/api/v1/orchestrator/dispatch',
    permission: 'investigations:write',
    summary: 'Hand one piece of work to an agent, to whoever has the skill, or, as text, to whom the planner finds.',
    keeps: ['E077', 'T12'],
    query: ['wait', 'on_approval'],
    input: z.strictObject({
      to: HandoffTo.optional(),
      method: z.string().max(64).optional().describe('the skill, where `to` does not name it'),
      params: z.record(z.string(), z.unknown()).optional(),
      task: z.string().min(1).max(65_536).optional().describe('free text instead of skill and params'),
      refs: Refs.optional(),
      ...workOptions,
      wait: z.boolean().default(false).describe('answer with the result, and wait for people too'),
      on_approval: z
        .enum(['wait', 'return'])
        .default('wait')
        .describe('while waiting: 408 when nobody approved in time, or 202 with the question as soon as there is one'),
    }),
    output: Dispatched,
    status: 202,
    also: [200],
    idempotency: 'task',
    errors: [4031, 4043, 4080, 4130, 5040, 5080],
  }),
  history: route({
    method: 'GET',
    path: '/api/v1/orchestrator/history',
    permission: 'investigations:read',
    summary: 'List what was dispatched and what became of it, newest first.',
    keeps: ['E078'],
    input: z.strictObject({
      ...pageQuery,
      state: TaskState.optional(),
      outcome: TaskOutcome.optional(),
      root_id: TaskId.optional().describe('only the tasks of one investigation'),
      since: Since.optional(),
    }),
    output: pageOf(DispatchRecord),
  }),
  task: route({
    method: 'GET',
    path: '/api/v1/orchestrator/tasks/{task_id}',
    permission: 'investigations:read',
    summary: 'Read a task: state, attempts, result.',
    keeps: ['T05'],
    input: z.strictObject({ task_id: TaskId }),
    output: DispatchRecord,
  }),
  events: route({
    method: 'GET',
    path: '/api/v1/orchestrator/tasks/{task_id}/events',
    permission: 'investigations:read',
    summary: 'Read everything on the record of a task.',
    keeps: ['T05'],
    input: z.strictObject({ task_id: TaskId, ...pageQuery }),
    output: pageOf(RecordedEvent),
  }),
  cancel: route({
    method: 'POST',
    path: '/api/v1/orchestrator/tasks/{task_id}/cancel',
    permission: 'investigations:write',
    summary: 'Cancel a task and everything below it.',
    keeps: ['T04'],
    input: z.strictObject({ task_id: TaskId, reason: z.string().max(1024).optional() }),
    output: DispatchRecord,
    shows: shows('investigations:read', DispatchRecord.pick({ task_id: true, state: true })),
  }),
};
