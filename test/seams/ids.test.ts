/** Randomness of the machine, a few bytes at a time: none is given out twice, and none stays behind. */
import { expect, test } from 'vitest';
import { systemRandom } from '../../seams/index.ts';

test('bytes are as many as asked for, differ every time, and are no view of what others get', () => {
  const given = Array.from({ length: 2_000 }, () => systemRandom.bytes(24));
  const texts = given.map((bytes) => Buffer.from(bytes).toString('hex'));
  expect(new Set(texts).size).toBe(2_000);
  expect(given.every((bytes) => bytes.length === 24 && bytes.byteOffset === 0 && bytes.buffer.byteLength === 24)).toBe(
    true,
  );
  given[0]!.fill(0);
  expect(Buffer.from(given[1]!).toString('hex')).toBe(texts[1]);
});

test('more than the pool holds, and nothing at all, can be asked for', () => {
  expect([systemRandom.bytes(10_000).length, systemRandom.bytes(0).length, systemRandom.bytes(4_096).length]).toEqual([
    10_000, 0, 4_096,
  ]);
});

test('the bits are even', () => {
  const bytes = systemRandom.bytes(4_096 * 16);
  const ones = bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
  expect(ones / (bytes.length * 8)).toBeCloseTo(0.5, 2);
});
