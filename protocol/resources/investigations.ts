/** Investigations: one question to several specialists, followed from its beginning to its receipt. */
import { z } from 'zod';
import { BlobRef, Source } from '../blob.ts';
import { Mode } from '../handoff.ts';
import { InputKind, InvestigationResult } from '../investigation.ts';
import { RecordedEvent } from '../mesh.ts';
import { Severity, Verdict } from '../result.ts';
import { route, shows } from '../route.ts';
import { stream } from '../stream.ts';
import { Simulated, Task, TaskError, TaskOutcome, TaskState } from '../task.ts';
import { AlertId } from './alerts.ts';
import { pageOf, pageQuery, Since } from './page.ts';

/** The id of a task; an investigation has that of the task at its root. */
export const TaskId = z.string().min(1).max(64);

/** An investigation in a list. */
export const InvestigationSummary = z.object({
  investigation_id: TaskId,
  state: TaskState,
  outcome: TaskOutcome.nullable(),
  alert_id: z.string().nullable(),
  kind: InputKind.nullable().describe('what the input turned out to be; null until that is known'),
  verdict: Verdict.nullable(),
  severity: Severity.nullable(),
  confidence: z.number().min(0).max(1).nullable(),
  summary: z.string().nullable(),
  requested_by: z.string(),
  mode: Mode,
  created_at: z.string(),
  updated_at: z.string(),
  deadline: z.string(),
  duration_ms: z.number().int().nonnegative().describe('from its acceptance until its end, or until now'),
});
export type InvestigationSummary = z.infer<typeof InvestigationSummary>;

/** The whole of it: the verdict with its evidence, and the tasks behind it. */
export const Investigation = InvestigationSummary.extend({
  result: InvestigationResult.nullable(),
  error: TaskError.nullable(),
  tasks: z.array(Task),
  request_id: z.string().nullable().describe('of the request that began it: it stands in the log'),
});
export type Investigation = z.infer<typeof Investigation>;

/** What both ways of asking for work have. */
export const workOptions = {
  deadline_ms: z.number().int().min(1_000).max(900_000).optional().describe('time it may take; 60 s unless said'),
  priority: z.number().int().min(1).max(10).optional().describe('10 is most urgent, 5 unless said'),
  mode: Mode.optional().describe('can only be narrower than the mode in force'),
  reason: z.string().max(1024).optional(),
};

/** The routes of investigations. */
export const investigationRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/investigations',
    permission: 'investigations:read',
    summary: 'List investigations, newest first.',
    keeps: ['E074'],
    input: z.strictObject({
      ...pageQuery,
      state: TaskState.optional(),
      since: Since.optional(),
    }),
    output: pageOf(InvestigationSummary),
  }),
  get: route({
    method: 'GET',
    path: '/api/v1/investigations/{investigation_id}',
    permission: 'investigations:read',
    summary: 'Read an investigation: verdict, evidence, tasks.',
    keeps: ['E075'],
    input: z.strictObject({ investigation_id: TaskId }),
    output: Investigation,
  }),
  events: route({
    method: 'GET',
    path: '/api/v1/investigations/{investigation_id}/events',
    permission: 'investigations:read',
    summary: 'Read everything on the record of an investigation and all tasks below it.',
    keeps: ['T05'],
    input: z.strictObject({ investigation_id: TaskId, ...pageQuery }),
    output: pageOf(RecordedEvent),
  }),
  investigate: route({
    method: 'POST',
    path: '/api/v1/agents/investigate',
    permission: 'investigations:write',
    summary: 'Have several specialists look at an alert, or at an input: text, bytes, or a blob that was put before.',
    keeps: ['E076'],
    input: z.strictObject({
      alert_id: AlertId.optional(),
      input: Source.optional(),
      kind: InputKind.optional().describe('what the input is, where detection would be wrong'),
      ...workOptions,
    }),
    output: z.object({ investigation_id: TaskId, state: TaskState }),
    status: 202,
    idempotency: 'task',
    errors: [4042, 4130],
  }),
  cancel: route({
    method: 'POST',
    path: '/api/v1/investigations/{investigation_id}/cancel',
    permission: 'investigations:write',
    summary: 'Cancel an investigation and everything below it.',
    keeps: ['T04'],
    input: z.strictObject({ investigation_id: TaskId, reason: z.string().max(1024).optional() }),
    output: Investigation,
    shows: shows('investigations:read', Investigation.pick({ investigation_id: true, state: true })),
  }),
  grantBlob: route({
    method: 'POST',
    path: '/api/v1/blobs/grant',
    permission: 'investigations:write',
    summary: 'Announce bytes too large for a request: answers where, and with which token, to put them.',
    keeps: [],
    input: z.strictObject(BlobRef.shape),
    output: z.object({ url: z.string(), token: z.string(), expires_at: z.string() }),
    idempotency: 'none',
    errors: [4130],
  }),
};

/** The stream of receipts of investigations. */
export const investigationStreams = {
  agentThoughts: stream({
    path: '/api/v1/ws/agent-thoughts',
    permission: 'AUTH',
    shows: 'investigations:read',
    summary: 'What planner and agents decide while they work, and why.',
    keeps: ['E107'],
    topic: 'agent-thoughts',
    event: z.object({
      agent_id: z.string(),
      investigation_id: z.string(),
      task_id: z.string(),
      skill: z.string(),
      step: z.number().int().nonnegative().describe('counts the thoughts of one task'),
      kind: z.enum(['thought', 'status']),
      text: z.string(),
      alert_id: z.string().nullable(),
    }),
    kinds: ['thought', 'status'],
  }),
  investigationReceipts: stream({
    path: '/api/v1/ws/investigation-receipts',
    permission: 'AUTH',
    shows: 'investigations:read',
    summary: 'One receipt at the end of every investigation and dispatch.',
    keeps: ['E108'],
    topic: 'investigation-receipts',
    event: z.object({
      investigation_id: z.string(),
      task_id: z.string(),
      agent_id: z.string(),
      skill: z.string(),
      state: TaskState,
      outcome: TaskOutcome.nullable(),
      simulated: Simulated.optional(),
      verdict: Verdict.nullable(),
      severity: Severity.nullable(),
      confidence: z.number().nullable(),
      summary: z.string().nullable(),
      error: z.object({ code: z.number().int(), message: z.string() }).nullable(),
      requested_by: z.string(),
      alert_id: z.string().nullable(),
      case_id: z.string().nullable(),
      attack_id: z.string().nullable(),
      tasks: z.number().int().nonnegative().describe('tasks below it'),
      duration_ms: z.number().int().nonnegative(),
      result_path: z.string().describe('where the whole of it is read'),
      request_id: z.string().nullable(),
    }),
    kinds: ['receipt'],
  }),
};
