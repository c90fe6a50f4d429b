/** An XML body split into what is input: texts, attribute values, and whatever is no well-formed structure. */
import type { Located } from './places.ts';

/** Texts and attribute values. Names of well-formed tags are structure, not input; any other tag is judged as it stands. */
export function xmlOf(body: string): Located[] {
  const found: Located[] = [];
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
      if (begin !== '<?' || !DECLARATION.test(inside.slice(0, DECLARATION_CHARS_MAX + 1)))
        add(what, begin === '<?' ? `<?${inside}?>` : inside);
      at = end + until.length;
      continue;
    }
    const { end, attributes, is_structure } = tagAt(body, open);
    for (const text of attributes) add('attribute', text);
    if (!is_structure) add('tag', body.slice(open, end));
    at = end;
  }
  return /<!(?:DOCTYPE|ENTITY)\b/i.test(body)
    ? [...found, { place: 'body', label: 'body', name: 'doctype', text: body }]
    : found;
}

function tagAt(body: string, open: number): { end: number; attributes: string[]; is_structure: boolean } {
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
  const is_structure = outside.length <= TAG_CHARS_MAX && STRUCTURE.test(outside) && !RUNS.test(outside);
  return { end: at + 1, attributes, is_structure };
}

/** What begins, what ends it, and what it is called. */
const ENCLOSED: readonly (readonly [string, string, string])[] = [
  ['<![CDATA[', ']]>', 'text'],
  ['<!--', '-->', 'comment'],
  ['<?', '?>', 'instruction'],
];
const DECLARATION = /^xml(?:\s{1,8}[a-z]{1,12}\s{0,8}=\s{0,8}(?:"[\w.-]{0,40}"|'[\w.-]{0,40}')){1,3}\s{0,8}$/;
const DECLARATION_CHARS_MAX = 200;
const STRUCTURE = /^\/?[\p{L}_][\p{L}\p{N}_:.-]*(?:\s+[\p{L}_][\p{L}\p{N}_:.-]*\s*=\s*")*\s*\/?$/u;
/** Names that a page runs where it shows such a body. */
const RUNS = /^(?:[\w.-]{1,40}:)?(?:script|iframe)\b/i;
/** Names of one tag together. */
const TAG_CHARS_MAX = 4_096;
