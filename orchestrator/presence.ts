/** Which agents are here, or may come, for a skill: a card speaks for who is connected, what was approved for who is away. */
import type { Offer } from '../protocol/index.ts';
import { interestsOf, type Interest } from './interest.ts';
import { fits } from './pools.ts';
import type { Instance, Wanted } from './registry.ts';

/** What an agent that is away would offer, as far as it is known: `undefined` when it never came. */
export type KnownOffer = (agent_id: string) => Offer | undefined;

/** Agents that nobody waits for any more, and that somebody may still ask for: who asks is told at once where they are. */
export type Missed = () => readonly { agent_id: string; why: string }[];

/** Who is here, and who may come. */
export interface Presence {
  add(instance: Instance): void;
  remove(instance: Instance): void;
  /** The connected processes of an agent. */
  of(agent_id: string): Iterable<Instance>;
  /** Somebody keeps a link to that agent, or tries to. */
  readonly expect: (agent_id: string) => void;
  readonly forget: (agent_id: string) => void;
  readonly expected: () => string[];
  /** Whether it is worth waiting for somebody: who is away and never offered the skill will not bring it. */
  mayCome(wanted: Pick<Wanted, 'to' | 'skill'>): boolean;
  /** Whether somebody whom nobody knows now may announce itself and take it: not one by name who is here, or away and known not to offer it. */
  mayAnnounce(wanted: Pick<Wanted, 'to'>): boolean;
  /** Those that are missed and offered a skill. */
  missing(skill: string): { agent_id: string; why: string }[];
  /** Whether somebody connected, or known and away, offers a skill to whoever asks for it. */
  readonly offers: (skill: string) => boolean;
  /** What those who are connected, or known and away, ask to be shown in investigations. */
  readonly interests: () => Interest[];
}

/** What telling needs. */
export interface PresenceDeps {
  /** All that are connected, in the order in which they came. */
  instances: () => Iterable<Instance>;
  knownOffer: KnownOffer;
  missed: Missed;
}

/** Makes the presence of agents; nobody is here yet. */
export function createPresence({ instances, knownOffer, missed }: PresenceDeps): Presence {
  const by_agent = new Map<string, Set<Instance>>();
  const expected = new Set<string>();

  return {
    add(instance) {
      const { agent_id } = instance;
      by_agent.set(agent_id, (by_agent.get(agent_id) ?? new Set()).add(instance));
    },
    remove(instance) {
      const same = by_agent.get(instance.agent_id);
      if (same?.delete(instance) && same.size === 0) by_agent.delete(instance.agent_id);
    },
    of: (agent_id) => by_agent.get(agent_id) ?? [],
    expect: (agent_id) => void expected.add(agent_id),
    forget: (agent_id) => void expected.delete(agent_id),
    expected: () => [...expected],
    mayCome,
    mayAnnounce: ({ to }) => !('agent_id' in to) || (!by_agent.has(to.agent_id) && !expected.has(to.agent_id)),
    missing,
    offers,
    interests,
  };

  function mayCome({ to, skill }: Pick<Wanted, 'to' | 'skill'>): boolean {
    const mayBring = (agent_id: string) => {
      const offer = knownOffer(agent_id);
      if (!isAway(agent_id) || !offer) return isAway(agent_id);
      return Object.hasOwn(offer, skill) && (!('skill' in to) || offer[skill]?.routable === true);
    };
    if ('agent_id' in to) return expected.has(to.agent_id) && mayBring(to.agent_id);
    for (const agent_id of expected) if (mayBring(agent_id)) return true;
    return false;
  }

  function missing(skill: string): { agent_id: string; why: string }[] {
    return missed().filter(({ agent_id }) => {
      const offer = knownOffer(agent_id);
      return offer !== undefined && Object.hasOwn(offer, skill) && isAway(agent_id) && !expected.has(agent_id);
    });
  }

  function offers(skill: string): boolean {
    const wanted = { to: { skill }, skill };
    for (const instance of instances()) if (!instance.is_leaving && fits(instance, wanted)) return true;
    const mayBring = (agent_id: string) => isAway(agent_id) && knownOffer(agent_id)?.[skill]?.routable === true;
    return [...expected].some(mayBring) || missing(skill).some(({ agent_id }) => mayBring(agent_id));
  }

  function interests(): Interest[] {
    const here = [...instances()].filter(({ is_leaving }) => !is_leaving);
    const away = [...new Set([...expected, ...missed().map(({ agent_id }) => agent_id)])].filter(isAway);
    return [
      ...here.flatMap(({ agent_id, card }) => interestsOf(agent_id, card.skills)),
      ...away.flatMap((agent_id) => interestsOf(agent_id, Object.entries(knownOffer(agent_id) ?? {}))),
    ];
  }

  function isAway(agent_id: string): boolean {
    for (const { is_leaving } of by_agent.get(agent_id) ?? []) if (!is_leaving) return false;
    return true;
  }
}
