/** A pack is read once, however often it is asked for. */
import { expect, test, vi } from 'vitest';
import { oncePerPack } from '../../../analysis/memory/index.ts';

test('the same data is made something of once, and other data of the same shape anew', () => {
  const make = vi.fn((data: object) => Object.keys(data).join());
  const read = oncePerPack(make);
  const data = { a: 1 };
  expect([read(data), read(data), read({ a: 1 })]).toEqual(['a', 'a', 'a']);
  expect(make).toHaveBeenCalledTimes(2);
});

test('that a pack has another shape is found out once too, and what is no object is no pack', () => {
  const make = vi.fn((): string | undefined => undefined);
  const read = oncePerPack(make);
  const data = {};
  expect([read(data), read(data), read(undefined), read(null), read('text')]).toEqual(Array(5).fill(undefined));
  expect(make).toHaveBeenCalledTimes(1);
});
