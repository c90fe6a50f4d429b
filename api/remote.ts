/** Who is at the other end: the address of the socket, or what a configured proxy says of it (ATK-I1). */
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';

/** The caller's address; of IPv6 the /64, which one household has whole. `proxies` are CIDR blocks whose word counts. */
export function remoteOf(request: Pick<IncomingMessage, 'headers' | 'socket'>, proxies: readonly string[]): string {
  const socket = request.socket.remoteAddress ?? '';
  if (!isIn(socket, proxies)) return nameOf(socket);
  const said = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const hops = said.map((hop) => hop.trim()).filter((hop) => hop !== '');
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

function nameOf(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
}
