/** A question to people before something acts, and their answer, bound to exactly one action (wire.md 8). */
import { z } from 'zod';
import { ApprovalRefId, Cursor, SkillRefId } from './id.ts';
import { ActionClass } from './result.ts';

/** `void`: nobody can answer it any more, because its task is over or it was asked anew. */
export const ApprovalState = z.enum(['pending', 'granted', 'rejected', 'expired', 'void']);
export type ApprovalState = z.infer<typeof ApprovalState>;

/** One person's answer. */
export const Vote = z.object({
  by: z.string(),
  decision: z.enum(['approve', 'reject']),
  note: z.string().max(1024).optional(),
  at: z.string(),
});
export type Vote = z.infer<typeof Vote>;

/** What is asked. `action_hash` binds tenant, task, agent, skill, params, policy version and requester. */
export const ApprovalQuestion = z.object({
  approval_id: z.string().max(128),
  task_id: z.string(),
  root_id: z.string(),
  tenant: z.string(),
  agent_id: z.string(),
  skill: z.string(),
  params: z.record(z.string(), z.unknown()).describe('as they will be used, not as somebody tells them'),
  requester: z.array(z.string()).min(1).describe('who asked for the action: nobody of them may approve it'),
  reason: z.string().optional().describe('why, in the words of the requester: not to be relied on'),
  policy_version: z.string(),
  action_hash: z.string(),
  action_class: ActionClass,
  targets: z.array(z.string()),
  effect_kinds: z.array(z.string()).default([]).describe('what may be done to them, and nothing else'),
  needed: z.number().int().nonnegative().describe('how many different people have to approve'),
  because: z.string().describe('why policy wants to know'),
  origin: z.enum(['dispatch', 'work']).describe('asked before the work starts, or by the agent in the middle of it'),
  asked_at: z.string(),
  expires_at: z.string(),
  budget_ms: z.number().describe('what was left of the task’s own time when it was asked'),
});
export type ApprovalQuestion = z.infer<typeof ApprovalQuestion>;

/** The question, what was answered, and what it was used for. */
export const Approval = ApprovalQuestion.extend({
  state: ApprovalState,
  votes: z.array(Vote),
  consumed: z.array(z.object({ effect_key: z.string(), at: z.string() })),
  decided_at: z.string().optional(),
});
export type Approval = z.infer<typeof Approval>;

/** Params of `approval/list`: of the newest task first, of one task the newest first; `cursor` is opaque. */
export const ApprovalQuery = z.object({
  state: ApprovalState.optional(),
  limit: z.number().int().min(1).max(200).default(50),
  cursor: Cursor.optional(),
});
export type ApprovalQuery = z.infer<typeof ApprovalQuery>;

/** Result of `approval/list`. */
export const ApprovalPage = z.object({ items: z.array(Approval), next_cursor: z.string().nullable() });
export type ApprovalPage = z.infer<typeof ApprovalPage>;

/** Params of `approval/decide`: the hash is the one that the person saw, so that no prose stands between (ATK-F6). */
export const ApprovalDecision = z.object({
  approval_id: ApprovalRefId,
  action_hash: z.string().max(64),
  decision: z.enum(['approve', 'reject']),
  note: z.string().max(1024).optional(),
});
export type ApprovalDecision = z.infer<typeof ApprovalDecision>;

/** Params of `approval/request`: an agent asks in the middle of its work; its own skill unless it names another. */
export const ApprovalRequest = z.object({
  skill: SkillRefId.optional(),
  params: z.record(z.string(), z.unknown()),
  reason: z.string().max(1024),
  wait: z.boolean().default(true),
});
export type ApprovalRequest = z.infer<typeof ApprovalRequest>;

/** Result of `approval/request`, and the detail of a 4032. */
export const ApprovalTicket = z.object({
  approval_id: z.string(),
  task_id: z.string(),
  action_hash: z.string(),
  state: ApprovalState,
  expires_at: z.string(),
});
export type ApprovalTicket = z.infer<typeof ApprovalTicket>;

/** Params of `approval/consume`. `effect_key` is `<kind>:<target>`; what `effect_sha256` names is bound into the token. */
export const ApprovalUse = z.object({
  approval_id: ApprovalRefId,
  action_hash: z.string().max(64),
  effect_key: z
    .string()
    .max(512)
    .regex(/^[a-z][a-z0-9_.-]{0,63}:./s),
  effect_sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe('SHA-256 of the canonical {kind, target, desired} that goes to whoever carries the effect out'),
});
export type ApprovalUse = z.infer<typeof ApprovalUse>;

/** Result of `approval/consume`: `first` is false when the same task asked for the same effect before. */
export const ApprovalUsed = z.object({
  approval_id: z.string(),
  effect_key: z.string(),
  first: z.boolean(),
  token: z
    .string()
    .optional()
    .describe('signed by the orchestrator, for whoever carries the effect out: what was granted'),
});
export type ApprovalUsed = z.infer<typeof ApprovalUsed>;

/**
 * Whether two ids are of one person: the same name behind `user:` and `operator:` is, whichever key it is shown with. Whoever is
 * no person is only itself.
 */
export const isSamePerson = (one: string, other: string): boolean =>
  one === other || (nameIn(one) !== undefined && nameIn(one) === nameIn(other));

const nameIn = (id: string): string | undefined => /^(?:user|operator):(.+)$/s.exec(id)?.[1]?.toLowerCase();
