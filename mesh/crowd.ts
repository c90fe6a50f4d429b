/** How many links a port takes, in all and from one address. */
import type { Socket } from 'node:net';
import { AuroraError } from '../protocol/index.ts';
import { isLoopback } from './addresses.ts';

/** The bounds; loopback is not counted by address, for all local agents share it. */
export interface CrowdBounds {
  links_max: number;
  links_per_remote_max: number;
}

/** Counts links from their upgrade to the end of their socket; `enter` throws 5030 where one more is too many. */
export function createCrowd({ links_max, links_per_remote_max }: CrowdBounds): { enter(wire: Socket): void } {
  const byRemote = new Map<string, number>();
  let all = 0;
  return {
    enter(wire) {
      const remote = wire.remoteAddress ?? '';
      const here = byRemote.get(remote) ?? 0;
      const crowded = all >= links_max || (here >= links_per_remote_max && !isLoopback(remote));
      if (crowded) throw new AuroraError(5030, { message: 'Too many connections', retry_after_ms: CROWD_RETRY_MS });
      all += 1;
      byRemote.set(remote, here + 1);
      wire.on('close', () => {
        all -= 1;
        const left = (byRemote.get(remote) ?? 1) - 1;
        if (left > 0) byRemote.set(remote, left);
        else byRemote.delete(remote);
      });
    },
  };
}

const CROWD_RETRY_MS = 5_000;
