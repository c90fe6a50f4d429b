/** Bytes in, facts out: one mail read with bounds, and bytes that are no mail recognised as such. */
import { createHash } from 'node:crypto';
import PostalMime, { type Attachment, type Email } from 'postal-mime';
import type { NotChecked } from '../../protocol/index.ts';
import { bothEnds, endsOf, isCut } from '../readers/index.ts';
import { carriedIn, contentOf, isAttached, type Carried } from './carried.ts';
import type { MailAttachment, MailLink, ParsedMail } from './facts.ts';
import { decodeHeaders, headerOf, headersLeft, parseMailboxes, reportedAuthentication, soleDomain } from './headers.ts';
import { readHtml, type HtmlReading } from './html.ts';
import { holdingOf } from './holding.ts';
import { openCarried } from './opened.ts';
import { PIECES_MAX, piecesOf } from './pieces.ts';
import { hostOf, urlsIn } from './urls.ts';

/** A mail, or the reason why the bytes are none. */
export type EmailReading = { ok: true; mail: ParsedMail } | { ok: false; reason: string };

/**
 * Reads a mail (RFC 5322, MIME). A mail cut short is read as far as it goes and says so in `unread`; bytes without a
 * header block that names a sender, a recipient or a hop are refused with the reason.
 */
export async function parseEmail(
  bytes: Uint8Array,
  options: { name?: string; depth?: number } = {},
): Promise<EmailReading> {
  const refusal = refusalOf(bytes);
  if (refusal) return { ok: false, reason: refusal };

  let email: Email;
  try {
    email = await PostalMime.parse(bytes, MIME_BOUNDS);
  } catch (reason) {
    return {
      ok: false,
      reason: `the MIME structure exceeds the bounds: ${reason instanceof Error ? reason.message : ''}`,
    };
  }
  const carried = await carriedIn(email, parseEmail, options.depth ?? 0);
  return { ok: true, mail: toParsedMail(bytes, email, options.name ?? 'email', carried) };
}

function toParsedMail(bytes: Uint8Array, email: Email, name: string, carried: Carried): ParsedMail {
  const headers = decodeHeaders(email.headers);
  const html = email.html === undefined ? undefined : readHtml(email.html);
  const from = parseMailboxes(headerOf(headers, 'from'));
  const reply_to = parseMailboxes(headerOf(headers, 'reply-to'));
  const return_path = parseMailboxes(headerOf(headers, 'return-path'));
  const text = bothEnds(email.text ?? '', TEXT_CHARS_MAX, '\n').split(/\r?\n/);
  const links = endsOf(linksOf(html, text), LINKS_MAX);
  const attached = endsOf(email.attachments.filter(isAttached), ATTACHMENTS_MAX);
  const attachments = attached.taken.map(toAttachment);
  const body = html ? html.visible : text;
  const opened = [...openCarried(html), ...carried.opened];
  const beside = endsOf(
    opened.flatMap((part) => part.links),
    LINKS_MAX,
  );
  const subject = headerOf(headers, 'subject');

  return {
    name,
    facts: {
      sha256: sha256(bytes),
      size_bytes: bytes.length,
      from_name: from.at(-1)?.name ?? '',
      from_domain: soleDomain(from),
      reply_to_domain: soleDomain(reply_to),
      return_path_domain: soleDomain(return_path),
      subject: subject === undefined ? null : subject.trim(),
      reported_authentication: reportedAuthentication(headers),
      received_hops: headers.filter((header) => header.name === 'received').length,
      url_hosts: [...new Set(links.taken.map((link) => link.host))].filter((host) => host !== '').sort(),
      urls: new Set(links.taken.map((link) => link.url)).size,
      attachments: attachments.slice(0, ATTACHMENTS_LISTED_MAX),
      html_parts: email.html === undefined ? 0 : Math.max(1, htmlPartsOf(bytes)),
      html_forms: html?.forms ?? 0,
      password_inputs: html?.password_inputs ?? 0,
    },
    headers,
    from,
    reply_to,
    recipients: ['to', 'cc'].flatMap((key) => parseMailboxes(headerOf(headers, key))),
    return_path,
    links: [...links.taken, ...beside.taken],
    attachments,
    holdings: attached.taken.map((part) => holdingOf(contentOf(part))),
    opened,
    messages: carried.messages,
    unopened: carried.unopened,
    body,
    hidden: html?.hidden ?? [],
    images: html?.images ?? 0,
    unread: [
      ...unreadOf(bytes, email, html),
      ...headersLeft(email.headers),
      ...between(attached.left, 'attachments', ATTACHMENTS_MAX),
      ...between(links.left, 'links', LINKS_MAX),
      ...between(beside.left, 'links of attachments', LINKS_MAX),
      ...between(piecesOf(body).left, 'lines of the text', PIECES_MAX),
    ],
  };
}

