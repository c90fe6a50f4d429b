/** A mail in the reader's own domain that the receiving server says nobody there sent: colleagues have no need to forge it. */
import { FREEMAIL, isAmong, registeredDomain } from '../brands/index.ts';
import type { ParsedMail } from './facts.ts';
import { headerOf, parseMailboxes } from './headers.ts';
import type { Sign } from './signals.ts';
import { statedResults, type StatedResult } from './stated-results.ts';

/**
 * The sign, stronger where the domain asks to refuse such mail, or where there is little in it but a picture or a file. What a stranger
 * can have as well, a pass of another domain, a list or a chain of servers, is never taken for a proof.
 */
export function ownDomainSigns(mail: ParsedMail): Sign[] {
  const own = ownDomainOf(mail);
  const stated = headerOf(mail.headers, 'authentication-results') ?? '';
  const results = statedResults(stated);
  if (own === undefined || !isCalledForged(results, stated) || results.some((each) => isAligned(each, own))) return [];
  const where = { locator: 'header Authentication-Results', text: stated };
  const is_denied = DENIES.test(stated);
  const is_chained = results.some(({ method, result }) => method === 'arc' && result === 'pass');
  if (is_chained || (!is_denied && isPassedOn(mail))) return [{ id: 'own_domain', ...where, detail: own }];
  if (is_denied) return [{ id: 'own_domain_denied', ...where, detail: own }];
  const bait = baitOf(mail);
  return [
    bait
      ? { id: 'own_domain_bait', ...where, detail: `${own}, with ${bait}` }
      : { id: 'own_domain', ...where, detail: own },
  ];
}

/** No part says that DMARC passed; one that says it failed may stand behind a quote that somebody left open. */
function isCalledForged(results: readonly StatedResult[], stated: string): boolean {
  const dmarc = results.find(({ method }) => method === 'dmarc')?.result;
  return dmarc === 'fail' || (dmarc !== 'pass' && /\bdmarc=fail\b/i.test(stated));
}

/** A pass of the organization's own domain, or of one below it. */
function isAligned({ method, result, properties }: StatedResult, own: string): boolean {
  const names = result === 'pass' ? (PROOFS.get(method) ?? []) : [];
  const value = names.map((name) => properties.get(name)).find((written) => written !== undefined) ?? '';
  return value !== '' && registeredDomain(value.slice(value.lastIndexOf('@') + 1).toLowerCase()) === own;
}

/** The domain of the sender where a reader has it too; free mailboxes are of nobody's. */
function ownDomainOf(mail: ParsedMail): string | undefined {
  const domain = mail.facts.from_domain;
  if (domain === null || isAmong(domain, FREEMAIL)) return undefined;
  const own = registeredDomain(domain);
  const delivered = parseMailboxes(headerOf(mail.headers, 'delivered-to'))[0]?.domain ?? '';
  const readers = [...mail.recipients.map((reader) => reader.domain), delivered];
  return readers.some((reader) => reader !== '' && registeredDomain(reader) === own) ? own : undefined;
}

/** A list or somebody who forwards changes a mail on its way, and its check fails without a forger: or a forger says so. */
const isPassedOn = ({ headers }: ParsedMail): boolean =>
  headers.some(({ name }) => PASSED_ON.has(name) || name.startsWith('resent-'));

/** What there is to open in a mail that says next to nothing itself. */
function baitOf({ body, attachments }: ParsedMail): string | undefined {
  if (body.reduce((sum, line) => sum + line.trim().length, 0) >= TEXT_CHARS_MAX) return undefined;
  const files = attachments.filter(({ content_type }) => !SIGNATURE.test(content_type));
  const is_picture = files.every(({ content_type }) => content_type.startsWith('image/'));
  return files.length === 0 ? undefined : `little beside ${is_picture ? 'a picture' : 'a file'}`;
}

/** What the domain asks for or what the server did: refuse it, or put it aside. */
const DENIES = /\b(?:p|sp|dis|action|policy)=(?:reject|quarantine|oreject)\b/i;
/** Where a result names whose it is. */
const PROOFS: ReadonlyMap<string, readonly string[]> = new Map([
  ['spf', ['smtp.mailfrom']],
  ['dkim', ['header.d', 'header.i']],
]);
const PASSED_ON: ReadonlySet<string> = new Set([
  'list-id',
  'list-post',
  'mailing-list',
  'x-forwarded-to',
  'x-forwarded-for',
  'x-ms-exchange-inbox-rules-loop',
]);
const SIGNATURE = /^(?:application\/(?:pgp-signature|(?:x-)?pkcs7-signature)|text\/calendar)$/;
const TEXT_CHARS_MAX = 250;
