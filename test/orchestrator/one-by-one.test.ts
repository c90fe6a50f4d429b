/** Costly reads take turns. */
import { expect, test } from 'vitest';
import { createOneByOne } from '../../orchestrator/one-by-one.ts';

test('reads that come at once run one after the other, the event loop turns between them, and a failed one stops nobody', async () => {
  const oneByOne = createOneByOne(8);
  let running = 0;
  let turns = 0;
  const said: number[] = [];
  const read = (nth: number) => async () => {
    expect(++running).toBe(1);
    expect(turns).toBeGreaterThanOrEqual(nth);
    setImmediate(() => (turns += 1));
    await Promise.resolve();
    running -= 1;
    said.push(nth);
    if (nth === 1) throw new Error('unreadable');
    return nth;
  };
  const ends = await Promise.allSettled([0, 1, 2, 3].map((nth) => oneByOne(read(nth))));
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(said).toEqual([0, 1, 2, 3]);
});

test('more than may wait are told to come again', async () => {
  const oneByOne = createOneByOne(2);
  const ends = await Promise.allSettled([1, 2, 3].map((nth) => oneByOne(() => Promise.resolve(nth))));
  expect(ends.map((end) => (end.status === 'fulfilled' ? end.value : (end.reason as unknown)))).toEqual([
    1,
    2,
    expect.objectContaining({ code: 4290 }),
  ]);
  expect(await oneByOne(() => Promise.resolve(4))).toBe(4);
});
