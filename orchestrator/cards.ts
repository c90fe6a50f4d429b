/** The cards of agents, read once per digest: replicas and reconnects cost nothing. */
import { digestOf } from '../mesh/index.ts';
import { AuroraError, readCard, type CardFacts } from '../protocol/index.ts';
import { makeRoom, sha256Of, type Log } from '../seams/index.ts';
import { bytesOf } from './events.ts';
import type { AgentAddress } from './fleet.ts';

/** What was read. */
export interface Cards {
  /** Reads a card that somebody brought along: what it says of itself is worth nothing until a link vouches for its digest. */
  learn(card: object): void;
  /** The card with that digest, fetched where it is not known. Throws 4030 when the hello vouched for none, or for another one. */
  behind(address: AgentAddress, digest: string | undefined): Promise<CardFacts>;
}

/** What reading needs. */
export interface CardDeps {
  log: Log;
  /** Reads a card over HTTP; from `address` where that is given, whatever the name resolves to by now. */
  fetchCard(url: string, address?: string): Promise<unknown>;
}

/** Makes the cards of a fleet; no card is known. */
export function createCards(deps: CardDeps): Cards {
  const cards = new Map<string, CardFacts>();
  /** What they offer, by a digest of its own. */
  const offered = new Map<string, Pick<CardFacts, 'skills' | 'tags'>>();

  return {
    learn(card) {
      try {
        if (bytesOf(card) > CARD_BYTES_MAX) throw new AuroraError(4130);
        remember(cards, digestOf(card), sharing(readCard(card)));
      } catch (reason) {
        deps.log.info({ err: reason }, 'a card that came with a registration cannot be read: it is fetched');
      }
    },
    async behind({ url, address }, digest) {
      const known = digest === undefined ? undefined : cards.get(digest);
      if (known) return known;
      const card = await deps.fetchCard(url, address);
      const facts = sharing(readCard(card));
      if (digest === undefined) throw new AuroraError(4030, { message: 'The hello names no card' });
      if (digestOf(card) !== digest) {
        throw new AuroraError(4030, { message: 'The card is not the one that the hello vouches for' });
      }
      remember(cards, digest, facts);
      return facts;
    },
  };

  /** Replicas differ by their address alone: what they offer is kept once. */
  function sharing(facts: CardFacts): CardFacts {
    const { skills, tags } = facts;
    const name = sha256Of(JSON.stringify([tags, ...skills]));
    const known = offered.get(name);
    if (known) return { ...facts, ...known };
    remember(offered, name, { skills, tags });
    return facts;
  }
}

/** The one that came first goes when there are too many. */
function remember<V>(known: Map<string, V>, name: string, value: V): void {
  makeRoom(known, CARDS_MAX);
  known.set(name, value);
}

const CARDS_MAX = 1_024;
/** As much as is fetched of one. */
const CARD_BYTES_MAX = 1_048_576;
