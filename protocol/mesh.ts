/** The params of the mesh's own methods, beside hello and handoff (wire.md 3). */
import { z } from 'zod';
import { AgentId } from './hello.ts';
import { RpcIdSchema } from './rpc-id.ts';
import { Task, TaskEventKind, TaskState } from './task.ts';

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
export const TaskRef = z.object({ task_id: z.string().max(64), reason: z.string().max(1024).optional() });
export type TaskRef = z.infer<typeof TaskRef>;

/** Params of `task/list`: newest first; `cursor` is opaque. */
export const TaskQuery = z.object({
  root_id: z.string().max(64).optional(),
  state: TaskState.optional(),
  limit: z.number().int().min(1).max(200).default(50),
  cursor: z.string().max(256).optional(),
});
export type TaskQuery = z.infer<typeof TaskQuery>;

/** Result of `task/list`. */
export const TaskPage = z.object({ items: z.array(Task), next_cursor: z.string().nullable() });
export type TaskPage = z.infer<typeof TaskPage>;

/**
 * Params of `task/subscribe`. Events follow as `$/progress` with the caller's `_meta.progress_token`. `root: true` follows
 * every task of the investigation. With `credit` the subscriber promises to `$/ack`, and never has more than that unacknowledged.
 */
export const TaskSubscription = z.object({
  task_id: z.string().max(64),
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

/** Params of `agent/register`: where I listen; identity is what hello proved. `ttl_ms` is the lease asked for. */
export const Register = z.object({
  agent_id: AgentId,
  url: z.string().max(2048),
  ttl_ms: z.number().int().min(1_000).max(300_000).default(15_000),
});
export type Register = z.infer<typeof Register>;

/** Result of `agent/register` and `agent/renew`. */
export const Lease = z.object({
  agent_id: z.string(),
  state: z.enum(['active', 'quarantined']),
  renew_before: z.string(),
});
export type Lease = z.infer<typeof Lease>;
