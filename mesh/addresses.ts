/** Names and numbers of hosts: which are this machine's own, and which a request may name. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** True for a host, with or without port, that never leaves this machine. Names other than `localhost` count as elsewhere. */
export function isLoopback(host: string): boolean {
  const name = hostOf(host);
  if (isIP(name) === 0) return name === 'localhost';
  return ipaddr.process(name).range() === 'loopback';
}

/** Whose address it is, as far as bounds go: of IPv6 the /64, which one household has whole (ATK-I1). */
export function networkOf(address: string): string {
  const parsed = ipaddr.isValid(address) ? ipaddr.process(address) : undefined;
  if (parsed?.kind() !== 'ipv6') return parsed?.toString() ?? address;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
}

/** True when a `Host` header names one of the allowed hosts: `name` stands for any port, `name:port` for that one. */
export function isAllowedHost(header: string, allowed: readonly string[]): boolean {
  const asked = header.toLowerCase();
  return allowed.some((host) => host === asked || (!hasPort(host) && host === asked.replace(PORT, '')));
}

/** `host:port` in the form both ends of a link write it: the scheme's own port filled in, IPv6 in brackets. */
export function toHostPort(host: string, secure: boolean, port?: number): string {
  if (isIP(host) === 6) {
    const address = ipaddr.process(host); // ::ffff:127.0.0.1 is 127.0.0.1
    return `${address.kind() === 'ipv6' ? `[${host}]` : address.toString()}:${port ?? defaultPort(secure)}`;
  }
  return hasPort(host) ? host : `${host}:${port ?? defaultPort(secure)}`;
}

/** True for `name:443` and `[2001:db8::7]:443`. */
export const hasPort = (host: string): boolean => isIP(host) !== 6 && PORT.test(host);

/** The host without brackets and port. */
export function hostOf(host: string): string {
  if (isIP(host) !== 0) return host;
  return host
    .replace(PORT, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}

const PORT = /:\d{1,5}$/;
const defaultPort = (secure: boolean) => (secure ? 443 : 80);
