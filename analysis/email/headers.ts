/** The header block: addresses as mail programs read them, and what the receiving server reported. */
import { decodeWords } from 'postal-mime';
import type { NotChecked } from '../../protocol/index.ts';
import { bothEnds, endsOf, isCut } from '../readers/index.ts';
import type { MailHeader, Mailbox, ReportedAuthentication } from './facts.ts';
import { statedResults } from './stated-results.ts';

/** Headers with encoded words decoded, at most `HEADERS_MAX` of them; of a value that is too long both ends. */
export const decodeHeaders = (raw: readonly { key: string; value: string }[]): MailHeader[] =>
  raw
    .slice(0, HEADERS_MAX)
    .map(({ key, value }) => ({ name: key, value: decodeWords(bothEnds(value, VALUE_CHARS_MAX)) }));

/** What of a header block is left out by these bounds. */
export function headersLeft(raw: readonly { key: string; value: string }[]): NotChecked[] {
  const long = raw.filter(({ value }) => isCut(value, VALUE_CHARS_MAX)).length;
  const crowded = raw.filter(
    ({ key, value }) => ADDRESSES.has(key) && splitAddresses(bothEnds(value, VALUE_CHARS_MAX)).length > MAILBOXES_MAX,
  );
  return [
    ...(raw.length > HEADERS_MAX
      ? [{ what: `${raw.length - HEADERS_MAX} headers`, why: `${HEADERS_MAX} headers of a mail are read` }]
      : []),
    ...(long > 0
      ? [
          {
            what: `the middle of ${long} headers`,
            why: `only the first and the last ${VALUE_CHARS_MAX} characters are read`,
          },
        ]
      : []),
    ...crowded.map(({ key }) => ({ what: `addresses of the header ${key}`, why: `${MAILBOXES_MAX} of them are read` })),
  ];
}

/** The first value of a header, or undefined. `name` is lower case. */
export const headerOf = (headers: readonly MailHeader[], name: string): string | undefined =>
  headers.find((header) => header.name === name)?.value;

/**
 * Splits an address header at its commas (RFC 5322 3.4) and reads each piece. Lenient on purpose: what attackers send is
 * rarely well formed, and each odd piece comes back as a mailbox without a domain.
 */
export function parseMailboxes(value: string | undefined): Mailbox[] {
  if (!value) return [];
  return endsOf(splitAddresses(value), MAILBOXES_MAX).taken.map(parseMailbox);
}

/** The domain when the header names exactly one mailbox: several, or none, is a header that programs read differently. */
export function soleDomain(mailboxes: readonly Mailbox[]): string | null {
  const [only, ...others] = mailboxes;
  return only?.strict && others.length === 0 ? only.domain : null;
}

/** What the topmost Authentication-Results header states (RFC 8601): the last server's word, earlier ones are hearsay. */
export function reportedAuthentication(headers: readonly MailHeader[]): ReportedAuthentication {
  const stated = headerOf(headers, 'authentication-results') ?? '';
  const results = statedResults(stated);
  const written = (method: string) => new RegExp(`\\b${method}=(\\w+)`, 'i').exec(stated)?.[1]?.toLowerCase() ?? null;
  const result = (method: string) => results.find((each) => each.method === method)?.result ?? written(method);
  return {
    source: 'header Authentication-Results',
    spf: result('spf'),
    dkim: result('dkim'),
    dmarc: result('dmarc'),
  };
}

function splitAddresses(value: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  let closer = '';
  for (const char of value) {
    if (closer === '' && (char === ',' || char === ';')) {
      pieces.push(piece);
      piece = '';
      continue;
    }
    if (char === closer) closer = '';
    else if (closer === '') closer = CLOSERS[char] ?? '';
    piece += char;
  }
  pieces.push(piece);
  return pieces.map((text) => text.trim()).filter((text) => text !== '');
}

function parseMailbox(piece: string): Mailbox {
  const angle = /^(.*?)<([^<>]*)>?/su.exec(piece);
  const bare = piece.replace(/\([^()]*\)/g, ' ').trim();
  const address = (angle ? (angle[2] ?? '') : bare).trim();
  const comment = /\(([^()]*)\)/.exec(piece)?.[1] ?? '';
  const name = angle ? (angle[1] ?? '') : bare === address && comment ? comment : '';
  const at = address.lastIndexOf('@');
  const unquoted = name.replace(/"(?:[^"\\]|\\.)*"/g, '');
  return {
    strict: /^[^@]+@[^@]+$/.test(address.replace(/^"(?:[^"\\]|\\.)*"/, 'quoted')) && !unquoted.includes('@'),
    name: name.replace(/["\\]/g, '').replace(/\s+/g, ' ').trim(),
    address,
    domain:
      at < 0
        ? ''
        : address
            .slice(at + 1)
            .replace(/["'\s]/g, '')
            .replace(/\.$/, '')
            .toLowerCase(),
  };
}

const CLOSERS: Record<string, string> = { '"': '"', '<': '>', '(': ')' };
const ADDRESSES = new Set(['from', 'reply-to', 'to', 'cc']);
const HEADERS_MAX = 20_000;
const VALUE_CHARS_MAX = 16_384;
const MAILBOXES_MAX = 1_000;
