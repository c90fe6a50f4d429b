/** How many different things somebody reached for, within a window and a bound. */
import { expect, test } from 'vitest';
import { createSpread } from '../../../analysis/endpoint/spread.ts';

const event = (at_ms: number) => ({ host: 'dc-1', locator: `at ${at_ms}`, at_ms, text: '' });

test('things within the window count, and the most of them is told', () => {
  const spread = createSpread(1_000);
  for (const at of [0, 600, 1_200, 5_000]) spread.note('anna', `service-${at}`, event(at));
  expect(spread.spreads().map(({ things }) => things)).toEqual([['service-0', 'service-600']]);
});

test('fifty thousand things are kept of all actors together, further ones are counted as left, whatever their length', () => {
  const spread = createSpread(1_000);
  for (let nth = 0; nth < 50_009; nth++) spread.note(`user${nth % 1_000}`, `${nth}-${'x'.repeat(300)}`, event(0));
  expect(spread.left()).toBe(9);
  expect(Math.max(...spread.spreads().flatMap(({ things }) => things.map(({ length }) => length)))).toBe(256);
});

test('what left the window gives its room back', () => {
  const spread = createSpread(1_000);
  for (let nth = 0; nth < 60_000; nth++) spread.note('anna', `${nth}`, event(nth * 100));
  expect(spread.left()).toBe(0);
});
