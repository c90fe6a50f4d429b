/** What modifiers make of a value before it is compared: dashes of any kind, encodings, placeholders. */
import { ANY, ONE, type Piece } from './pattern.ts';

/** The spellings of a value in which a dash or slash before a switch is any of those that Windows takes. */
export function spellDashes(pieces: readonly Piece[]): Piece[][] {
  let spellings: Piece[][] = [[]];
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      spellings.forEach((spelling) => spelling.push(piece));
      continue;
    }
    const parts = piece.split(SWITCH);
    for (const part of parts) {
      const choices = part.length === 1 && DASHES.includes(part) && parts.length > 1 ? DASHES : [part];
      const wide = spellings.length * choices.length <= SPELLINGS_MAX ? choices : [part];
      spellings = wide.flatMap((choice) => spellings.map((spelling) => joinText(spelling, choice)));
    }
  }
  return spellings;
}

/** Base64 of a text as it looks when the text starts at each of the three offsets inside something larger. */
export function base64Offsets(bytes: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = toBase64('\0'.repeat(offset) + bytes);
    const end = [0, -3, -2][(bytes.length + offset) % 3] ?? 0;
    return encoded.slice([0, 2, 3][offset], end === 0 ? undefined : end);
  });
}

/** Base64 of bytes kept one a character. */
export const toBase64 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('base64');

/** A text as bytes, one a character. */
export const toBytes = (text: string, encoding: 'utf8' | 'utf16le' | 'utf16be' | 'utf16'): string => {
  if (encoding === 'utf8') return Buffer.from(text, 'utf8').toString('latin1');
  const little = Buffer.from(text, 'utf16le');
  if (encoding === 'utf16be') return little.swap16().toString('latin1');
  return `${encoding === 'utf16' ? '\xff\xfe' : ''}${little.toString('latin1')}`;
};

/** The text of a pattern without wildcards, or undefined when it has some: what is encoded has no place for them. */
export const plainText = (pieces: readonly Piece[]): string | undefined =>
  pieces.includes(ANY) || pieces.includes(ONE)
    ? undefined
    : pieces.filter((piece) => typeof piece === 'string').join('');

/** The placeholders `%name%` of a value. */
export const placeholdersIn = (text: string): string[] =>
  [...text.matchAll(/%([\w.-]{1,64})%/g)].map((found) => found[1] ?? '');

const joinText = (pieces: readonly Piece[], text: string): Piece[] => {
  const last = pieces.at(-1);
  if (text === '') return [...pieces];
  return typeof last === 'string' ? [...pieces.slice(0, -1), last + text] : [...pieces, text];
};

/** A dash or slash that opens a switch: nothing of a word before it, something of a word behind it. */
const SWITCH = /((?<!\w)[-/](?=\w))/;
const DASHES = ['-', '/', '\u2013', '\u2014', '\u2015'];
const SPELLINGS_MAX = 125;
