/** How a figure comes about: turns, medians, ratios of one round, verdicts. */
import { expect, test } from 'vitest';
import { medianOf, ratiosOf, spreadOf, takeTurns } from '../../bench/measure.ts';
import { parseOptions } from '../../bench/options.ts';
import { verdictOf, withAllowance } from '../../bench/verdict.ts';

test('the middle of an odd number, the mean of the two middle ones of an even, nothing of nothing', () => {
  expect([medianOf([3, 1, 2]), medianOf([10, 9, 1, 2]), medianOf([])]).toEqual([2, 5.5, NaN]);
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
});

test('everybody acts once a round, and every other round goes backwards', async () => {
  const acts: string[] = [];
  const told = await takeTurns(3, ['a', 'b'], async (who, round) => {
    acts.push(who);
    return round;
  });
  expect(acts.join('')).toBe('abbaab');
  expect([...told]).toEqual([
    ['a', [0, 1, 2]],
    ['b', [0, 1, 2]],
  ]);
});

test('ratios are of the same round', () => {
  expect(ratiosOf([2, 9], [1, 3])).toEqual([2, 3]);
});

test.each([
  ['more', 0.51, 'green'],
  ['more', 0.5, 'yellow'],
  ['more', 0.45, 'yellow'],
  ['more', 0.44, 'red'],
  ['more', NaN, 'red'],
] as const)('where more is better, %s %d is %s', (better, figure, verdict) => {
  expect(verdictOf({ better, floor: 0.45, target: 0.6 }, figure)).toBe(verdict);
});

test.each([
  [1.38, 'green'],
  [1.39, 'yellow'],
  [1.41, 'red'],
])('where less is better, %d is %s', (figure, verdict) => {
  expect(verdictOf({ better: 'less', floor: 1.4, target: 1.2 }, figure)).toBe(verdict);
});

test('without marks a figure is told; the allowance is 15 %, and not more', () => {
  expect(verdictOf({ better: 'more' }, 1)).toBe('told');
  expect(withAllowance(1, 'more')).toBeCloseTo(0.85);
  expect(withAllowance(1, 'less')).toBeCloseTo(1.15);
});

test('rows and single lines can be named; all of them at full length are written, fewer or quicker ones are not', () => {
  expect(parseOptions(['G8', 'G5a'])).toMatchObject({ lines: ['G8a', 'G8b', 'G8c', 'G5a'], write: false, rounds: 5 });
  expect(parseOptions([]).write).toBe(true);
  expect([parseOptions(['--quick']).write, parseOptions(['--slow']).write]).toEqual([false, false]);
  expect(parseOptions(['G1', '--seconds', '0.5', '--rounds', '3', '--write'])).toMatchObject({
    ms: 500,
    rounds: 3,
    write: true,
  });
});

test.each([[['G99']], [['--rounds', '0']], [['--seconds', 'soon']], [['--colour']]])('%s is refused', (args) => {
  expect(() => parseOptions(args)).toThrow();
});
