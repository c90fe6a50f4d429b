/** A request plus its routing: what rides in `params._meta`, and what `handoff` is asked with (wire.md 5). */
import { z } from 'zod';
import { SkillRefId } from './id.ts';

/** What a task may do to the world; it only narrows on the way down. */
export const Mode = z.enum(['dry_run', 'monitor', 'active']);
export type Mode = z.infer<typeof Mode>;

/** On whose behalf, with which rights. */
export const Actor = z.object({ sub: z.string(), scopes: z.array(z.string()), tenant: z.string() });
export type Actor = z.infer<typeof Actor>;

/** The routing metadata of a handoff. The orchestrator writes it; unknown keys are kept when forwarded. */
export const Routing = z.looseObject({
  handoff_id: z.string(),
  task_id: z.string(),
  root_id: z.string(),
  parent_id: z.string().optional(),
  from: z.string(),
  to: z.string(),
  reason: z.string().max(1024).optional(),
  hop: z.number().int().nonnegative(),
  path: z.array(z.string()).max(16),
  mode: Mode,
  priority: z.number().int().min(1).max(10),
  attempt: z.number().int().positive(),
  fence: z.number().int().nonnegative(),
  deadline: z.iso.datetime(),
  budget_ms: z.number().int().nonnegative(),
  idempotency_key: z.string().max(256).optional(),
  actor: Actor,
  approval: z.object({ approval_id: z.string(), action_hash: z.string(), exp: z.string() }).optional(),
  refs: z
    .looseObject({ alert_id: z.string().optional(), case_id: z.string().optional(), attack_id: z.string().optional() })
    .optional(),
  untrusted: z.array(z.string()).optional().describe('JSON pointers into params; absent means everything'),
  blobs: z
    .object({ url: z.url(), token: z.string() })
    .optional()
    .describe('where the references in params are read, and the right to read them'),
});
export type Routing = z.infer<typeof Routing>;

/** `params._meta`: stripped before a skill's schema runs, kept when forwarded. */
export const Meta = z.looseObject({
  traceparent: z.string().max(128).optional(),
  tracestate: z.string().max(512).optional(),
  progress_token: z.union([z.string().max(256), z.number()]).optional(),
  handoff: Routing.optional(),
});
export type Meta = z.infer<typeof Meta>;

/** Whom a handoff is for: exactly one way of naming. */
export const HandoffTo = z.union([
  z.strictObject({ agent_id: z.string().max(64), skill: SkillRefId.optional() }),
  z.strictObject({ skill: SkillRefId }),
  z.strictObject({ tags: z.array(z.string().max(64)).min(1).max(8), skill: SkillRefId.optional() }),
]);
export type HandoffTo = z.infer<typeof HandoffTo>;

/** What the asker may wish for; the parent's own row and the orchestrator's limits narrow all of it. */
export const HandoffOptions = z.object({
  deadline_ms: z.number().int().positive().max(900_000).optional(),
  priority: z.number().int().min(1).max(10).optional(),
  idempotency_key: z.string().min(1).max(256).optional(),
  mode: Mode.optional(),
  reason: z.string().max(1024).optional(),
  on_approval: z
    .enum(['wait', 'return'])
    .optional()
    .describe(
      'while people are asked: wait (unless said), or answer 4032; the same idempotency key takes the task up again',
    ),
});
export type HandoffOptions = z.infer<typeof HandoffOptions>;

/** Params of a skill, not looked into but for numbers like 1e400: whoever passes them on would write null. */
const FreeParams = z
  .record(z.string(), z.unknown())
  .refine((params) => !hasOverflow(params), 'a number in it is too large: at most 1.7976931348623157e308');

/** Params of `handoff`. `task` is free text for the rules planner; `method` names the skill where `to` does not. */
export const HandoffRequest = z.object({
  to: HandoffTo.optional(),
  method: SkillRefId.optional(),
  params: FreeParams.optional(),
  task: z.string().min(1).max(65_536).optional(),
  wait: z.enum(['result', 'accepted']).default('result'),
  options: HandoffOptions.default({}),
});
export type HandoffRequest = z.infer<typeof HandoffRequest>;

/** A specialist as a tool for a planner: what a model or a rule may call, one per registered agent (M06). */
export const HandoffTool = z.object({
  name: z.string().regex(/^handoff_[a-z0-9_]+$/),
  description: z.string(),
  input_schema: z.record(z.string(), z.unknown()),
});
export type HandoffTool = z.infer<typeof HandoffTool>;

/** The tool that hands work to one agent: typed `{skill, params}`, or free text as `{task}`. */
export function handoffToolOf(agent: {
  agent_id: string;
  description: string;
  skills: readonly { id: string; description: string; params_schema?: Record<string, unknown> | undefined }[];
}): HandoffTool {
  return {
    name: `handoff_${agent.agent_id.replaceAll('-', '_')}`,
    description: agent.description,
    input_schema: {
      type: 'object',
      oneOf: [
        ...agent.skills.map(({ id, description, params_schema }) => ({
          type: 'object',
          description,
          properties: { skill: { const: id }, params: params_schema ?? { type: 'object' } },
          required: ['skill', 'params'],
        })),
        { type: 'object', properties: { task: { type: 'string' } }, required: ['task'] },
      ],
    },
  };
}

/** Whether a number in it became infinite as it was read. Frames are at most 64 deep. */
function hasOverflow(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasOverflow);
}
