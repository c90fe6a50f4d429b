/** The step against attackers on the internet: kept out at the edge, after a look at who shares their addresses. */
import type { Recommendation } from '../../protocol/index.ts';
import { neutralize } from '../evidence/index.ts';
import { deliveryNetworkOf } from './delivery-networks.ts';

/**
 * One step with the first `BLOCKED_MAX` of the addresses, and no step without any; `why` is said of those they belong to. What a
 * delivery network answers or asks with is not blocked: behind it is whoever is meant, beside everybody else.
 */
export function blockAtEdge(addresses: readonly string[], why: string): Recommendation[] {
  const shared = addresses.filter((address) => deliveryNetworkOf(address) !== undefined);
  const own = addresses.filter((address) => deliveryNetworkOf(address) === undefined);
  const bound = own.length > BLOCKED_MAX ? `; the gravest ${BLOCKED_MAX} of ${own.length} are named` : '';
  return [
    ...(own.length === 0
      ? []
      : [
          {
            action: 'Block the attacking addresses at the edge',
            action_class: 'medium' as const,
            target: shownOf(own),
            reason: `${why}; check for shared addresses first${bound}`,
          },
        ]),
    ...(shared.length === 0
      ? []
      : [
          {
            action: 'Find the clients behind the addresses of a delivery network, and block those there',
            action_class: 'read' as const,
            target: shownOf(shared),
            reason: `${why} through ${[...new Set(shared.map(deliveryNetworkOf))].join(', ')}: a block would shut out everybody behind it; the header that it sets names the client`,
          },
        ]),
  ];
}

const shownOf = (addresses: readonly string[]): string =>
  addresses
    .slice(0, BLOCKED_MAX)
    .map((address) => neutralize(address))
    .join(', ');

/** Addresses that one step names. */
const BLOCKED_MAX = 20;
