/** Where a text stops being JSON. */
import { expect, test } from 'vitest';
import { placeOf } from '../../orchestrator/json-place.ts';

function placeIn(text: string): string {
  try {
    JSON.parse(text);
  } catch (fault) {
    return placeOf(fault, text);
  }
  throw new Error('this is JSON');
}

test.each([
  ['{"a": x}', ': line 1, column 7'],
  ['{"a": 1,\n "b": 2,\n "c": x, "d": [1,2,3,4,5,6,7,8,9]}', ': line 3, column 7'],
  ['{"a" 1}', ': line 1, column 6'],
  ['{"a": 1}\n}', ': line 2, column 1'],
  ['x', ': line 1, column 1'],
  ["{'a': 1}", ': line 1, column 2'],
  ['[1,\n2,', ': it stops at line 2, column 3'],
  ['{"a": tru', ': it stops at line 1, column 10'],
  ['', ': it stops at line 1, column 1'],
])('%j is broken %s', (text, place) => {
  expect(placeIn(text)).toBe(place);
});

test('a stray token in a long text is not searched for, and what is no fault of JSON has no place', () => {
  expect(placeIn(`[${'1,'.repeat(131_072)} x]`)).toBe('');
  expect(placeOf(new Error('at position 3'), 'text')).toBe('');
});
