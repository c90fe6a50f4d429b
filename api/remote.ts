/** Who is at the other end: the address of the socket, or what a configured proxy says of it (ATK-I1). */
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { networkOf } from '../mesh/index.ts';

/** The caller's address; of IPv6 the /64, which one household has whole. `proxies` are CIDR blocks whose word counts. */
export function remoteOf(request: Pick<IncomingMessage, 'headers' | 'socket'>, proxies: readonly string[]): string {
  const socket = request.socket.remoteAddress ?? '';
  if (!isIn(socket, proxies)) return nameOf(socket);
  const said = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const hops = said.map((hop) => withoutPort(hop.trim())).filter((hop) => hop !== '');
  // From the right: what stands further left was written by whoever is left of it.
  return nameOf(hops.reverse().find((hop) => !isIn(hop, proxies)) ?? socket);
}

function isIn(address: string, blocks: readonly string[]): boolean {
  if (blocks.length === 0 || !ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return blocks.some((block) => {
    const [range, bits] = ipaddr.parseCIDR(block);
    return parsed.kind() === range.kind() && parsed.match(range, bits);
  });
}

const nameOf = (address: string): string => (ipaddr.isValid(address) ? networkOf(address) : 'unknown');

/** Some proxies write the port as well: `203.0.113.9:4711`, `[2001:db8::1]:443`. */
function withoutPort(hop: string): string {
  const [, v4, v6] = /^(?:([\d.]+):\d{1,5}|\[([\da-f:.]+)\](?::\d{1,5})?)$/i.exec(hop) ?? [];
  return v4 ?? v6 ?? hop;
}
