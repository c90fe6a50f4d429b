/** How often somebody may ask, of whom there may be many. */
import { afterEach, expect, test, vi } from 'vitest';
import { createRateLimiter } from '../../api/rate.ts';
import { manualClock } from '../../seams/index.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('ATK-I1: where there are too many names, those whose minute is over go, then the oldest, and nobody else', () => {
  const clock = manualClock();
  const limiter = createRateLimiter(clock, 3);
  const left = (name: string) => limiter.take(name, 10).remaining;
  expect(['a', 'b', 'a', 'c'].map(left)).toEqual([9, 9, 8, 9]);
  clock.advance(1_000);
  expect(left('d')).toBe(9); // instead of a
  expect(['b', 'c', 'd'].map(left)).toEqual([8, 8, 8]);
  expect(left('a')).toBe(9); // instead of b
  clock.advance(59_000); // the minute of c is over, those of d and a are not
  expect(['d', 'a'].map(left)).toEqual([7, 8]);
  expect(['c', 'd', 'a'].map(left)).toEqual([9, 6, 7]);
  clock.advance(60_000);
  expect(['d', 'c', 'a'].map(left)).toEqual([9, 9, 9]);
  expect(left('b')).toBe(9); // instead of d, which began first
  expect(['c', 'a', 'b'].map(left)).toEqual([8, 8, 8]);
});

test('ATK-I1: a flood of names costs a few steps for each, however many are kept', () => {
  const clock = manualClock();
  const names_max = 1_000;
  const limiter = createRateLimiter(clock, names_max);
  const steps = [
    vi.spyOn(Map.prototype, 'delete'),
    vi.spyOn(Object.getPrototypeOf(new Map().entries()) as Iterator<unknown>, 'next'),
  ];
  const asked = 5 * names_max;
  for (let nth = 0; nth < asked; nth++) {
    limiter.take(`remote:${nth}`, 10);
    if (nth % names_max === 0) clock.advance(30_000); // some of them are over by then
  }
  const taken = steps.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  expect(taken).toBeGreaterThan(names_max);
  expect(taken).toBeLessThanOrEqual(2 * asked);
});
