/** What must never be proposed for blocking, whoever names it hostile: blocking it would hurt the own side and no intruder. */
import ipaddr from 'ipaddr.js';
import { ownerOf, registeredDomain, STARTER_BRANDS } from '../brands/index.ts';
import type { Indicator } from './indicator.ts';
import { isAddress } from './mentions.ts';
import { isPublisher } from './publishers.ts';
import type { WarningLists } from './warninglists.ts';

/** Why, in words that end a sentence; undefined for what may be blocked. */
export function whySpared(indicator: Indicator, warnings: WarningLists | undefined): string | undefined {
  const { type, value } = indicator;
  const host = type === 'cidr' ? (value.split('/', 1)[0] ?? '') : (indicator.host ?? '');
  if (isAddress(host)) {
    const range = ipaddr.process(host).range();
    if (range !== 'unicast') return `in a special-purpose range (${range}): nobody on the internet has it`;
    return isPublicResolver(ipaddr.process(host).toString()) ? PUBLIC_RESOLVER : undefined;
  }
  if (RESOLVER_NAMES.has(host)) return PUBLIC_RESOLVER;
  const is_site = type === 'domain' || (type === 'url' && isRoot(value));
  return is_site && isWellKnown(indicator, host, warnings)
    ? 'the whole of a well-known site: the page or file that was meant is not named'
    : undefined;
}

function isWellKnown(indicator: Indicator, host: string, warnings: WarningLists | undefined): boolean {
  const listings = warnings?.lookup({ ...indicator, type: 'domain', value: host }) ?? [];
  if (listings.some(({ kind }) => kind === 'harmless')) return true;
  // Below the name of a platform anybody may have a name of their own.
  const name = host.replace(/^www\./, '');
  if (name !== registeredDomain(name)) return false;
  return listings.some(({ kind }) => kind === 'shared') || isPublisher(name) || Boolean(ownerOf(name, STARTER_BRANDS));
}

/** Whether an address is a resolver that its operator offers to everybody. */
export const isPublicResolver = (address: string): boolean => RESOLVERS.has(address);

const isRoot = (href: string): boolean => {
  const { pathname, search } = new URL(href);
  return pathname === '/' && search === '';
};

const PUBLIC_RESOLVER = 'a public resolver that everybody asks';
const addresses = (text: string): string[] =>
  text
    .trim()
    .split(/\s+/)
    .map((address) => ipaddr.process(address).toString());
/** As their operators publish them: Google, Cloudflare, Quad9, OpenDNS, AdGuard, Level 3, Verisign, Yandex, AliDNS, DNSPod, 114DNS, Hurricane Electric. */
const RESOLVERS: ReadonlySet<string> = new Set(
  addresses(`
  8.8.8.8 8.8.4.4 2001:4860:4860::8888 2001:4860:4860::8844
  1.1.1.1 1.0.0.1 1.1.1.2 1.0.0.2 1.1.1.3 1.0.0.3 2606:4700:4700::1111 2606:4700:4700::1001 2606:4700:4700::1112
  2606:4700:4700::1002 2606:4700:4700::1113 2606:4700:4700::1003
  9.9.9.9 149.112.112.112 9.9.9.10 149.112.112.10 9.9.9.11 149.112.112.11 2620:fe::fe 2620:fe::9 2620:fe::10 2620:fe::11
  208.67.222.222 208.67.220.220 208.67.222.123 208.67.220.123 2620:119:35::35 2620:119:53::53
  94.140.14.14 94.140.15.15 4.2.2.1 4.2.2.2 4.2.2.3 4.2.2.4 4.2.2.5 4.2.2.6 64.6.64.6 64.6.65.6
  77.88.8.8 77.88.8.1 223.5.5.5 223.6.6.6 119.29.29.29 114.114.114.114 114.114.115.115 74.82.42.42`),
);
const RESOLVER_NAMES: ReadonlySet<string> = new Set(
  'dns.google cloudflare-dns.com one.one.one.one dns.quad9.net dns.opendns.com dns.adguard-dns.com'.split(' '),
);
