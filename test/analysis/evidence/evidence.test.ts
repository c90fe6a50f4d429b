/** Evidence: what an attacker wrote is shown, and does nothing where it is shown. */
import { expect, test } from 'vitest';
import { evidence, neutralize } from '../../../analysis/evidence/index.ts';

test.each([
  ['a command to the terminal', '\u001b[2Jgone', '\\u{1b}[2Jgone'],
  ['text that runs backwards', 'a\u202egpj.exe', 'a\\u{202e}gpj.exe'],
  ['characters that nobody sees', 'a\u200bb\u{e0041}c\ufeff', 'a\\u{200b}b\\u{e0041}c\\u{feff}'],
  ['half a character', 'a\ud800b', 'a\\u{d800}b'],
  ['a picture that would be fetched', '![x](https://evil.example/?q=1)', '![x]\\u{28}https://evil.example/?q=1)'],
  ['a link by reference', '[x][evil]', '[x]\\u{5b}evil]'],
  ['a link that is defined elsewhere', '[1]: http://evil.example/', '[1]\\u{3a} http://evil.example/'],
  [
    'what looks like nothing',
    'a\u034fb\u3164\uffa0\u180b\u{1d173}\u{1bca0}',
    'a\\u{34f}b\\u{3164}\\u{ffa0}\\u{180b}\\u{1d173}\\u{1bca0}',
  ],
  ['a line of a log and an address', 'sshd[12]: from [2001:db8::1]:22', 'sshd[12]: from [2001:db8::1]:22'],
  ['new lines', 'a\r\nb', 'a\\u{d}\\u{a}b'],
  [
    'what is harmless',
    'powershell -enc SQBFAFgA (a) [b] ünïcode 漢字 🙂',
    'powershell -enc SQBFAFgA (a) [b] ünïcode 漢字 🙂',
  ],
])('%s is shown and does nothing (ATK-F3)', (_, written, shown) => {
  expect(neutralize(written)).toBe(shown);
});

test('a megabyte is cut, and says so', () => {
  const { excerpt, locator } = evidence({
    source: 's',
    locator: 'x'.repeat(1_000_000),
    text: '\u202e'.repeat(1_000_000),
  });
  expect(excerpt).toHaveLength(240);
  expect(excerpt.endsWith('…')).toBe(true);
  expect(locator).toHaveLength(120);
});
