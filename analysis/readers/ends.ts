/** Both ends of what is too long to be looked at whole: whoever pads a load puts it first or last. */

/** The first and the last of a list, together at most `count_max`; `left` is how many between them were not taken. */
export function endsOf<T>(all: readonly T[], count_max: number): { taken: T[]; left: number } {
  if (all.length <= count_max) return { taken: [...all], left: 0 };
  const first = Math.ceil(count_max / 2);
  const last = count_max - first;
  return { taken: [...all.slice(0, first), ...all.slice(all.length - last)], left: all.length - count_max };
}

/**
 * The text, or its beginning and its end where it is longer than `chars_max`; each has at most so many characters, and up to twice
 * as many they overlap: what is looked for is not cut in two.
 */
export const endsOfText = (text: string, chars_max: number): string[] =>
  text.length <= chars_max ? [text] : [text.slice(0, chars_max), text.slice(-chars_max)];

/** One text: whole up to twice `chars_max` characters, else its first and its last `chars_max` with `seam` between them. */
export const bothEnds = (text: string, chars_max: number, seam = ''): string =>
  isCut(text, chars_max) ? text.slice(0, chars_max) + seam + text.slice(-chars_max) : text;

/** Whether anything lies between the first and the last `chars_max` characters. */
export const isCut = (text: string, chars_max: number): boolean => text.length > 2 * chars_max;
