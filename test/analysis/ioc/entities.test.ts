/** Indicators in HTML: what stands there as a character reference is read as its reader meets it, and cited as it is written. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEntities } from '../../../analysis/ioc/entities.ts';
import { extractIocs } from '../../../analysis/ioc/index.ts';

const valuesIn = (text: string) => extractIocs(text, { source: 'page.html' }).extracted;

test('references inside an indicator are decoded in HTML, and the place is that of the text as written', () => {
  const html = '<html><body>\n<p>C2: hxxps://evil&#46;example&#x2e;com/a?x=1&amp;y=2 now</p></body></html>';
  const url = valuesIn(html).find(({ type }) => type === 'url');
  expect(url).toMatchObject({ value: 'https://evil.example.com/a?x=1&y=2', line: 2 });
  expect(html.slice(url?.offset, (url?.offset ?? 0) + (url?.length ?? 0))).toBe(
    'hxxps://evil&#46;example&#x2e;com/a?x=1&amp;y=2',
  );
});

test('in a text that is no HTML an ampersand is what it is', () => {
  const [url] = valuesIn('see http://evil.example.com/a?x=1&amp;y=2');
  expect(url?.value).toBe('http://evil.example.com/a?x=1&amp;y=2');
});

test('decoded once, and never into a control character or half a pair', () => {
  for (const [written, read] of [
    ['&amp;#46;', '&#46;'],
    ['&#0;&#7;&#x1b;', '&#0;&#7;&#x1b;'],
    ['&#xd800;', '&#xd800;'],
    ['&#x110000;&#9999999;', '&#x110000;&#9999999;'],
    ['&#128512;', '\u{1f600}'],
    ['&nosuch;', '&nosuch;'],
  ] as const)
    expect(decodeEntities(written).text).toBe(read);
});

test('every character that stays finds back to its place', () => {
  const piece = fc.constantFrom('&amp;', '&#46;', '&#x2F;', 'x', 'yz', '&', ';', '&bad;', '&#128512;');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const written = pieces.join('');
      const { text, writtenAt } = decodeEntities(written);
      expect(writtenAt(text.length)).toBe(written.length);
      for (const { 0: char, index } of text.matchAll(/[xyz]/g)) expect(written[writtenAt(index)]).toBe(char);
    }),
  );
});
