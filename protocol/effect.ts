/** An effect on the world outside: what a handler wishes, and what became of it (wire.md 8). */
import { z } from 'zod';
import { Mode } from './handoff.ts';

/** What kind of state an effect brings about, as it stands before the colon of an effect key: e.g. `endpoint_isolation`. */
export const EffectKind = z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/);

/**
 * The kinds of effects that a skill may have: those that it declares, else only the one that is called like the skill, for that is all
 * that people are shown of it.
 */
export const effectKindsOf = ({ id, effect_kinds = [] }: { id: string; effect_kinds?: readonly string[] }): string[] =>
  effect_kinds.length > 0 ? [...effect_kinds] : [id];

/** A desired state of one target. Asked twice it is still one effect, so it may be repeated (PROM-P4). */
export const EffectRequest = z.object({
  /** snake_case: what kind of state, e.g. `endpoint_isolation`. */
  kind: z
    .string()
    .max(64)
    .regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/),
  target: z.string().min(1).max(256),
  desired: z.record(z.string(), z.unknown()),
});
export type EffectRequest = z.infer<typeof EffectRequest>;

/** What became of it. `applied: false` stands in every mode but `active`: nothing outside was called. */
export const EffectOutcome = z.object({
  applied: z.boolean(),
  mode: Mode,
  effect_key: z.string(),
  approval_id: z.string().optional(),
  action_id: z.string().optional().describe('names the records of this action in the log of actions'),
});
export type EffectOutcome = z.infer<typeof EffectOutcome>;

/** Names an effect within its task, for approvals and against doing it twice. */
export const effectKeyOf = ({ kind, target }: Pick<EffectRequest, 'kind' | 'target'>): string => `${kind}:${target}`;
