/** Everything a mail carries beside its text: opened where a reader is there, and else named as not opened. */
import type { Attachment, Email } from 'postal-mime';
import type { NotChecked } from '../../protocol/index.ts';
import { neutralize } from '../evidence/index.ts';
import type { ParsedMail } from './facts.ts';
import { holdingOf } from './holding.ts';
import { openPart, TEXT_BYTES_MAX, type Opened, type Part } from './opened.ts';

/** What became of the parts of one mail. */
export interface Carried {
  opened: Opened[];
  messages: { locator: string; mail: ParsedMail }[];
  unopened: NotChecked[];
}

type Reading = { ok: true; mail: ParsedMail } | { ok: false; reason: string };
type ReadMail = (bytes: Uint8Array, options: { name?: string; depth?: number }) => Promise<Reading>;

/** Opens the parts in their order, at most `OPENED_MAX` of them; attached mails with `read`, at most `DEPTH_MAX` deep. */
export async function carriedIn(email: Email, read: ReadMail, depth: number): Promise<Carried> {
  const carried: Carried = { opened: [], messages: [], unopened: [] };
  let tried = 0;
  for (const part of partsOf(email)) {
    tried += 1;
    const gap =
      tried > OPENED_MAX ? `${OPENED_MAX} parts of a mail are opened` : await open(part, carried, read, depth);
    if (gap !== undefined) carried.unopened.push(gapOf(part, gap));
  }
  const left = carried.unopened.splice(GAPS_MAX);
  if (left.length > 0)
    carried.unopened.push({ what: `content of ${left.length} more attachments`, why: left[0]?.why ?? '' });
  return carried;
}

/** Opens one part into `carried`; answers why not, if not. */
async function open(part: Part, carried: Carried, read: ReadMail, depth: number): Promise<string | undefined> {
  if (/^message\/(?:rfc822|global)$/.test(part.content_type) || /\.eml\s*$/i.test(part.filename)) {
    if (depth >= DEPTH_MAX) return `mails attached to one another deeper than ${DEPTH_MAX} are not opened`;
    const reading = await read(part.content, { name: part.locator, depth: depth + 1 });
    if (!reading.ok) return reading.reason;
    carried.messages.push({ locator: part.locator, mail: reading.mail });
    return undefined;
  }
  const opened = openPart(part);
  carried.opened.push(...(opened ?? []));
  if (opened) return part.content.length > TEXT_BYTES_MAX ? `its first ${TEXT_BYTES_MAX} bytes are read` : undefined;
  return isSignature(part) ? undefined : 'it is not opened here; give it to a specialist for files';
}

/** Attached parts are numbered as the facts list them; what stands unnamed in the text is counted by itself. */
function partsOf(email: Email): Part[] {
  const toPart = (word: string) => (part: Attachment, index: number) => ({
    locator: `${word} ${index + 1}`,
    filename: part.filename ?? '',
    content_type: part.mimeType.toLowerCase(),
    content: contentOf(part),
  });
  return [
    ...email.attachments.filter(isAttached).map(toPart('attachment')),
    ...email.attachments.filter((part) => !isAttached(part)).map(toPart('part')),
  ];
}

const gapOf = ({ locator, filename, content_type }: Part, why: string): NotChecked => ({
  what: `content of ${locator}`,
  why: neutralize(`${filename ? `${filename} ` : ''}(${content_type}): ${why}`, GAP_CHARS_MAX),
});

/** A signature of the mail is nothing a reader opens. */
const isSignature = ({ content_type, content }: Part) =>
  /^application\/(?:pgp-signature|(?:x-)?pkcs7-signature)$/.test(content_type) &&
  content.length <= SIGNATURE_BYTES_MAX &&
  holdingOf(content) === undefined;

/** Named or declared attached; an unnamed inline part is body furniture. */
export const isAttached = (part: Attachment): boolean => part.filename !== null || part.disposition === 'attachment';

/** The decoded bytes. */
export const contentOf = (part: Attachment): Uint8Array =>
  typeof part.content === 'string' ? Buffer.from(part.content) : new Uint8Array(part.content);

/** Parts of one mail. */
const OPENED_MAX = 100;
const DEPTH_MAX = 4;
const GAPS_MAX = 20;
const GAP_CHARS_MAX = 300;
const SIGNATURE_BYTES_MAX = 65_536;
