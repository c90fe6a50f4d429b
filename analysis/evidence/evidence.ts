/** Turns attacker-written text into evidence that is safe to print, log and pass on (ATK-F3, ATK-J2). */
import type { Evidence } from '../../protocol/index.ts';

/** The evidence for a statement; `text` is neutralised and cut to `TEXT_CHARS_MAX`. */
export function evidence(found: { source: string; locator: string; text: string }): Evidence {
  return {
    source: neutralize(found.source, PLACE_CHARS_MAX),
    locator: neutralize(found.locator, PLACE_CHARS_MAX),
    excerpt: neutralize(found.text),
  };
}

/**
 * Makes untrusted text printable: control, zero-width, bidi and tag characters and lone surrogates become `\u{…}`, so nothing
 * is hidden and nothing reaches a terminal as a command; so does the bracket that would make a Markdown link or image of it,
 * so that no page that shows it fetches anything, and what would be read as a marker (`%%…%%`). Longer text is cut at `length_max` with an ellipsis.
 */
export function neutralize(text: string, length_max = TEXT_CHARS_MAX): string {
  const cut = text.length > length_max * 2 ? text.slice(0, length_max * 2) : text;
  const safe = cut.replace(UNSAFE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
  return safe.length > length_max || cut.length < text.length ? `${safe.slice(0, length_max - 1)}…` : safe;
}

/** Characters of a source or a locator, and of what is shown unless more is asked for. */
const PLACE_CHARS_MAX = 120;
const TEXT_CHARS_MAX = 240;

const UNSAFE =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|(?<=\])[([]|%(?=%[A-Z_]{1,40}%%)/gu;
