/** A bounded memory forgets what came first. */
import { expect, test } from 'vitest';
import { makeRoom } from '../../seams/index.ts';

test('below its bound a memory forgets nothing', () => {
  const known = new Set(['a', 'b']);
  expect(makeRoom(known, 3)).toBe(false);
  expect([...known]).toEqual(['a', 'b']);
});

test('at its bound what came first goes, and only that; writing to a key again does not make it younger', () => {
  const known = new Map([
    ['a', 1],
    ['b', 2],
  ]);
  known.set('a', 3);
  expect(makeRoom(known, 2)).toBe(true);
  expect([...known]).toEqual([['b', 2]]);
});

test('a flood of names leaves the last ones, and never more than the bound', () => {
  const known = new Set<number>();
  for (let name = 0; name < 10_000; name++) {
    makeRoom(known, 4);
    known.add(name);
    expect(known.size).toBeLessThanOrEqual(4);
  }
  expect([...known]).toEqual([9_996, 9_997, 9_998, 9_999]);
});

test('a large memory forgets a share at once, the oldest of all, and has room for as many', () => {
  const known = new Set(Array.from({ length: 80 }, (_, name) => name));
  expect(makeRoom(known, 80, 10)).toBe(true);
  expect([...known]).toEqual(Array.from({ length: 70 }, (_, name) => name + 10));
  expect(makeRoom(known, 80, 10)).toBe(false);
});

test('where more goes than its place, it is taken out as its owner says, and a bound of one more is kept after the fact', () => {
  const places = new Map([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ]);
  const order = new Set(places.keys());
  const forget = (name: string) => {
    order.delete(name);
    places.delete(name);
  };
  expect(makeRoom(order, 2 + 1, 1, forget)).toBe(true);
  expect([[...order], [...places.values()]]).toEqual([
    ['b', 'c'],
    [2, 3],
  ]);
});
