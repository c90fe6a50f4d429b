/** Guessing is told within a bound: whoever writes a log may name whom they like, as often as they like. */
import { expect, test } from 'vitest';
import { createGuessWatch, type Habits, type Login } from '../../../analysis/logins/index.ts';

const HABITS: Habits = { few: 6, many: 10, names: 6, shares_addresses: true, pause_ms: 60_000, lull_ms: 1_800_000 };
const login = (address: string, account: string, works = false): Login => ({
  works,
  account,
  address,
  is_unknown: false,
  times: 1,
  kind: 'logon',
  by_key: false,
  looks_forged: false,
});

test('a hundred thousand names are kept of all addresses together; further ones are counted as left, and those known go on', () => {
  const watch = createGuessWatch<string>(HABITS);
  for (let nth = 0; nth < 100_000; nth++) watch.note(login(`10.0.0.${nth % 200}`, `user${nth}`), 'r');
  expect(watch.left()).toBe(0);
  for (let nth = 0; nth < 40; nth++) watch.note(login('10.9.9.9', `late${nth}`), 'r');
  expect(watch.left()).toBe(40);
  watch.note(login('10.0.0.1', 'user1'), 'r');
  expect(watch.left()).toBe(40);
  expect(watch.guessing().map(({ rule }) => rule)).toContain('login/spraying');
});

test('failures of twenty thousand addresses are kept, further ones are counted as left', () => {
  const watch = createGuessWatch<number>(HABITS);
  for (let nth = 0; nth < 20_007; nth++) watch.note(login(`host-${nth}`, 'admin'), nth);
  expect(watch.left()).toBe(7);
});

test('names that failed by the hundred thousand take no room from those that got in', () => {
  const watch = createGuessWatch<string>(HABITS);
  for (let nth = 0; nth < 100_000; nth++) watch.note(login(`10.0.0.${nth % 200}`, `user${nth}`), 'r');
  const many = Array.from({ length: 20 }, (_, nth) => `staff${nth}`);
  for (const name of many) watch.note(login('terminal', name, true), 'r');
  for (const name of many.slice(0, 8)) watch.note(login('terminal', name), 'r');
  expect(watch.guessing().filter(({ address }) => address === 'terminal')).toEqual([]);
});
