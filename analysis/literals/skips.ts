/** Where the next of some texts may begin, told by the two characters with which the shortest would end (Wu and Manber). */
import { classAt, type Classes } from './classes.ts';

/** What can be passed over. */
export interface Skips {
  /** The first place from `index` on where one of the texts may begin; the length of `text` when there is none. */
  next(text: string, index: number): number;
}

/** The skips of texts of which the shortest has `chars_min` characters. Where that is too short to skip anything, any place will do. */
export function createSkips(texts: readonly { text: string }[], classes: Classes, chars_min: number): Skips {
  if (chars_min < SKIPPED_CHARS_MIN) return { next: (_, index) => index };
  const { count } = classes;
  const widths = new Uint8Array(count * count).fill(Math.min(chars_min - 1, WIDTH_MAX));
  for (const { text } of texts) {
    for (let end = 1; end < chars_min; end++) {
      const pair = classAt(classes, text, end - 1) * count + classAt(classes, text, end);
      widths[pair] = Math.min(widths[pair] ?? 0, chars_min - 1 - end);
    }
  }
  return {
    next(text, index) {
      const { length } = text;
      let end = index + chars_min - 1;
      while (end < length) {
        const width = widths[classAt(classes, text, end - 1) * count + classAt(classes, text, end)] ?? 0;
        if (width === 0) return end - chars_min + 1;
        end += width;
      }
      return length;
    },
  };
}

/** With less the skips are not worth their looking. */
const SKIPPED_CHARS_MIN = 4;
const WIDTH_MAX = 255;
