/** An indicator as a peer claims it, read as what it is: its type settled, its value refanged and in one spelling. */
import ipaddr from 'ipaddr.js';
import type { Ioc } from '../../protocol/index.ts';
import { hostOfEmail, hostOfUrl, isAddress } from './mentions.ts';
import { isResolvable } from './names.ts';
import { refang } from './refang.ts';

/** The types that are judged. */
export type IndicatorType = 'ip' | 'domain' | 'url' | 'email' | 'hash' | 'cve' | 'cidr' | 'file';

/** One indicator with what can be said about it by its form. */
export interface Indicator {
  /** Its place among the given ones. */
  index: number;
  type: IndicatorType;
  /** The one spelling that equal indicators share. */
  value: string;
  /** The host inside, for `domain`, `url` and `email`; the address itself for `ip`. */
  host?: string;
  given: Ioc;
}

/** Why a given indicator was not judged. `unknown_type` is nobody's fault; the others contradict their own type. */
export interface Unreadable {
  index: number;
  given: Ioc;
  reason: 'unknown_type' | 'not_of_its_type';
}

/** Reads one indicator; never throws. */
export function parseIndicator(given: Ioc, index = 0): Indicator | Unreadable {
  const type = TYPES.get(given.type.toLowerCase().trim());
  if (!type) return { index, given, reason: 'unknown_type' };
  const read = READERS[type](refang(given.value.trim()));
  const digits = HASH_DIGITS.get(given.type.toLowerCase().replace('-', '').trim());
  if (digits !== undefined && read?.value.length !== digits) return { index, given, reason: 'not_of_its_type' };
  return read ? { index, type, given, ...read } : { index, given, reason: 'not_of_its_type' };
}

type Reader = (value: string) => { value: string; host?: string } | undefined;

const READERS: Record<IndicatorType, Reader> = {
  ip: (value) => {
    const address = value.replace(/^\[(.*)\]$/, '$1');
    if (!ipaddr.IPv4.isValidFourPartDecimal(address) && !ipaddr.IPv6.isValid(address)) return undefined;
    const host = ipaddr.process(address).toString();
    return { value: host, host };
  },
  domain: (value) => {
    const host = toAsciiHost(value.replace(/^\*?\.|\.$/g, ''));
    return host ? { value: host, host } : undefined;
  },
  url: (value) => {
    const whole = /^[a-z][a-z0-9+.-]{1,20}:\/\//i.test(value) ? value : `http://${value}`;
    const url = toUrl(whole.replace(/^h[^t]{2}p/i, 'http'));
    const host = url && hostOfUrl(url.href);
    return url && host && (isAddress(host) || isResolvable(host)) ? { value: url.href, host } : undefined;
  },
  email: (value) => {
    const host = toAsciiHost(hostOfEmail(value));
    const local = value.slice(0, value.lastIndexOf('@'));
    return host && /^[^\s@]{1,64}$/.test(local) ? { value: `${local}@${host}`.toLowerCase(), host } : undefined;
  },
  hash: (value) => {
    const digest = value.replace(/^(?:md5|sha-?(?:1|256|512)):/i, '').toLowerCase();
    return /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/.test(digest) ? { value: digest } : undefined;
  },
  cve: (value) => (/^CVE-\d{4}-\d{4,7}$/i.test(value) ? { value: value.toUpperCase() } : undefined),
  cidr: (value) => (ipaddr.isValidCIDR(value) ? { value: value.toLowerCase() } : undefined),
  file: (value) => ({ value }),
};

const toUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

function toAsciiHost(name: string): string | undefined {
  const host = toUrl(`http://${name}/`)?.hostname;
  return host && /^[^\s/?#@:]+$/.test(name) && isResolvable(host) ? host : undefined;
}

/** What peers call them: ours, MISP's and STIX's names. */
const TYPES = new Map<string, IndicatorType>(
  (
    [
      ['ip', 'ip ipv4 ipv6 ip-src ip-dst ipv4-addr ipv6-addr ip_address address'],
      ['domain', 'domain hostname host fqdn domain-name'],
      ['url', 'url uri link'],
      ['email', 'email email-addr email-src email-dst mail'],
      ['hash', 'hash md5 sha1 sha256 sha512 sha-1 sha-256 sha-512 file_hash filehash'],
      ['cve', 'cve vulnerability'],
      ['cidr', 'cidr network subnet'],
      ['file', 'file filename file_name file_path filepath path'],
    ] as const
  ).flatMap(([type, names]) => names.split(' ').map((name) => [name, type] as const)),
);

/** Hexadecimal digits of the digests whose type names their length. */
const HASH_DIGITS = new Map([
  ['md5', 32],
  ['sha1', 40],
  ['sha256', 64],
  ['sha512', 128],
]);
