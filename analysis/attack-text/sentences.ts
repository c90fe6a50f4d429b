/** A text cut into sentences, each with its place. */

/** One sentence as it stands in the text. */
export interface Sentence {
  text: string;
  /** UTF-16 units from the start of the text. */
  offset: number;
  /** Counted from 1. */
  line: number;
}

/** The sentences of a text in order, at most `SENTENCES_MAX`; `cut` says that there were more. Markup is blank, so that places stay true. */
export function sentencesOf(text: string): { sentences: Sentence[]; cut: boolean } {
  const plain = withoutMarkup(text);
  const sentences: Sentence[] = [];
  let line = 1;
  let counted = 0;
  for (const match of plain.matchAll(SENTENCE)) {
    const written = match[0].trim();
    if (!/\p{L}{2}/u.test(written)) continue;
    if (sentences.length === SENTENCES_MAX) return { sentences, cut: true };
    const offset = match.index + match[0].indexOf(written);
    for (let next = plain.indexOf('\n', counted); next >= 0 && next < offset; next = plain.indexOf('\n', next + 1)) {
      line += 1;
      counted = next + 1;
    }
    sentences.push({ text: written, offset, line });
  }
  return { sentences, cut: false };
}

/** Blanks what a reader of HTML does not see: tags, comments, scripts, styles. Line breaks stay. */
function withoutMarkup(text: string): string {
  let plain = '';
  let from = 0;
  for (let start = at(HIDING, text, 0); start; start = at(HIDING, text, from)) {
    const end = at(CLOSERS[start[0].toLowerCase()] ?? HIDING, text, start.index)?.index;
    if (end === undefined) break; // Never closed: what it hides has no end.
    plain += text.slice(from, start.index) + blank(text.slice(start.index, end));
    from = end;
  }
  return (plain + text.slice(from)).replace(TAG, blank);
}

function at(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from;
  return pattern.exec(text);
}

const blank = (part: string): string => part.replace(/[^\n]/g, ' ');

const HIDING = /<script|<style|<!--/gi;
const CLOSERS: Record<string, RegExp> = { '<script': /<\/script/gi, '<style': /<\/style/gi, '<!--': /-->/g };
const TAG = /<\/?[a-z!][^<>]{0,2000}>|-->/gi;
/** Sentences of one text that are looked at: about a hundred pages. */
export const SENTENCES_MAX = 2_000;
/** Up to a full stop before white space, an empty line, the next item of a list, the next row of a table, or 600 characters. */
const SENTENCE = /(?:(?![.!?][\s"')\]]|\n[^\S\n]{0,64}\n|\n[^\S\n]{0,64}[-*\u2022#|=])[\s\S]){1,600}[.!?]?/g;
