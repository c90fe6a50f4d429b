/** JSON for machines that a terminal may see too: the same value, with nothing in it that a terminal obeys (ATK-F3). */
import { expect, test } from 'vitest';
import { toJsonText } from '../../cli/text.ts';

const hostile =
  'a\u0000\u001b[2J\u007f\u0085\u009b31m\u200b\u200f\u2028\u2029\u202e\u2066\ufeff\u{e0041}\ud800 ä 漢 😀\n\t"\\';

test('JSON of any text comes back as it was, and holds no control, no direction and no hidden character', () => {
  const value = { [hostile]: [hostile, { deep: hostile }], empty: [], none: null };
  for (const indent of [0, 2]) {
    const text = toJsonText(value, indent);
    expect(JSON.parse(text)).toEqual(value);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  }
});

test('JSON without such characters is written as ever: letters of all languages stay readable', () => {
  const value = { text: 'ä 漢 😀', items: [1, { of: 'them' }], rest: null };
  expect(toJsonText(value)).toBe(JSON.stringify(value, null, 2));
  expect(toJsonText(value, 0)).toBe(JSON.stringify(value));
  expect(toJsonText('\u009b\u{e0041}')).toBe(String.raw`"\u009b\udb40\udc41"`);
});
