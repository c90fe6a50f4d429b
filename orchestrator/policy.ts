/** What allows: rules that answer allow, deny or ask, for one action in one mode (wire.md 8). */
import { z } from 'zod';
import { digestOf } from '../mesh/index.ts';
import type { SkillTraits } from '../protocol/index.ts';
import type { TaskRow } from './ledger.ts';
import { objectionToPattern, protects } from './protected.ts';
import { stringsIn, valuesIn } from './targets.ts';
import { isUnclear } from './unclear.ts';

/** What would protect nothing is refused when it is read, not found out when somebody acts. */
const Pattern = z
  .string()
  .min(1)
  .max(256)
  .superRefine((pattern, found) => {
    const objection = objectionToPattern(pattern);
    if (objection !== undefined) found.addIssue({ code: 'custom', message: `${pattern}: ${objection}` });
  });

/** The rules. Every one of them goes into the policy version: whoever changes one voids the approvals given under the old. */
export const PolicyRules = z
  .strictObject({
    /** How long a question waits and an approval lasts, ms: 30 minutes. */
    approval_ms: z.number().int().min(1_000).max(86_400_000).default(1_800_000),
    /** Operators who may decide; all of them unless said. */
    approvers: z.array(z.string()).optional(),
    /** How many different people a class needs; 0 lets it act without a question. */
    needed: z
      .strictObject({
        low: z.number().int().min(0).max(9).default(0),
        medium: z.number().int().min(0).max(9).default(1),
        high: z.number().int().min(1).max(9).default(1),
        irreversible: z.number().int().min(2).max(9).default(2),
      })
      .prefault({}),
    /** Names, globs (`dc-*`) or networks (`10.9.0.0/16`) that nothing may ever act on. */
    protected_assets: z.array(Pattern).max(10_000).default([]),
    /** Targets of one task at most. */
    targets_max: z.number().int().min(1).default(5),
    /** Different targets an hour at most, for each action class, over all tasks. */
    targets_hour_max: z.number().int().min(1).default(20),
    /** Questions a minute that one requester may cause; more are refused 4290. */
    approvals_minute_max: z.number().int().min(1).default(10),
    /** From more than that many questions a minute on, a second person has to approve. */
    second_approver_from: z.number().int().min(1).default(5),
  })
  .prefault({});
export type PolicyRules = z.infer<typeof PolicyRules>;

/** What is to be judged. */
export interface Action {
  task: Pick<TaskRow, 'mode' | 'skill' | 'params'>;
  traits: SkillTraits;
  agent_id: string;
  targets: readonly string[];
  recent: Recent;
}

/** What happened lately. */
export interface Recent {
  /** Targets of the same action class in the last hour. */
  targets: readonly string[];
  /** Questions of the same requester in the last minute, this one included. */
  questions: number;
}

/** The answer, with the sentence that says why; `needed` people when it is `ask`. */
export interface Decision {
  answer: 'allow' | 'deny' | 'ask';
  needed?: number;
  reason: string;
}

/** Decides before anything is sent. */
export interface Policy {
  /** Names these rules: an approval counts only under the policy that it was given under. */
  readonly version: string;
  decide(action: Action): Decision | Promise<Decision>;
  /** Whether nothing may ever act on that target; a policy that does not say so protects none by itself. */
  isProtected?(target: string): boolean;
}

/** Whether a task would really do something to the world: what only reads does not, and only `active` does (ATK-F9). */
export const isActing = (task: Pick<TaskRow, 'mode'>, { action_class }: Pick<SkillTraits, 'action_class'>): boolean =>
  task.mode === 'active' && action_class !== 'read';

/** The shipped policy: a function of its rules and of the action alone. */
export function createPolicy(rules: PolicyRules, own_hosts: readonly string[] = []): Policy {
  const isProtected = protects(rules.protected_assets, own_hosts);
  return {
    version: digestOf({ ...rules, judgement: JUDGEMENT }),
    isProtected: (target) => isProtected(target, 'target'),
    decide(action) {
      const { task, traits } = action;
      if (traits.action_class === 'read') return readingOrLying(traits);
      if (!isActing(task, traits)) return { answer: 'allow', reason: `nothing is done in mode ${task.mode}` };
      const objection = objectionTo(action);
      if (objection !== undefined) return { answer: 'deny', reason: objection };
      const class_needed = rules.needed[traits.action_class];
      const is_flood = class_needed > 0 && action.recent.questions > rules.second_approver_from;
      const needed = is_flood ? Math.max(class_needed, 2) : class_needed;
      const reason = `${task.skill} is ${traits.action_class}${is_flood ? ', one of many at once' : ''}`;
      return { answer: needed === 0 ? 'allow' : 'ask', needed, reason };
    },
  };

  function objectionTo({ task, traits, targets, recent }: Action): string | undefined {
    const declared = traits.targets.length > 0;
    const aimed_at = declared ? targets : valuesIn(task.params);
    if (
      aimed_at.some((target) => isProtected(target, 'target')) ||
      targets.some((target) => isProtected(target, 'parts')) ||
      stringsIn(task.params).some((text) => isProtected(text, 'whole'))
    ) {
      return 'a protected asset is named';
    }
    if (targets.length === 0) return 'it names no target';
    if (targets.length > rules.targets_max) {
      return `${targets.length} targets, one task may have ${rules.targets_max}`;
    }
    if (targets.some((target) => (declared ? isUnclear(target) : target.trim() === '' || target.trim() === '*'))) {
      return 'a target does not name one thing';
    }
    if (new Set([...recent.targets, ...targets]).size > rules.targets_hour_max) {
      return `more than ${rules.targets_hour_max} targets of class ${traits.action_class} in an hour`;
    }
    return undefined;
  }
}

/**
 * What was allowed under an earlier way to judge is asked anew: 2 since spellings are compared, with kinds of effects in the question; 3
 * since short names, links and accounts are told apart.
 */
const JUDGEMENT = 3;

/** A card that tells both that a skill only reads and that running it twice does harm is not believed (INV14). */
const readingOrLying = ({ effect }: SkillTraits): Decision =>
  effect === 'non_idempotent'
    ? { answer: 'deny', reason: 'its card says that it only reads, and that it must not be repeated' }
    : { answer: 'allow', reason: 'it only reads' };
