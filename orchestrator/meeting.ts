/** From an open link to an instance that may be given work: hello both ways, key, card. */
import { sayHello, type HandshakeDeps, type Peer } from '../mesh/index.ts';
import { AuroraError, readCard, type CardFacts } from '../protocol/index.ts';
import { toIso } from '../seams/index.ts';
import type { CardDeps, Cards } from './cards.ts';
import type { AgentAddress } from './fleet.ts';
import { judgeOffer, type Offers } from './offers.ts';
import type { Instance } from './registry.ts';

/** What meeting needs. */
export interface MeetingDeps extends HandshakeDeps, Pick<CardDeps, 'fetchCard'> {
  cards: Cards;
  /** What agents were approved to offer; without it any card counts. */
  offers?: Offers | undefined;
}

/** Makes the function that meets one. It throws 4030 for whoever was not dialled, `Quarantined` where a card waits for a person. */
export function createMeeting(deps: MeetingDeps): (peer: Peer, address: AgentAddress) => Promise<Instance> {
  const { clock, pins, cards, offers } = deps;

  return (peer, address) => (address.unproven ? meetBare(peer, address) : meetProven(peer, address));

  async function meetProven(peer: Peer, address: AgentAddress): Promise<Instance> {
    const hello = await sayHello(peer, deps, HELLO_MS_MAX);
    if (hello.id !== address.agent_id) {
      throw new AuroraError(4030, { message: `Somebody else is on the port of ${address.agent_id}` });
    }
    if (hello.role !== 'agent')
      throw new AuroraError(4030, { message: `The key of ${hello.id} is not pinned as an agent's` });
    // It counts only if the proven link vouched for it.
    const card = ownCard(await cards.behind(address, hello.card_digest), address);
    const more = offers && judgeOffer(offers, address.agent_id, card);
    if (more !== undefined) throw new Quarantined(more);
    const { instance_id, in_flight_max, in_flight, public_key } = hello;
    const holding = in_flight.length > 0 ? new Set(in_flight) : NOTHING;
    // The key that was proved, not the one that is pinned by now: a card takes its time.
    const isPinned = () => {
      const pin = pins.of(address.agent_id);
      return pin?.public_key === public_key && pin.role === 'agent';
    };
    return toInstance(peer, address, card, { instance_id, in_flight_max, holding, isPinned });
  }

  /** An agent without a key: what it offers counts only as far as it reads, and only on this machine. */
  async function meetBare(peer: Peer, address: AgentAddress): Promise<Instance> {
    if (!peer.link.loopback) throw new AuroraError(4030, { message: 'An unproven agent may only be on this machine' });
    const card = ownCard(readCard(await deps.fetchCard(address.url, address.address)), address);
    const reading = [...card.skills].filter(
      ([, { effect, action_class }]) => effect === 'read' && action_class === 'read',
    );
    const cut = { ...card, skills: new Map(reading) };
    const about = { in_flight_max: IN_FLIGHT_DEFAULT, holding: NOTHING, isPinned: () => true };
    return toInstance(peer, address, cut, { instance_id: `bare:${address.url}`, ...about });
  }

  function toInstance(
    peer: Peer,
    { agent_id }: AgentAddress,
    card: CardFacts,
    about: Pick<Instance, 'instance_id' | 'in_flight_max' | 'holding' | 'isPinned'>,
  ): Instance {
    return {
      ...about,
      agent_id,
      peer,
      card,
      since: toIso(clock.now()),
      in_flight: 0,
      is_leaving: false,
    };
  }
}

/** A proven agent whose card is not the one that was approved: no work before a person looked (ATK-E3). */
export class Quarantined extends AuroraError {
  constructor(why: string) {
    super(4030, { message: why });
  }
}

/** A card may leave open whose it is; one that names somebody else is not this agent's. */
function ownCard(card: CardFacts, { agent_id }: AgentAddress): CardFacts {
  if (card.agent_id === '' || card.agent_id === agent_id) return card;
  throw new AuroraError(4030, { message: `The card of ${agent_id} is that of ${card.agent_id}` });
}

const NOTHING: ReadonlySet<string> = new Set();
const HELLO_MS_MAX = 5_000;
const IN_FLIGHT_DEFAULT = 8;
