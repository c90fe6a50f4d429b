/** Text of a peer made harmless to look at: what commands a terminal, turns the reading order or cannot be seen becomes its number. */
export const visible = (text: string): string =>
  text.replace(UNSEEN, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);

/** JSON laid out over lines, other text as it is; both made visible. */
export function toReadable(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    const is_small = text.length <= LINE_CHARS_MAX || typeof value !== 'object';
    return visible(is_small ? text : JSON.stringify(value, null, 2));
  } catch {
    return visible(text);
  }
}

const LINE_CHARS_MAX = 100;
/** Line breaks and tabs stay: they lay text out. */
const UNSEEN =
  /(?![\n\t])[\p{Cc}\p{Cs}\p{Co}\p{Cn}\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\u{e0000}-\u{e0fff}]/gu;
