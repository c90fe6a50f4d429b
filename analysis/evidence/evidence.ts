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
 * Makes untrusted text printable: controls, characters that nobody sees or that turn text round, and lone surrogates become
 * `\u{…}`, so nothing is hidden and nothing reaches a terminal as a command; so does what would make a Markdown link or image
 * of it, and what would be read as a marker (`%%…%%`). It is text, and HTML in it stays readable: a page shows it as text.
 * Longer text is cut at `length_max` with an ellipsis.
 */
export function neutralize(text: string, length_max = TEXT_CHARS_MAX): string {
  const cut = text.length > length_max * 2 ? text.slice(0, length_max * 2) : text;
  const safe = cut.replace(UNSAFE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
  return safe.length > length_max || cut.length < text.length ? `${safe.slice(0, length_max - 1)}…` : safe;
}

/** Characters of a source or a locator, and of what is shown unless more is asked for. */
const PLACE_CHARS_MAX = 120;
const TEXT_CHARS_MAX = 240;

/** What is not seen, or commands; then what would begin a link: a target, its definition, which begins a text, and a marker. */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]|(?<=\])[([]|(?<=^ {0,3}\[[^\]]{1,99}\]):|%(?=%[A-Z_]{1,40}%%)/gu;
