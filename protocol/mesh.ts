/** The params of the mesh's own methods, beside hello and handoff (wire.md 3). */
import { z } from 'zod';
import { AgentId } from './hello.ts';
import { Cursor, TaskRefId } from './id.ts';
import { RpcIdSchema } from './rpc-id.ts';
import { Task, TaskEventKind, TaskOutcome, TaskState } from './task.ts';

/** Params of `$/cancel`: stop the request with that id on this connection. */
export const Cancel = z.object({ id: RpcIdSchema, reason: z.string().max(1024).optional() });
export type Cancel = z.infer<typeof Cancel>;

/** Params of `$/progress`. An agent's `seq` counts its own attempt from 1; the orchestrator's counts the task (wire.md 6). */
export const ProgressEvent = z.object({
  token: z.union([z.string().max(256), z.number()]),
  task_id: z.string().max(64).optional(),
  seq: z.number().int().positive(),
  at: z.string().max(64),
  kind: TaskEventKind,
  value: z.unknown(),
  /** From an agent: the fence of the handoff that began this run. A run that is asked for again goes on counting under it. */
  since: z.number().int().positive().optional(),
  /** On an investigation's stream: the task below it that the event comes from. */
  source: z
    .object({
      task_id: z.string().max(64),
      agent_id: z.string().max(64),
      skill: z.string().max(64),
      attempt: z.number().int().nonnegative(),
    })
    .optional(),
});
export type ProgressEvent = z.infer<typeof ProgressEvent>;

/** Params of `$/ack`: the subscriber has taken everything up to `seq`. */
export const Ack = z.object({ token: z.union([z.string().max(256), z.number()]), seq: z.number().int().nonnegative() });
export type Ack = z.infer<typeof Ack>;

/** Params of `task/get` and `task/cancel`. */
export const TaskRef = z.object({ task_id: TaskRefId, reason: z.string().max(1024).optional() });
export type TaskRef = z.infer<typeof TaskRef>;

/** Params of `task/list`: newest first; `cursor` is opaque. */
export const TaskQuery = z.object({
  root_id: TaskRefId.optional(),
  state: TaskState.optional(),
  outcome: TaskOutcome.optional(),
  since: z.iso.datetime().max(64).optional().describe('accepted then or later'),
  limit: z.number().int().min(1).max(200).default(50),
  cursor: Cursor.optional(),
});
export type TaskQuery = z.infer<typeof TaskQuery>;

/** Result of `task/list`. */
export const TaskPage = z.object({ items: z.array(Task), next_cursor: z.string().nullable() });
export type TaskPage = z.infer<typeof TaskPage>;

/** Params of `task/history`: everything on the record of a task, in the order it was kept; with `tree`, of all tasks below it too. */
export const HistoryQuery = z.object({
  task_id: TaskRefId,
  tree: z.boolean().default(false),
  limit: z.number().int().min(1).max(500).default(200),
  cursor: Cursor.optional(),
});
export type HistoryQuery = z.infer<typeof HistoryQuery>;

/** One row of a record. Members of the payload over 4 KiB are cut: what stands there then says how long they are. */
export const RecordedEvent = z.object({
  task_id: z.string(),
  seq: z.number().int().positive(),
  at: z.string(),
  type: z.string(),
  fence: z.number().int().nullable(),
  payload: z
    .unknown()
    .describe('over HTTP {"hidden": "approvals:read"} in rows about approvals, for callers without that permission'),
  hash: z.string(),
});
export type RecordedEvent = z.infer<typeof RecordedEvent>;

/** The state that callers see after a row of that type; undefined for one that changes none (promises.md 1). */
export const stateAfter = (type: string): TaskState | undefined => STATES.get(type);

const STATES = new Map<string, TaskState>([
  ['accepted', 'submitted'],
  ['leased', 'working'],
  ['released', 'submitted'],
  ['approval_asked', 'auth_required'],
  ['approval_granted', 'submitted'],
  ['succeeded', 'completed'],
  ['failed', 'failed'],
  ['canceled', 'canceled'],
  ['expired', 'failed'],
  ['denied', 'rejected'],
  ['dead_lettered', 'failed'],
  ['unknown_effect', 'failed'],
]);

/** Result of `task/history`. A page may be short, only a missing cursor is the end. */
export const HistoryPage = z.object({ items: z.array(RecordedEvent), next_cursor: z.string().nullable() });
export type HistoryPage = z.infer<typeof HistoryPage>;

/** Params of `task/redrive`: a failed task is asked for once more, as a new task of the operator who says so (PROM-P11). */
export const Redrive = z.object({ task_id: TaskRefId, reason: z.string().min(1).max(1024) });
export type Redrive = z.infer<typeof Redrive>;

/** Result of `task/redrive`: the new task. */
export const Redriven = z.object({ task_id: z.string(), state: TaskState, redrive_of: z.string() });
export type Redriven = z.infer<typeof Redriven>;

/** Params of `task/resolve`: a person looked whether an unknown effect took place (PROM-P4). */
export const Resolve = z.object({
  task_id: TaskRefId,
  applied: z.boolean(),
  note: z.string().min(1).max(1024),
});
export type Resolve = z.infer<typeof Resolve>;

/** Result of `ledger/verify`: what was checked, or the first row that does not fit. Without a task, `seq` is a checkpoint's or an anchor's. */
export const LedgerVerdict = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    tasks: z.number().int(),
    events: z.number().int(),
    anchors: z.number().int().optional(),
  }),
  z.object({ ok: z.literal(false), task_id: z.string(), seq: z.number().int(), why: z.string() }),
]);
export type LedgerVerdict = z.infer<typeof LedgerVerdict>;

/** Result of `ledger/backup`: where the copy lies on the orchestrator's machine. */
export const LedgerBackup = z.object({ path: z.string(), bytes: z.number().int(), sha256: z.string() });
export type LedgerBackup = z.infer<typeof LedgerBackup>;

/**
 * Params of `task/subscribe`. Events follow as `$/progress` with the caller's `_meta.progress_token`; those of a root tell of
 * every task of the investigation. With `credit` the subscriber promises to `$/ack`, and never has more than that unacknowledged.
 */
export const TaskSubscription = z.object({
  task_id: TaskRefId,
  after_seq: z.number().int().nonnegative().default(0),
  credit: z
    .object({
      events: z.number().int().min(1).max(64).default(64),
      bytes: z.number().int().min(1024).max(1_048_576).default(1_048_576),
    })
    .optional(),
});
export type TaskSubscription = z.infer<typeof TaskSubscription>;

/** Result of `task/subscribe`, given before any event: the task now, and the newest `seq`. */
export const TaskSnapshot = z.object({ task: Task, last_seq: z.number().int().nonnegative() });
export type TaskSnapshot = z.infer<typeof TaskSnapshot>;

/**
 * Params of `agent/register`: where I listen; identity is what hello proved. `ttl_ms` is the lease asked for. The card that comes
 * with it need not be fetched; it counts no more than a fetched one, once the link there vouches for its digest.
 */
export const Register = z.object({
  agent_id: AgentId,
  url: z.string().max(2048),
  ttl_ms: z.number().int().min(1_000).max(300_000).default(15_000),
  card: z.record(z.string(), z.unknown()).optional().describe('the agent card, as it is served over HTTP'),
});
export type Register = z.infer<typeof Register>;

/** Result of `agent/register` and `agent/renew`. */
export const Lease = z.object({
  agent_id: z.string(),
  state: z.enum(['active', 'quarantined']),
  renew_before: z.string(),
});
export type Lease = z.infer<typeof Lease>;
