/** Tokens read as what they name: hosts of URLs stand beside them, dotted names become domains or files, the rest is dropped. */
import ipaddr from 'ipaddr.js';
import { nameKind } from './names.ts';
import { isDefanged } from './refang.ts';
import type { Token, TokenType } from './tokens.ts';

/** One thing a text names. */
export interface Mention extends Omit<Token, 'type'> {
  type: Exclude<TokenType, 'name'> | 'domain' | 'file_name';
  defanged: boolean;
  /** The URL whose host this is. */
  host_of?: string;
}

/** Every mention among the tokens, in their order. */
export const mentionsOf = (tokens: readonly Token[]): Mention[] => tokens.flatMap(toMentions);

function toMentions(token: Token): Mention[] {
  const defanged = isDefanged(token.raw);
  const { type } = token;
  if (type === 'name') return namedThing(token, defanged);
  if (type === 'email')
    return nameKind(hostOfEmail(token.value), true) === 'domain' ? [{ ...token, type, defanged }] : [];
  if (type !== 'url') return [{ ...token, type, defanged }];

  const url = { ...token, type, defanged };
  const host = hostOfUrl(token.value);
  if (!host) return [];
  const address = isAddress(host) ? (host.includes(':') ? 'ipv6' : 'ipv4') : undefined;
  if (address === undefined && nameKind(host, true) !== 'domain') return [];
  return [url, { ...url, ...placeOfHost(token), type: address ?? 'domain', value: host, host_of: token.value }];
}

/** Where the host stands inside its URL, as written. */
function placeOfHost({ raw, offset }: Token): { raw: string; offset: number } {
  const [lead = ''] = /^[^/]*\/\/[\])}]?(?:[^\s/?#,;[\]]{1,160}@)?/.exec(raw) ?? [];
  const [written = ''] =
    /^(?:\[[0-9a-f:.]+\]|(?:[^[\](){}/?#:]|[[({]\s?(?:\.|dot)\s?[\])}])+)/i.exec(raw.slice(lead.length)) ?? [];
  return { raw: written || raw, offset: offset + lead.length };
}

function namedThing(token: Token, defanged: boolean): Mention[] {
  const kind = nameKind(token.value, defanged);
  if (kind === 'other') return [];
  if (kind === 'file_name') return [{ ...token, type: 'file_name', defanged }];
  // An ordinary name inside a path, a variable or an address is a part of that, not a host.
  if (!defanged && /[\\/%$@.~#&-]/.test(token.before)) return [];
  return [{ ...token, type: 'domain', value: token.value.toLowerCase(), defanged }];
}

/** The host of a refanged URL without port, credentials and brackets. */
export function hostOfUrl(url: string): string | undefined {
  const authority = /^[a-z0-9+.-]+:\/\/([^/?#]*)/i.exec(url)?.[1] ?? '';
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const literal = /^\[([^\]]*)\]/.exec(host)?.[1];
  return (literal ?? host.replace(/:\d*$/, '')).toLowerCase() || undefined;
}

/** The part after the last `@`. */
export const hostOfEmail = (email: string): string => email.slice(email.lastIndexOf('@') + 1);

/** Whether a host is an address. The form is looked at first: asking the parser about each name is ten times slower. */
export const isAddress = (host: string): boolean =>
  host.includes(':') ? ipaddr.IPv6.isValid(host) : /^\d[\d.]*$/.test(host) && ipaddr.IPv4.isValidFourPartDecimal(host);