const between = (left: number, what: string, bound: number): NotChecked[] =>
  left === 0
    ? []
    : [{ what: `${left} ${what} between the first and the last ${bound / 2}`, why: `${bound} ${what} are read` }];

function linksOf(html: HtmlReading | undefined, text: readonly string[]): MailLink[] {
  const linked = (html?.links ?? []).map((link) => ({ ...link, host: hostOf(link.url) }));
  const known = new Set(linked.map((link) => link.url));
  const written = text.flatMap((line, index) =>
    urlsIn(line).map((url): MailLink => ({
      url,
      host: hostOf(url),
      text: '',
      kind: 'text',
      locator: `text line ${index + 1}`,
    })),
  );
  return [...linked, ...written.filter((link) => !known.has(link.url))];
}

function refusalOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'empty input';
  if (bytes.length > MAIL_BYTES_MAX) return `larger than ${MAIL_BYTES_MAX} bytes`;
  const head = latin1(bytes.subarray(0, HEAD_BYTES));
  // A few control characters are an attacker's trick in a header, not a reason to look away.
  const controls = head.slice(0, 1_024).match(/[\x01-\x08\x0e-\x1a]/g)?.length ?? 0;
  if (head.slice(0, 1_024).includes('\0') || controls > CONTROLS_MAX) return 'binary input';
  const block = head.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const names = block.split(/\r?\n/).flatMap((line) => /^([!-9;-~]+)[ \t]*:/.exec(line)?.[1]?.toLowerCase() ?? []);
  return names.some((name) => MAIL_HEADERS.has(name)) ? undefined : 'no mail header block';
}

function unreadOf(bytes: Uint8Array, email: Email, html: HtmlReading | undefined): NotChecked[] {
  const unread: NotChecked[] = [];
  const tail = latin1(bytes);
  const type = email.headers.find((header) => header.key === 'content-type')?.value ?? '';
  const boundary = /^multipart\/.*?boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))/is.exec(type);
  const marker = boundary?.[1] ?? boundary?.[2];
  if (marker && !tail.includes(`--${marker}--`)) {
    unread.push({ what: 'the rest of the mail', why: 'cut short: the closing MIME boundary is missing' });
  }
  if (!/\r?\n\r?\n/.test(tail))
    unread.push({ what: 'the body', why: 'cut short: the input ends within the header block' });
  if (html?.cut) unread.push({ what: 'a part of the HTML', why: html.cut });
  if (isCut(email.text ?? '', TEXT_CHARS_MAX)) {
    const why = `only the first and the last ${TEXT_CHARS_MAX} characters are read`;
    unread.push({ what: 'the middle of the text', why });
  }
  return unread;
}

function toAttachment(part: Attachment): MailAttachment {
  const content = contentOf(part);
  return {
    filename: shortened(part.filename ?? 'unnamed'),
    content_type: part.mimeType.slice(0, 128),
    size: content.length,
    sha256: sha256(content),
  };
}

/** What a name ends with decides what opens it. */
const shortened = (name: string) => bothEnds(name, NAME_CHARS_MAX / 2, '…');

const htmlPartsOf = (bytes: Uint8Array) =>
  [...latin1(bytes).matchAll(/^content-type:[ \t]*(?:\r?\n[ \t]+)?text\/html/gim)].length;
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const MAIL_HEADERS = new Set([
  'from',
  'sender',
  'to',
  'reply-to',
  'return-path',
  'received',
  'delivered-to',
  'message-id',
]);
/** Mails in a mail stay mails: merged into the outer one, their words would be its sender's. */
const MIME_BOUNDS = { maxNestingDepth: 32, maxHeadersSize: 1_048_576, forceRfc822Attachments: true };
/** A mail larger than this is refused, 32 MiB. */
export const MAIL_BYTES_MAX = 33_554_432;
const HEAD_BYTES = 1_048_576;
const CONTROLS_MAX = 20;
const TEXT_CHARS_MAX = 1_000_000;
/** Names and kinds of so many are judged. */
const ATTACHMENTS_MAX = 10_000;
const ATTACHMENTS_LISTED_MAX = 200;
const NAME_CHARS_MAX = 255;
const LINKS_MAX = 4_000;
