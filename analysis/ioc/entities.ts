/** HTML read as its reader meets it: character references become characters, and each place is still that of the text as written. */

/** A text without character references, and the way back to the one with them. */
export interface Decoded {
  text: string;
  /** The offset in the written text of an offset in this one. */
  writtenAt: (offset: number) => number;
}

/** Whether a text is HTML: it says so itself, or it is made of its elements. */
export const isHtml = (text: string): boolean => HTML.test(text.slice(0, HEAD_CHARS));

/** Decodes once, as a browser does; what would be a control character or is no reference stays as it is written. */
export function decodeEntities(written: string): Decoded {
  const shifts: { from: number; by: number }[] = [];
  let shift = 0;
  const text = written.replace(REFERENCE, (reference, decimal, hex, name, offset: number) => {
    const char = characterOf(decimal, hex, name);
    if (char === undefined) return reference;
    const end = offset + reference.length;
    shift += reference.length - char.length;
    shifts.push({ from: end - shift, by: shift });
    return char;
  });
  return { text, writtenAt: (offset) => offset + shiftAt(shifts, offset) };
}

function characterOf(decimal: unknown, hex: unknown, name: unknown): string | undefined {
  if (typeof name === 'string') return NAMED.get(name);
  const code = typeof decimal === 'string' ? parseInt(decimal, 10) : parseInt(String(hex), 16);
  const is_printable = (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code <= 0x10ffff);
  return is_printable && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : undefined;
}

/** The last shift that starts at or before the offset, found by halving. */
function shiftAt(shifts: readonly { from: number; by: number }[], offset: number): number {
  let low = 0;
  let high = shifts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((shifts[middle]?.from ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return shifts[low - 1]?.by ?? 0;
}

const HTML = /<!doctype html|<html[\s>]|<(?:body|head|table|div|p|a|span|td|li)(?:\s[^<>]{0,500})?>/i;
const HEAD_CHARS = 65_536;
const REFERENCE =
  /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos|nbsp|period|colon|sol|commat|num|quest|equals|lowbar));/gi;
const NAMED = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
  ['period', '.'],
  ['colon', ':'],
  ['sol', '/'],
  ['commat', '@'],
  ['num', '#'],
  ['quest', '?'],
  ['equals', '='],
  ['lowbar', '_'],
]);
