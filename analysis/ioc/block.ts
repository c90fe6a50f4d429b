/** The step against attackers on the internet: kept out at the edge, after a look at who shares their addresses. */
import type { Recommendation } from '../../protocol/index.ts';
import { neutralize } from '../evidence/index.ts';

/** One step with the first `BLOCKED_MAX` of the addresses, and no step without any; `why` is said of those they belong to. */
export function blockAtEdge(addresses: readonly string[], why: string): Recommendation[] {
  if (addresses.length === 0) return [];
  const bound = addresses.length > BLOCKED_MAX ? `; the gravest ${BLOCKED_MAX} of ${addresses.length} are named` : '';
  return [
    {
      action: 'Block the attacking addresses at the edge',
      action_class: 'medium',
      target: addresses
        .slice(0, BLOCKED_MAX)
        .map((address) => neutralize(address))
        .join(', '),
      reason: `${why}; check for shared addresses first${bound}`,
    },
  ];
}

/** Addresses that one step names. */
const BLOCKED_MAX = 20;
