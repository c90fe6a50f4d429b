/** What all followers of one process have not taken yet: one bound over it, and who gives way at it (ATK-I4). */
import type { Link } from '../mesh/index.ts';

/** Who holds something back. */
export interface Backlogged {
  link: Pick<Link, 'unsent_bytes'>;
}

/** The backlogs of one process. */
export interface Backlogs<F extends Backlogged> {
  /** Called after something was sent to a follower: over the bound the largest backlogs are cut, until there is some room again. */
  grew(follower: F): void;
  forget(follower: F): void;
}

/** Nothing is held back yet; `cut` ends a follower that reads too slowly. */
export function createBacklogs<F extends Backlogged>(bytes_max: number, cut: (follower: F) => void): Backlogs<F> {
  const known = new Map<F, number>(); // bytes as seen last
  let total = 0;

  return { grew, forget };

  function grew(follower: F): void {
    look(follower);
    if (total <= bytes_max) return;
    for (const each of known.keys()) look(each); // most have taken something since
    if (total > bytes_max) makeRoom();
  }

  function look(follower: F): void {
    const bytes = follower.link.unsent_bytes;
    total += bytes - (known.get(follower) ?? 0);
    known.set(follower, bytes);
  }

  function makeRoom(): void {
    const largest_first = [...known].sort(([, left], [, right]) => right - left);
    for (const [follower] of largest_first) {
      if (total <= bytes_max * ROOM_LEFT) return;
      forget(follower);
      cut(follower);
    }
  }

  function forget(follower: F): void {
    total -= known.get(follower) ?? 0;
    known.delete(follower);
  }
}

/** How full it is after some were cut: not one at each event that follows. */
const ROOM_LEFT = 0.75;
