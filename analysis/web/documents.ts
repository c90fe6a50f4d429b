/** Texts that are written for people or for a build, and look like code where they are no attack. */
import { without, type Sifted } from './sift.ts';

/** Eight words and among them some different ones that only sentences need. */
export function isProse(text: string, sentence_words_min = SENTENCE_WORDS_MIN): boolean {
  const words =
    text
      .slice(0, PROSE_CHARS)
      .toLowerCase()
      .match(/(?<=^|[\s(])\p{L}{1,24}(?=$|[\s.,;:!?)])/gu) ?? [];
  return (
    words.length >= PROSE_WORDS_MIN &&
    new Set(words.filter((word) => SENTENCE_WORDS.has(word))).size >= sentence_words_min
  );
}

/**
 * Prose in which no query can be hidden: it begins with words that are none of a query, and closes no quote, comment or parenthesis,
 * so that it is an error wherever it lands.
 */
export function isSpoken(text: string): boolean {
  const { text: shown } = withoutMarks(text);
  const plain = shown.replace(/(?<=\p{L})['’](?=\p{L})/gu, '');
  return SPOKEN.test(shown) && !CLOSING.test(plain) && isBalanced(plain) && isProse(text);
}

/** A document of YAML: each of its lines is a key, an item, a comment, or stands further in. */
export function isMapping(text: string): boolean {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.length >= MAPPING_LINES_MIN && lines.every((line) => MAPPING_LINE.test(line));
}

/** A lower-cased pipeline of Jenkins, workflow of GitHub or GitLab, or Markdown with code: what runs there are steps of a build. */
export const isBuild = (text: string): boolean =>
  fencesIn(text).length > 0 ||
  (/^(?:\s|\/\/[^\n]*\n|@library\([^)\n]*\)[ _]*\n|#![^\n]*\n)*(?:pipeline\s*\{|node\s*(?:\([^)\n]*\)\s*)?\{)/.test(
    text,
  ) &&
    /\bstage\s*\(/.test(text) &&
    text.trimEnd().endsWith('}')) ||
  (isMapping(text) && /^(?:jobs|stages|steps):/m.test(text) && /^[ \t]+(?:- )?(?:run|script):/m.test(text));

/**
 * A lower-cased text without the marks of Markdown, which are quotes, pipes and comments elsewhere: fences, the lines of tables, and
 * the marks of spans. `isKept` says which spans and cells keep theirs.
 */
export function withoutMarks(text: string, isKept?: (inside: string) => boolean): Sifted {
  if (!/[`|]/.test(text)) return { text, origin: (index) => index };
  const fences = fencesIn(text);
  const rows = [...text.matchAll(RULE_OF_TABLE)];
  const pipes = rows.length > 0 ? [...text.matchAll(CELL)].filter(([, inside = '']) => isKept?.(inside) !== true) : [];
  const spans =
    fences.length + rows.length > 0 || isProse(text, isKept ? SENTENCE_WORDS_MIN - 1 : SENTENCE_WORDS_MIN)
      ? [...text.matchAll(SPAN)].filter(([, inside = '']) => isKept?.(inside) !== true)
      : [];
  const stretches = [
    ...[...fences, ...rows].map(({ index, 0: found }) => [index, index + found.length] as const),
    ...pipes.map(({ index }) => [index, index + 1] as const),
    ...spans.flatMap(({ index, 0: { length } }) => [
      [index, index + 1] as const,
      [index + length - 1, index + length] as const,
    ]),
  ];
  return without(text, apart(stretches));
}

function fencesIn(text: string): RegExpExecArray[] {
  const lines = text.includes('```') ? [...text.matchAll(FENCE)] : [];
  return lines.length % 2 === 0 ? lines : [];
}

/** In order, and each begun behind the one before. */
function apart(stretches: (readonly [number, number])[]): (readonly [number, number])[] {
  const kept: (readonly [number, number])[] = [];
  let end = 0;
  for (const stretch of stretches.sort(([left], [right]) => left - right)) {
    if (stretch[0] < end) continue;
    kept.push(stretch);
    [, end] = stretch;
  }
  return kept;
}

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const char of text) {
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return true;
}

const SENTENCE_WORDS = new Set(
  'the a an is are was were be been i you we they it that this these those with of to in for how what why which my your our also like not can then here there them please thanks hello write uses der die das ein eine ist sind war und oder nicht mit von zu im ich du wir sie es wie was warum auch bitte danke man mein kann'.split(
    ' ',
  ),
);
const SENTENCE_WORDS_MIN = 4;
const PROSE_WORDS_MIN = 8;
/** How much of a value is read to know whether it is prose. */
const PROSE_CHARS = 2_048;
/** Three words in a row, of which no expression begins with the first. */
const SPOKEN =
  /^\s*(?:#{1,6} )?(?!(?:null|true|false|not|select|union|or|and|case|id|order|group|having|limit)\b)\p{L}{2,24}[,:]?\s+\p{L}{1,24}[,:]?\s+\p{L}{1,24}\b/iu;
/** What ends a string, a statement or the rest of a line. */
const CLOSING =
  /['"`´‘’＇\\]|--|\/\*|;(?! (?!(?:select|insert|update|delete|drop|create|alter|exec|execute|declare|waitfor|call|shutdown|truncate|merge|set|print|grant|revoke|backup|restore|load|kill|use|while|if|begin)\b)\p{L}+[ .,])[^\n]*\S|(?<!(?:^|\n)#{0,5})#|[%+]/iu;
const MAPPING_LINES_MIN = 3;
const MAPPING_LINE = /^(?:[ \t]+\S|-(?: |$|--)|#|(?:["'][^"'\n]{1,80}["']|[\w.$/-]{1,80}):(?:[ \t]|$)|\.\.\.$)/;
const FENCE = /^[ \t]{0,3}```[\w+-]{0,20}[ \t]*\r?$/gm;
const RULE_OF_TABLE = /^[ \t]{0,3}\|(?:[ \t]{0,8}:?-{3,40}:?[ \t]{0,8}\|){1,40}[ \t]*\r?$/gm;
const CELL = /\|(?=[ \t]*`?([^|`\n]*))/g;
const SPAN = /(?<![^\s(|*>])`((?! )[^`\n]{1,80}(?<! ))`(?![^\s.,:;!?)|*])/g;
