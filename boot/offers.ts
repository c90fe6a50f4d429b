/** What agents were approved to offer, in a file beside the pins. */
import { cardDigestOf } from '../mesh/index.ts';
import type { Offers } from '../orchestrator/index.ts';
import { AuroraError } from '../protocol/index.ts';
import { systemClock } from '../seams/index.ts';
import { createFileTurns, ending, inTurnNow } from './file-turns.ts';
import {
  addOffer,
  lookAtOffers,
  mergeOffer,
  readOffers,
  writeOffers,
  type Kept,
  type OffersFile,
  type Seen,
} from './offers-file.ts';
import { KeyFileError } from './keys.ts';
import { turnsBeside } from './place.ts';

/**
 * Offers that are looked for at every use, for a person may have approved meanwhile, and parsed when the file is another one.
 * What changes is added at its end: a fleet that comes at once must not write all of it for each of its agents.
 */
export function fileOffers(path: string): Offers {
  let seen: Seen | undefined;
  let last: OffersFile = { kept: new Map(), lines: 0, is_closed: true };
  const now = () => {
    const found = lookAtOffers(path);
    if (!isSame(found, seen)) [last, seen] = [readOffers(path), found];
    return last.kept;
  };
  const take = createFileTurns(turnsBeside(path), systemClock);
  const change = (agent_id: string, by: Kept) => {
    const end = take();
    // Who serves does not wait: the agent is met again soon.
    if (!end)
      throw new AuroraError(5030, {
        message: 'Somebody changes what is approved at this moment',
        retry_after_ms: RETRY_AFTER_MS,
      });
    ending(end, () => changeNow(agent_id, by));
  };
  const changeNow = (agent_id: string, by: Kept) => {
    const kept = now();
    if (!kept.has(agent_id) && kept.size >= AGENTS_MAX)
      throw new KeyFileError(`${path} is full: ${AGENTS_MAX} agents; remove those that are gone`);
    if (last.is_closed || last.lines >= LINES_MAX) {
      const changed = new Map(kept);
      mergeOffer(changed, agent_id, by);
      writeOffers(path, changed);
      return;
    }
    seen = addOffer(path, seen, agent_id, by);
    mergeOffer(kept, agent_id, by);
    last.lines += 1;
  };
  return {
    approved: (agent_id) => now().get(agent_id)?.approved,
    keep: (agent_id, approved) => change(agent_id, { approved }),
    ask: (agent_id, asked) => change(agent_id, { asked }),
  };
}

/**
 * Approves what an agent asked for last, where that is the card of this digest: another may have come since somebody looked. Answers
 * false when it asked for nothing. Throws a KeyFileError without a digest, and 4090 for another card. In the turn of whoever calls.
 */
export function approveOffer(path: string, agent_id: string, card: string | undefined): boolean {
  const { kept } = readOffers(path);
  const approved = kept.get(agent_id)?.asked;
  if (!approved) return false;
  if (card === undefined)
    throw new KeyFileError(
      `say which card of ${agent_id} you looked at: --card with the digest that aurora agents shows`,
    );
  if (card.toLowerCase() !== cardDigestOf(approved))
    throw new AuroraError(4090, {
      message: `Another card of ${agent_id} waits than ${card}: look again, aurora agents`,
    });
  writeOffers(path, kept.set(agent_id, { approved }));
  return true;
}

/** Forgets what was approved: whoever starts these agents anew vouches for the code they run. */
export function forgetOffers(path: string, agent_ids: readonly string[]): void {
  const { kept: known } = readOffers(path);
  if (!agent_ids.some((agent_id) => known.has(agent_id))) return; // nobody waits for a turn
  inTurnNow(turnsBeside(path), () => {
    const { kept } = readOffers(path);
    const gone = agent_ids.filter((agent_id) => kept.delete(agent_id));
    if (gone.length > 0) writeOffers(path, kept);
  });
}

const isSame = (one: Seen | undefined, other: Seen | undefined): boolean =>
  one?.inode === other?.inode && one?.size === other?.size && one?.mtime_ms === other?.mtime_ms;

const AGENTS_MAX = 4_096;
/** When to ask again, ms: a turn takes less. */
const RETRY_AFTER_MS = 1_000;
/** Lines after which the file is written whole again. */
const LINES_MAX = 8_192;
