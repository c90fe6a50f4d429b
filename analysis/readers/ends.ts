/** Both ends of what is too long to be looked at whole: whoever pads a load puts it first or last. */

/** The first and the last of a list, together at most `count_max`; `left` is how many between them were not taken. */
export function endsOf<T>(all: readonly T[], count_max: number): { taken: T[]; left: number } {
  if (all.length <= count_max) return { taken: [...all], left: 0 };
  const first = Math.ceil(count_max / 2);
  const last = count_max - first;
  return { taken: [...all.slice(0, first), ...all.slice(all.length - last)], left: all.length - count_max };
}

/** The text, or its beginning and its end where it is longer than `chars_max`; each has at most so many characters. */
export const endsOfText = (text: string, chars_max: number): string[] =>
  text.length <= chars_max ? [text] : [text.slice(0, chars_max), text.slice(-chars_max)];
