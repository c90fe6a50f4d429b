/** What allows: the answer to "may this skill run in this mode?" (wire.md 8). */
import type { SkillTraits } from '../protocol/index.ts';
import type { TaskRow } from './ledger.ts';

/** Allow or deny, with the sentence that says why. */
export interface Decision {
  answer: 'allow' | 'deny';
  reason: string;
}

/** Decides before anything is sent. */
export interface Policy {
  decide(about: { task: Pick<TaskRow, 'mode' | 'skill'>; traits: SkillTraits }): Decision;
}

/** The policy without approvals: what only reads is allowed, everything that acts is denied, whatever the mode. */
export const readOnlyPolicy: Policy = {
  decide: ({ task, traits }) =>
    traits.action_class === 'read' && traits.effect === 'read'
      ? { answer: 'allow', reason: 'it only reads' }
      : {
          answer: 'deny',
          reason: `${task.skill} acts (${traits.effect}, ${traits.action_class}) and nobody can approve it here`,
        },
};
