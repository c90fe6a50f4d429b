/** The HTML of a mail as its reader would meet it: links, forms, what is visible and what is hidden. */
import { Parser } from 'htmlparser2';
import { bothEnds, isCut } from '../readers/index.ts';
import type { HiddenText, MailLink } from './facts.ts';

/** What an HTML body holds. */
export interface HtmlReading {
  links: MailLink[];
  forms: number;
  password_inputs: number;
  images: number;
  visible: string[];
  hidden: HiddenText[];
  /** Pages that links carry inside themselves (`data:` addresses), and where. */
  carried: { html: string; locator: string }[];
  /** What scripts and event attributes hold: a mail program runs none of it, a browser does. */
  script: string;
  /** Where the page sends on by itself. */
  jumps: string[];
  /** The bound that cut the reading short, if one did. */
  cut?: string;
}

/** Reads one HTML text. Never throws: broken markup is what attackers send. */
export function readHtml(html: string): HtmlReading {
  const reading: HtmlReading = {
    links: [],
    forms: 0,
    password_inputs: 0,
    images: 0,
    visible: [],
    hidden: [],
    carried: [],
    script: '',
    jumps: [],
  };
  const open: { hides: string; silent: boolean; script: boolean; link: MailLink | undefined }[] = [];
  let line = '';
  let elements = 0;

  const endLine = () => {
    const text = line.replace(/\s+/g, ' ').trim();
    if (text !== '') reading.visible.push(text);
    line = '';
  };
  const addLink = (kind: 'link' | 'form', target: string | undefined): MailLink | undefined => {
    const url = target?.trim() ?? '';
    addCarried(reading, url);
    if (!/^https?:\/\//i.test(url)) return undefined;
    if (reading.links.length >= LINKS_MAX) {
      reading.cut = `more than ${LINKS_MAX} links`;
      return undefined;
    }
    const number = reading.links.length + 1;
    const link: MailLink = { url, host: '', text: '', kind, locator: `html ${kind} ${number}` };
    reading.links.push(link);
    return link;
  };

  const parser = new Parser(
    {
      onopentag(tag, attributes) {
        elements += 1;
        if (BLOCKS.has(tag)) endLine();
        if (tag === 'form') reading.forms += 1;
        if (tag === 'input' && attributes['type']?.trim().toLowerCase() === 'password') reading.password_inputs += 1;
        if (tag === 'img') reading.images += 1;
        if (tag === 'img' && attributes['alt']) line += ` ${attributes['alt']} `;
        const link = addLink('link', attributes['href'] ?? attributes['xlink:href']);
        addLink('form', attributes['action']);
        addCarried(reading, FRAMES.has(tag) ? (attributes['src'] ?? attributes['data'] ?? '') : '');
        addActive(reading, tag, attributes);
        // Each element inherits, so that text needs to ask only the innermost.
        const outer = open.at(-1);
        open.push({
          hides: outer?.hides || hidingOf(attributes),
          silent: outer?.silent === true || SILENT.has(tag),
          script: tag === 'script',
          link: link ?? outer?.link,
        });
        if (open.length > DEPTH_MAX) {
          reading.cut = `elements nested deeper than ${DEPTH_MAX}`;
          parser.pause();
        }
      },
      ontext(text) {
        const inner = open.at(-1);
        if (inner?.silent) {
          if (inner.script) addScript(reading, text);
          return;
        }
        if (inner?.hides) {
          addHidden(reading, text, inner.hides, elements);
          return;
        }
        line += text;
        if (inner?.link && inner.link.text.length < LINK_TEXT_MAX) inner.link.text += text.replace(/\s+/g, ' ');
      },
      oncomment(comment) {
        // Outlook renders what stands in its conditional comments; other programs never show it.
        for (const [, target] of comment.startsWith('[if') ? comment.matchAll(OUTLOOK_LINK) : [])
          addLink('link', target);
      },
      onclosetag(tag) {
        open.pop();
        if (BLOCKS.has(tag)) endLine();
      },
    },
    { decodeEntities: true },
  );
  if (isCut(html, HTML_CHARS_MAX)) reading.cut = `only the first and the last ${HTML_CHARS_MAX} characters are read`;
  parser.write(bothEnds(html, HTML_CHARS_MAX));
  parser.end();
  endLine();
  for (const link of reading.links) link.text = link.text.replace(/\s+/g, ' ').trim().slice(0, LINK_TEXT_MAX);
  return reading;
}

function addHidden(reading: HtmlReading, text: string, why: string, element: number): void {
  const shown = text.replace(/[\s\u034f\u200b-\u200d\u2007\u00ad\ufeff]+/g, ' ').trim();
  if (shown === '' || reading.hidden.length >= HIDDEN_MAX) return;
  reading.hidden.push({ text: shown.slice(0, HIDDEN_TEXT_MAX), why, locator: `html element ${element}` });
}

/** A page written into its own address: nothing to fetch, and no filter sees a host. */
function addCarried(reading: HtmlReading, address: string): void {
  const [, kind = '', base64, body = ''] = DATA_PAGE.exec(address) ?? [];
  if (kind === '' || reading.carried.length >= CARRIED_MAX) return;
  const written = body.slice(0, HTML_CHARS_MAX);
  const html = base64 === undefined ? unescaped(written) : Buffer.from(unescaped(written), 'base64').toString('utf8');
  reading.carried.push({ html, locator: `html data address ${reading.carried.length + 1}` });
}

function addActive(reading: HtmlReading, tag: string, attributes: Record<string, string>): void {
  for (const [name, value] of Object.entries(attributes)) if (/^on[a-z]/.test(name)) addScript(reading, `${value}\n`);
  const jump = tag === 'meta' && JUMP.exec((attributes['content'] ?? '').trimStart())?.[1];
  if (jump) reading.jumps.push(jump);
}

function addScript(reading: HtmlReading, text: string): void {
  if (reading.script.length < SCRIPT_CHARS_MAX) reading.script += text;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function hidingOf(attributes: Record<string, string>): string {
  if ('hidden' in attributes) return 'hidden attribute';
  const style = (attributes['style'] ?? '').toLowerCase().replace(/\s+/g, '');
  if (NO_HEIGHT.test(style) && NO_OVERFLOW.test(style)) return 'no height';
  return HIDING.find(([pattern]) => pattern.test(style))?.[1] ?? '';
}

const HIDING: readonly (readonly [RegExp, string])[] = [
  [/(?:^|;)display:none/, 'display:none'],
  [/(?:^|;)visibility:hidden/, 'visibility:hidden'],
  [/(?:^|;)font-size:[01](?:px|pt|em|%)?(?:;|!|$)/, 'font-size near zero'],
  [/(?:^|;)opacity:0(?:\.0+)?(?:;|!|$)/, 'opacity 0'],
  [/mso-hide:all/, 'mso-hide:all'],
];
const NO_HEIGHT = /(?:^|;)(?:max-)?height:[0-2](?:px|pt)?(?:;|!|$)/;
const NO_OVERFLOW = /(?:^|;)overflow(?:-y)?:hidden/;
const JUMP = /^\d*\s*[;,]\s*url\s*=\s*['"]?(https?:[^'"\s]+)/i;
const OUTLOOK_LINK = /\shref\s*=\s*["']?([^"'\s>]{1,4000})/gi;
const DATA_PAGE =
  /^data:(text\/html|image\/svg\+xml|application\/xhtml\+xml)(?:;(?!base64)[^,;]{0,100}){0,5}(;base64)?,([\s\S]*)$/i;
const FRAMES = new Set(['iframe', 'frame', 'object', 'embed']);
const CARRIED_MAX = 20;
const SCRIPT_CHARS_MAX = 1_000_000;
const SILENT = new Set(['script', 'style', 'title', 'noscript', 'template']);
const BLOCKS = new Set(
  'address article blockquote body br center div dd dl dt footer form h1 h2 h3 h4 h5 h6 header hr li ol p pre section table td th tr ul'.split(
    ' ',
  ),
);
const HTML_CHARS_MAX = 2_000_000;
const DEPTH_MAX = 2_000;
const LINKS_MAX = 2_000;
const LINK_TEXT_MAX = 2_000;
const HIDDEN_MAX = 500;
const HIDDEN_TEXT_MAX = 2_000;
