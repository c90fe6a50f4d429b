/** How many links a port takes, in all and from one address (of IPv6 from one /64). */
import { AuroraError } from '../protocol/index.ts';
import { isLoopback, networkOf } from './addresses.ts';

/** The bounds; loopback is not counted by address, for all local agents share it. */
export interface CrowdBounds {
  links_max: number;
  links_per_remote_max: number;
}

/** Who is there: counted from the upgrade to the end of the socket. */
export interface Crowd {
  /** Counts one more from there; throws 5030 where that is too many. */
  enter(remote: string): void;
  leave(remote: string): void;
}

/** Counts links. */
export function createCrowd({ links_max, links_per_remote_max }: CrowdBounds): Crowd {
  const by_remote = new Map<string, number>();
  let all = 0;
  return {
    enter(remote) {
      const origin = networkOf(remote);
      const here = by_remote.get(origin) ?? 0;
      const crowded = all >= links_max || (here >= links_per_remote_max && !isLoopback(remote));
      if (crowded) throw new AuroraError(5030, { message: 'Too many connections', retry_after_ms: CROWD_RETRY_MS });
      all += 1;
      by_remote.set(origin, here + 1);
    },
    leave(remote) {
      all -= 1;
      const origin = networkOf(remote);
      const left = (by_remote.get(origin) ?? 1) - 1;
      if (left > 0) by_remote.set(origin, left);
      else by_remote.delete(origin);
    },
  };
}

const CROWD_RETRY_MS = 5_000;
