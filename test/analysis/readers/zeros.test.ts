/** Zeros around a line: what a write leaves that a crash broke off. */
import { expect, test } from 'vitest';
import { createLineReader } from '../../../analysis/readers/index.ts';

test('zeros around a line are no part of it, zeros inside stay', async () => {
  const chunks = async function* () {
    yield await Promise.resolve(Buffer.from('one\r\n\0\0\0two\n\0\0\nth\0ree\0'));
  };
  const texts: string[] = [];
  for await (const batch of createLineReader(chunks()).lines) texts.push(...batch.map(({ text }) => text));
  expect(texts).toEqual(['one', 'two', '', 'th\0ree']);
});
