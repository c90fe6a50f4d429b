/** Whether a mention is meant as hostile, and why: a report also names its sources, its victims and its files. */
import ipaddr from 'ipaddr.js';
import { isPublisher } from './publishers.ts';
import { hostOfUrl, type Mention } from './mentions.ts';
import type { Surroundings } from './surroundings.ts';

/** What a mention is in its text. */
export type Kind = 'indicator' | 'reference' | 'victim' | 'file_name' | 'network';

/** The kind of one mention. Call it by rising offset: `around` walks the headings along. */
export function judge(mention: Mention, around: Surroundings): { kind: Kind; why: string } {
  const underVictims = around.isAboutVictims(mention.offset);
  switch (mention.type) {
    case 'file_name':
      return { kind: 'file_name', why: 'the name ends like a file' };
    case 'cidr':
      return { kind: 'network', why: 'a network, not one address' };
    case 'attack_technique':
      return { kind: 'reference', why: 'a technique of ATT&CK' };
    case 'ipv4':
    case 'ipv6':
      return judgeAddress(mention, underVictims);
    case 'url':
    case 'domain':
    case 'email':
      return mention.defanged
        ? { kind: 'indicator', why: 'defanged by its author' }
        : judgeHost(mention, around, underVictims);
    case 'md5':
    case 'sha1':
    case 'sha256':
    case 'sha512':
    case 'cve':
    case 'file_path':
    case 'registry_key':
      return { kind: 'indicator', why: 'stands in the text as such' };
  }
}

function judgeAddress({ value, host_of }: Mention, underVictims: boolean): { kind: Kind; why: string } {
  const range = ipaddr.process(value).range();
  if (INTERNAL_RANGES.has(range))
    return { kind: 'network', why: `an address of the ${range} range, nobody's on the internet` };
  if (underVictims) return { kind: 'victim', why: 'listed under a heading about those attacked' };
  return {
    kind: 'indicator',
    why: host_of ? 'a URL names this address instead of a host' : 'an address that is no network',
  };
}

function judgeHost(mention: Mention, around: Surroundings, underVictims: boolean): { kind: Kind; why: string } {
  const { type, value } = mention;
  const host = type === 'domain' ? value : type === 'email' ? value.slice(value.lastIndexOf('@') + 1) : '';
  if (underVictims) return { kind: 'victim', why: 'listed under a heading about those attacked' };
  if (type === 'url' || mention.host_of !== undefined) {
    if (around.report) return { kind: 'reference', why: 'an ordinary link in a text about indicators' };
    return isPublisher(hostOfUrl(mention.host_of ?? value) ?? '')
      ? { kind: 'reference', why: 'a link to a publisher' }
      : { kind: 'indicator', why: 'a link outside a report' };
  }
  if (around.link_hosts.has(host)) return { kind: 'reference', why: 'the host of an ordinary link of this text' };
  if (isPublisher(host)) return { kind: 'reference', why: 'a publisher' };
  if (around.defangs) return { kind: 'reference', why: 'not defanged, though its author defangs what is hostile' };
  return { kind: 'indicator', why: 'named outside of any link' };
}

/** Ranges (RFC 6890) that are nobody's on the internet. Documentation ranges stay readable: examples are written with them. */
const INTERNAL_RANGES = new Set([
  'private',
  'uniqueLocal',
  'loopback',
  'linkLocal',
  'unspecified',
  'broadcast',
  'multicast',
  'carrierGradeNat',
]);
