/** Characters as the automaton tells them apart: capitals are their small letters, and all that occur in no text are one. */

/** Stands in a text for any character outside ASCII. */
export const FOREIGN = '\u0080';

/** The class of each character: 0 is that of all others. */
export interface Classes {
  ascii: Uint8Array;
  foreign: number;
  count: number;
}

/** The classes that some texts need, which are of ASCII and `FOREIGN`. */
export function classesOf(texts: readonly { text: string }[]): Classes {
  const ascii = new Uint8Array(128);
  let count = 1;
  for (const { text } of texts) {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code < 128 && ascii[code] === 0) ascii[code] = count++;
    }
  }
  for (let code = 65; code <= 90; code++) ascii[code] = ascii[code + 32] ?? 0;
  const foreign = texts.some(({ text }) => text.includes(FOREIGN)) ? count++ : 0;
  return { ascii, foreign, count };
}

/** The class of the character that stands there. */
export function classAt({ ascii, foreign }: Classes, text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code < 128) return ascii[code] ?? 0;
  return (code === KELVIN ? ascii[107] : code === DOTTED_I ? ascii[105] : foreign) ?? 0;
}

/** The two characters outside ASCII whose small letters start inside it. */
const KELVIN = 0x212a;
const DOTTED_I = 0x130;
