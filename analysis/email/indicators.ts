/** The indicators of a mail that is after something: what its signs rest on, then where else it sends its reader. */
import { isIP } from 'node:net';
import type { Ioc } from '../../protocol/index.ts';
import { type Brand, FREE_HOSTING, isAmong, ownerOf, REDIRECTORS, SHORTENERS } from '../brands/index.ts';
import type { ParsedMail } from './facts.ts';
import type { Sign } from './signals.ts';

/**
 * At most 100, the ones that signs rest on first. The links of a flagged mail are indicators without a sign of their own,
 * except those to a brand it borrows: blocking these would hurt the brand's customers.
 */
export function indicatorsOf(mail: ParsedMail, signs: readonly Sign[], brands: readonly Brand[]): Ioc[] {
  const rests = (prefix: string) => signs.some((sign) => sign.id.startsWith(prefix));
  const sender = mail.from.findLast((mailbox) => mailbox.domain !== '');
  const reply = mail.reply_to.find((mailbox) => mailbox.domain !== '');
  const found: Ioc[] = [
    ...(rests('sender_') && sender ? [emailOf(sender.address)] : []),
    ...(rests('reply_') && reply ? [emailOf(reply.address)] : []),
    ...signs.flatMap(({ sha256 }): Ioc[] => (sha256 === undefined ? [] : [{ type: 'sha256', value: sha256 }])),
    ...signs.flatMap(({ host, text }) => (host === undefined ? [] : placesOf(text, host))),
    ...mail.links.filter(({ host }) => !isBorrowed(host, brands)).flatMap(({ url, host }) => placesOf(url, host)),
  ];
  const distinct = new Map(found.map((ioc) => [`${ioc.type} ${ioc.value}`, ioc]));
  return [...distinct.values()].slice(0, IOCS_MAX);
}

/** The address and its host, unless the host is a big one that merely carries what others put there. */
function placesOf(url: string, host: string): Ioc[] {
  const place: Ioc = { type: 'url', value: url.slice(0, URL_CHARS_MAX) };
  const isShared = [SHORTENERS, REDIRECTORS].some((set) => isAmong(host, set)) || FREE_HOSTING.has(host);
  if (isShared || host === '') return [place];
  const type = isIP(host.replace(/^\[|\]$/g, '')) > 0 ? 'ip' : 'domain';
  return [place, { type, value: host.slice(0, DOMAIN_CHARS_MAX) }];
}

const emailOf = (address: string): Ioc => ({ type: 'email', value: address.slice(0, ADDRESS_CHARS_MAX) });
const isBorrowed = (host: string, brands: readonly Brand[]) =>
  ownerOf(host, brands) !== undefined && ![FREE_HOSTING, REDIRECTORS].some((set) => isAmong(host, set));

const IOCS_MAX = 100;
const URL_CHARS_MAX = 4_096;
const ADDRESS_CHARS_MAX = 320;
const DOMAIN_CHARS_MAX = 253;
