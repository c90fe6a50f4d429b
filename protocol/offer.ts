/** What an agent offers: all of its card that a person approves. */
import { z } from 'zod';
import { EffectKind } from './effect.ts';
import { ActionClass } from './result.ts';
import { Effect } from './skill.ts';

/** What counts of a card, by the id of the skill: descriptions are data, and give nobody a right (ATK-E3). */
export const Offer = z.record(
  z.string().max(600),
  z.object({
    effect: Effect,
    action_class: ActionClass,
    routable: z.boolean(),
    targets: z.array(z.string().max(256)),
    effect_kinds: z.array(EffectKind).default([]),
    investigates: z.array(z.string().max(80)).default([]),
  }),
);
export type Offer = z.infer<typeof Offer>;
