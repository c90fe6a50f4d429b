/** Where a text stops being JSON, as editors count. */

/** `: line 3, column 9`, or `: it stops at …` where it only ends too soon; nothing where `cause` is no fault of JSON or cannot be placed. */
export function placeOf(cause: unknown, text: string): string {
  if (!(cause instanceof SyntaxError)) return '';
  const [, found] = /at position (\d+)/.exec(cause.message) ?? [];
  if (found !== undefined) return `: ${toPlace(text, Number(found))}`;
  if (!isStray(cause)) return `: it stops at ${toPlace(text, text.length)}`;
  return text.length > SEARCHED_CHARS_MAX ? '' : `: ${toPlace(text, strayAt(text))}`;
}

function toPlace(text: string, position: number): string {
  const lines = text.slice(0, position).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}

/** The engine does not say where a stray token stands: it is the last of the shortest beginning that nothing can follow. */
function strayAt(text: string): number {
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (isStray(faultOf(text.slice(0, middle)))) bad = middle;
    else good = middle;
  }
  return bad - 1;
}

function faultOf(text: string): unknown {
  try {
    JSON.parse(text);
    return undefined;
  } catch (fault) {
    return fault;
  }
}

const isStray = (fault: unknown): boolean =>
  fault instanceof SyntaxError && fault.message.startsWith('Unexpected token');

/** Longer texts are not parsed again and again: this takes some 20 ms. */
const SEARCHED_CHARS_MAX = 262_144;
