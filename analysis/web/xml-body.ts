/** An XML body split into what is input: texts, attribute values, and whatever is no well-formed structure. */
import { fromEntities } from './decode.ts';
import type { Located } from './places.ts';

/** Texts and attribute values. Names of well-formed tags are structure, not input; any other tag is judged as it stands. */
export function xmlOf(body: string): Located[] {
  const found: Located[] = [];
  const is_page = PAGE.test(fromEntities(body));
  const add = (what: string, text: string) => found.push({ place: 'value', label: `body ${what}`, name: '', text });
  let at = 0;
  while (at < body.length) {
    const open = body.indexOf('<', at);
    const text = body.slice(at, open < 0 ? body.length : open);
    if (text.trim() !== '') add('text', text);
    if (open < 0) break;
    const [begin, until, what] = ENCLOSED.find(([start]) => body.startsWith(start, open)) ?? [];
    if (begin !== undefined && until !== undefined && what !== undefined) {
      const close = body.indexOf(until, open + begin.length);
      const end = close < 0 ? body.length : close;
      const inside = body.slice(open + begin.length, end);
      if (begin !== '<?' || declarationAt(body, open) === 0) add(what, begin === '<?' ? `<?${inside}?>` : inside);
      at = end + until.length;
      continue;
    }
    const { end, attributes, is_structure } = tagAt(body, open, is_page);
    for (const text of attributes) add('attribute', text);
    // What a prefix stands for is said elsewhere: it is judged by its own name.
    if (!is_structure) add('tag', is_page ? body.slice(open, end).replace(PREFIX, '<') : body.slice(open, end));
    at = end;
  }
  return /<!(?:DOCTYPE|ENTITY)\b/i.test(body)
    ? [...found, { place: 'body', label: 'body', name: 'doctype', text: body }]
    : found;
}

/** How long the declaration is that begins at a place of a text; 0 where none does, or one that says more than a declaration may. */
export const declarationAt = (text: string, at: number): number =>
  DECLARATION.exec(text.slice(at, at + DECLARATION_CHARS_MAX))?.[0].length ?? 0;

function tagAt(
  body: string,
  open: number,
  is_page: boolean,
): { end: number; attributes: string[]; is_structure: boolean } {
  const attributes: string[] = [];
  const rest: string[] = [];
  let at = open + 1;
  let from = at;
  while (at < body.length && body[at] !== '>') {
    const quote = body[at];
    if (quote === '"' || quote === "'") {
      const close = body.indexOf(quote, at + 1);
      const end = close < 0 ? body.length : close;
      if (end > at + 1) attributes.push(body.slice(at + 1, end));
      rest.push(`${body.slice(from, at)}"`);
      at = end;
      from = end + 1;
    }
    at += 1;
  }
  rest.push(body.slice(from, at));
  // What the quotes hold is judged already: left are the names, each of an attribute before its quote.
  const outside = rest.join('');
  const runs = is_page ? RUNS_IN_PAGE : FETCHES;
  const is_structure = outside.length <= TAG_CHARS_MAX && STRUCTURE.test(outside) && !runs.test(outside);
  return { end: at + 1, attributes, is_structure };
}

/** What begins, what ends it, and what it is called. */
const ENCLOSED: readonly (readonly [string, string, string])[] = [
  ['<![CDATA[', ']]>', 'text'],
  ['<!--', '-->', 'comment'],
  ['<?', '?>', 'instruction'],
];
const DECLARATION =
  /^<\?xml(?:\s{1,8}(?:version|encoding|standalone)\s{0,8}=\s{0,8}(?:"[\w.:()+-]{0,40}"|'[\w.:()+-]{0,40}')){1,3}\s{0,8}\?>/;
const DECLARATION_CHARS_MAX = 250;
const STRUCTURE = /^\/?[\p{L}_][\p{L}\p{N}_:.-]*(?:\s+[\p{L}_][\p{L}\p{N}_:.-]*\s*=\s*")*\s*\/?$/u;
/** Only a body that names one of these is shown as a page; elsewhere `<script>` is a name like any other. */
const PAGE = /w3\.org\/(?:1999\/xhtml|2000\/svg)/i;
/** What a page runs, whatever its prefix. */
const RUNS_IN_PAGE = /^(?:[^\s/>]+:)?(?:script|iframe)\b|\son[a-z]{3,24}\s*=/i;
/** What runs where a lenient page takes the body in. */
const FETCHES = /^(?:script|iframe)\b[^]*\s(?:xlink:)?(?:src|href)\s*=/i;
const PREFIX = /^<[^\s/>]+:/;
/** Names of one tag together. */
const TAG_CHARS_MAX = 4_096;
