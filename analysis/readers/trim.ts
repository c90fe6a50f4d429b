/** What ends a text and does not belong to it, taken off in one walk: an expression for it costs the square of such a run. */

/** The text without the characters at its end that `ending`, a class of characters, knows. */
export function withoutEnd(text: string, ending: RegExp): string {
  let end = text.length;
  while (end > 0 && ending.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
