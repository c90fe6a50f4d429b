/** Order is the same on every machine. */
import { expect, test } from 'vitest';
import { compareText } from '../../../analysis/order/index.ts';

test('texts stand in the order of their code units, whatever the locale thinks', () => {
  expect(['b', 'ä', 'a', 'B', '', 'a'].sort(compareText)).toEqual(['', 'B', 'a', 'a', 'b', 'ä']);
  expect(compareText('a', 'a')).toBe(0);
});
