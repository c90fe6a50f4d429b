/** A mail in the reader's own domain that the receiving server says nobody there sent: colleagues have no need to forge it. */
import { FREEMAIL, isAmong, registeredDomain } from '../brands/index.ts';
import type { ParsedMail } from './facts.ts';
import { headerOf, parseMailboxes } from './headers.ts';
import type { Sign } from './signals.ts';

/** The sign, stronger where the domain asks to refuse such mail, or where there is little in it but a picture or a file. */
export function ownDomainSigns(mail: ParsedMail): Sign[] {
  const own = ownDomainOf(mail);
  const stated = headerOf(mail.headers, 'authentication-results') ?? '';
  if (own === undefined || mail.facts.reported_authentication.dmarc !== 'fail' || isPassedOn(mail, stated)) return [];
  const is_denied = DENIES.test(stated);
  // A service that sends for the organization proves itself; a domain that has no policy yet may have forgotten to name it.
  const is_vouched = /\b(?:spf|dkim)=pass\b/i.test(stated);
  if (is_vouched && !is_denied) return [];
  const where = { locator: 'header Authentication-Results', text: stated };
  if (is_denied && !is_vouched) return [{ id: 'own_domain_denied', ...where, detail: own }];
  const bait = baitOf(mail);
  return [
    bait
      ? { id: 'own_domain_bait', ...where, detail: `${own}, with ${bait}` }
      : { id: 'own_domain', ...where, detail: own },
  ];
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

/** A list or somebody who forwards changes a mail on its way, and its check fails without a forger. */
const isPassedOn = ({ headers }: ParsedMail, stated: string): boolean =>
  headers.some(({ name }) => PASSED_ON.has(name) || name.startsWith('resent-')) || /\barc=pass\b/i.test(stated);

/** What there is to open in a mail that says next to nothing itself. */
function baitOf({ body, attachments }: ParsedMail): string | undefined {
  if (body.reduce((sum, line) => sum + line.trim().length, 0) >= TEXT_CHARS_MAX) return undefined;
  const files = attachments.filter(({ content_type }) => !SIGNATURE.test(content_type));
  const is_picture = files.every(({ content_type }) => content_type.startsWith('image/'));
  return files.length === 0 ? undefined : `little beside ${is_picture ? 'a picture' : 'a file'}`;
}

/** What the domain asks for or what the server did: refuse it, or put it aside. */
const DENIES = /\b(?:p|sp|dis|action|policy)=(?:reject|quarantine|oreject)\b/i;
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
