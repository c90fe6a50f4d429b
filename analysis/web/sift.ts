/** Texts as a grammar reads them, changed so that each place in them is known in the text that came. */

/** A text without some of its characters. */
export interface Sifted {
  text: string;
  /** Where the character at an index stands in the text that came. */
  origin: (index: number) => number;
}

/** Lower case, each character at its place: the one capital whose small letter is longer becomes a plain i. */
export const lowered = (text: string): string => text.replaceAll('\u0130', 'i').toLowerCase();

/** The text without the stretches, which come in order and apart from each other. */
export function without(text: string, stretches: Iterable<readonly [start: number, end: number]>): Sifted {
  const kept: { at: number; from: number }[] = [];
  let [sifted, from] = ['', 0];
  for (const [start, end] of stretches) {
    if (start > from) {
      kept.push({ at: sifted.length, from });
      sifted += text.slice(from, start);
    }
    from = end;
  }
  if (from === 0) return { text, origin: (index) => index };
  kept.push({ at: sifted.length, from });
  return { text: sifted + text.slice(from), origin: (index) => originIn(kept, index) };
}

/** The text without what a pattern finds. */
export const withoutAll = (text: string, pattern: RegExp): Sifted => without(text, stretchesOf(text, pattern));

function* stretchesOf(text: string, pattern: RegExp): Generator<readonly [number, number]> {
  for (const { index, 0: found } of text.matchAll(pattern)) yield [index, index + found.length];
}

function originIn(kept: readonly { at: number; from: number }[], index: number): number {
  let [low, high] = [0, kept.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((kept[middle]?.at ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  const run = kept[low] ?? { at: 0, from: 0 };
  return run.from + index - run.at;
}
