/** What a mail carries beside its text, opened with the readers of the text: pages, drawings, calendars, plain text. */
import type { MailLink } from './facts.ts';
import { readHtml, type HtmlReading } from './html.ts';
import { holdingOf } from './holding.ts';
import { hostOf, urlsIn } from './urls.ts';

/** One part of a mail as it came. */
export interface Part {
  /** Where it stands: `attachment 2`, `part 1`. */
  locator: string;
  filename: string;
  content_type: string;
  content: Uint8Array;
}

/** One part, read. */
export interface Opened {
  locator: string;
  kind: 'page' | 'calendar' | 'text';
  links: MailLink[];
  /** What its reader sees. */
  lines: string[];
  password_inputs: number;
  /** What it runs when a reader opens it. */
  script: string;
}

/** Reads a part that is a page, a drawing, a calendar or plain text; `undefined` for what another trade opens. */
export function openPart(part: Part): Opened[] | undefined {
  const kind = kindOf(part);
  if (!kind) return undefined;
  const text = textOf(part.content);
  if (kind === 'page') return openPage(text, part.locator);
  const lines = kind === 'calendar' ? calendarLines(text) : text.split(/\r?\n/);
  const links = lines.flatMap((line, index) => writtenLinks(line, `${part.locator}, line ${index + 1}`));
  return [{ locator: part.locator, kind, links: links.slice(0, LINKS_MAX), lines, password_inputs: 0, script: '' }];
}

/** The pages that links of the mail's own HTML carry inside themselves (`data:` addresses). */
export const openCarried = (html: HtmlReading | undefined): Opened[] =>
  (html?.carried ?? []).flatMap(({ html: page, locator }) => openPage(page, locator));

function openPage(html: string, locator: string, depth = 0): Opened[] {
  const read = readHtml(html);
  const links = read.links.map((link) => ({
    ...link,
    host: hostOf(link.url),
    locator: `${locator}, ${link.locator}`,
    attached: true,
  }));
  const jumps = [...read.jumps, ...urlsIn(read.script)].flatMap((url) => writtenLinks(url, `${locator}, script`));
  const page: Opened = {
    locator,
    kind: 'page',
    links: [...links, ...jumps].slice(0, LINKS_MAX),
    lines: read.visible,
    password_inputs: read.password_inputs,
    script: read.script,
  };
  if (depth >= CARRIED_DEPTH_MAX) return [page];
  const inner = read.carried.flatMap((one) => openPage(one.html, `${locator}, ${one.locator}`, depth + 1));
  return [page, ...inner];
}

function kindOf({ filename, content_type, content }: Part): Opened['kind'] | undefined {
  const extension = /\.([a-z0-9]{1,8})\s*$/i.exec(filename)?.[1]?.toLowerCase() ?? '';
  const holding = holdingOf(content);
  if (holding !== undefined && holding !== 'page') return undefined;
  if (/^(?:text\/html|application\/xhtml|image\/svg)/.test(content_type)) return 'page';
  if (holding === 'page' || /^(?:html?|xhtml|shtml|svg)$/.test(extension)) return 'page';
  if (content_type === 'text/calendar' || extension === 'ics') return 'calendar';
  if (/^(?:text\/(?!rtf)|message\/(?:delivery-status|disposition-notification))/.test(content_type)) return 'text';
  return /^(?:txt|csv|log|md)$/.test(extension) ? 'text' : undefined;
}

/** UTF-8, or UTF-16 where the first bytes say so or every other one is nothing. */
function textOf(content: Uint8Array): string {
  const bytes = content.subarray(0, TEXT_BYTES_MAX);
  const encoding = bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : isWide(bytes) ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

const isWide = (bytes: Uint8Array) =>
  (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] !== 0 && bytes[1] === 0 && bytes[3] === 0);

/** A calendar folds its lines and escapes what is in them (RFC 5545 3.1, 3.3.11). */
const calendarLines = (text: string): string[] =>
  text
    .replace(/\r?\n[ \t]/g, '')
    .split(/\r?\n/)
    .map((line) => line.replace(/\\n/gi, ' ').replace(/\\([,;\\])/g, '$1'));

const writtenLinks = (line: string, locator: string): MailLink[] =>
  urlsIn(line).map((url) => ({ url, host: hostOf(url), text: '', kind: 'text', locator, attached: true }));

/** So many bytes of one part are read; a larger one is told as not read. */
export const TEXT_BYTES_MAX = 2_000_000;
const LINKS_MAX = 500;
const CARRIED_DEPTH_MAX = 2;
