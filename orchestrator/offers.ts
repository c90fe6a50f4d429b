/** What each agent was approved to offer: a card that asks for more, or tells less of what it does, waits for a person (ATK-E3). */
import { cardDigestOf } from '../mesh/index.ts';
import { ActionClass, Effect, effectKindsOf, type CardFacts, type Offer } from '../protocol/index.ts';

type Offered = Offer[string];

/** Where they are kept. */
export interface Offers {
  approved(agent_id: string): Offer | undefined;
  /** Keeps the first offer of an agent whose key a person has just pinned. */
  keep(agent_id: string, offer: Offer): void;
  /** Keeps what a person has to look at; the newest counts. */
  ask(agent_id: string, offer: Offer): void;
}

/**
 * Judges the card of a proven agent. The first one is what its enrolment approved; a later one may offer as much, or fewer skills.
 * Answers what is not as it was approved, as a sentence; such a card waits for `aurora agents approve`.
 */
export function judgeOffer(offers: Offers, agent_id: string, card: CardFacts): string | undefined {
  const offer = offerOf(card);
  const approved = offers.approved(agent_id);
  if (!approved) offers.keep(agent_id, offer);
  const unapproved = approved ? beyond(approved, offer) : [];
  if (unapproved.length === 0) return undefined;
  offers.ask(agent_id, offer);
  const shown = unapproved.slice(0, SHOWN_MAX).join(', ');
  return `its card is not the one that was approved (${shown}): look at it, then aurora agents approve ${agent_id} --card ${cardDigestOf(offer)}`;
}

/** In memory, for tests and for one process. */
export function memoryOffers(): Offers & { approve(agent_id: string): void } {
  const approved = new Map<string, Offer>();
  const asked = new Map<string, Offer>();
  return {
    approved: (agent_id) => approved.get(agent_id),
    keep: (agent_id, offer) => void approved.set(agent_id, offer),
    ask: (agent_id, offer) => void asked.set(agent_id, offer),
    approve(agent_id) {
      const offer = asked.get(agent_id);
      if (offer) approved.set(agent_id, offer);
    },
  };
}

const offerOf = ({ skills }: CardFacts): Offer =>
  Object.fromEntries(
    [...skills].map(([id, { effect, action_class, routable, targets, effect_kinds, investigates }]) => [
      id,
      { effect, action_class, routable, targets, effect_kinds, investigates },
    ]),
  );

/** What of an offer nobody approved. */
function beyond(approved: Offer, offer: Offer): string[] {
  return Object.entries(offer).flatMap(([id, now]) => {
    const then = Object.hasOwn(approved, id) ? approved[id] : undefined;
    if (!then) return [`${id} is new`];
    return [
      ...(then.action_class === 'read' ? graver(then, now) : changed(then, now)).map((what) => `${id} ${what}`),
      ...(hasAll(effectKindsOf({ ...then, id }), effectKindsOf({ ...now, id })) ? [] : [`${id} has other effects`]),
      ...(now.routable && !then.routable ? [`${id} is routable now`] : []),
      ...(now.investigates.some((input) => !then.investigates.includes(input)) ? [`${id} investigates more`] : []),
    ];
  });
}

/** A skill that only reads may become less by itself. */
const graver = (then: Offered, now: Offered): string[] => [
  ...(rank(Effect, now.effect) > rank(Effect, then.effect) ? [`is ${now.effect} now`] : []),
  ...(rank(ActionClass, now.action_class) > rank(ActionClass, then.action_class) ? [`is ${now.action_class} now`] : []),
  ...(hasAll(now.targets, then.targets) ? [] : ['names fewer targets']),
];

/**
 * What acts does what it does whatever its card calls it: a lower class asks fewer people, one that reads asks nobody, and
 * whoever names a target hides from policy all that they do not name.
 */
const changed = (then: Offered, now: Offered): string[] => [
  ...(now.effect === then.effect ? [] : [`is ${now.effect} now`]),
  ...(now.action_class === then.action_class ? [] : [`is ${now.action_class} now`]),
  ...(hasAll(now.targets, then.targets) && hasAll(then.targets, now.targets) ? [] : ['names other targets']),
];

const hasAll = (all: readonly string[], some: readonly string[]): boolean => some.every((one) => all.includes(one));

/** Both enums go from harmless to grave. */
const rank = (grades: { options: readonly string[] }, grade: string): number => grades.options.indexOf(grade);

const SHOWN_MAX = 5;
