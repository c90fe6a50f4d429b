/** The keys that sign access tokens: a new one each month, the one before as long as its tokens may live (ATK-B7). */
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '../seams/index.ts';
import { ACCESS_S, type SigningKeys } from './tokens.ts';

/** Where the keys are kept: private keys by the wall time at which they were made. */
export interface KeyShelf {
  list(): { made_at: number; private_key: KeyObject }[];
  /** Makes one more. */
  add(made_at: number): { made_at: number; private_key: KeyObject };
}

/** Reads the shelf once, and adds to it when its newest key is old. */
export function createSigningKeys(shelf: KeyShelf, clock: Clock): SigningKeys {
  const known = shelf.list().sort((left, right) => left.made_at - right.made_at);
  const publics = new Map<string, KeyObject>();

  const newest = () => {
    const last = known.at(-1);
    if (last && clock.now() - last.made_at < ROTATE_MS) return last;
    const made = shelf.add(clock.now());
    known.push(made);
    return made;
  };

  return {
    current() {
      const { made_at, private_key } = newest();
      return { kid: kidOf(made_at), private_key };
    },
    find(kid) {
      const at = known.findIndex(({ made_at }) => kidOf(made_at) === kid);
      const found = known[at];
      if (!found) return undefined;
      const next = known[at + 1];
      if (next && clock.now() - next.made_at > OVERLAP_MS) return undefined;
      const key = publics.get(kid) ?? createPublicKey(found.private_key);
      publics.set(kid, key);
      return key;
    },
  };
}

const kidOf = (made_at: number): string => `aurora-${made_at.toString(36)}`;

const ROTATE_MS = 30 * 86_400_000;
/** As long as a token lives that was signed just before, and a minute for its clock. */
const OVERLAP_MS = ACCESS_S * 1_000 + 60_000;
