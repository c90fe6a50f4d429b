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

const OF_A_HOST: Habits = {
  few: 3,
  many: 6,
  names: 4,
  shares_addresses: false,
  pause_ms: Number.POSITIVE_INFINITY,
  lull_ms: Number.POSITIVE_INFINITY,
};

test('each account that somebody got into after failures is named: the first one was, and could be their own', () => {
  const watch = createGuessWatch<string>(OF_A_HOST);
  watch.note(login('203.0.113.9', 'bob', true), 'bob before');
  for (let nth = 0; nth < 3; nth++) watch.note(login('203.0.113.9', 'me'), `me ${nth}`);
  watch.note(login('203.0.113.9', 'me', true), 'me in');
  for (let nth = 0; nth < 12; nth++) watch.note(login('203.0.113.9', 'root'), `root ${nth}`);
  watch.note(login('203.0.113.9', 'root', true), 'root in');
  watch.note(login('203.0.113.9', 'me', true), 'me again');
  watch.note(login('203.0.113.9', 'bob', true), 'bob again');
  const [guessed, ...others] = watch.guessing();
  expect(others).toEqual([]);
  expect(guessed).toMatchObject({ rule: 'login/guessed', severity: 'high', techniques: ['T1110.001'] });
  expect(guessed?.title).toBe(
    '203.0.113.9 logged in as me after 3 failures and as root after 15; 15 logins from 203.0.113.9 failed',
  );
  expect(guessed?.records).toEqual(['me in', 'me 0', 'root in']);
});

test('of a thousand accounts that were guessed five are named, and fifty counted', () => {
  const watch = createGuessWatch<number>(OF_A_HOST);
  for (let nth = 0; nth < 1_000; nth++) {
    watch.note(login('203.0.113.9', `user${nth}`), nth);
    watch.note(login('203.0.113.9', `user${nth}`, true), nth);
  }
  const [guessed] = watch.guessing();
  expect(guessed?.title).toContain('as user6 after 7 and as at least 45 others');
  expect(guessed?.records.length).toBeLessThan(10);
});

test.each([
  ['of many users', { ...HABITS, names: 4 }],
  ['of a host', OF_A_HOST],
])('a storm that let somebody in is critical and holds both techniques, in a log %s', (_whose, habits) => {
  const watch = createGuessWatch<string>(habits);
  for (let nth = 0; nth < 60; nth++) {
    watch.note(login(`198.51.100.${nth % 12}`, `user${nth % 5}`), 'r');
    watch.note(login('198.51.100.7', `name${nth}`), 'r');
  }
  watch.note(login('198.51.100.7', 'root', true), 'in');
  const guessed = watch.guessing().find(({ rule }) => rule === 'login/guessed');
  expect(guessed).toMatchObject({ severity: 'critical', techniques: ['T1110.003', 'T1110.001'] });
});

test('who only mistyped their own password in the midst of a storm got in with high, not critical', () => {
  const watch = createGuessWatch<string>(OF_A_HOST);
  for (let nth = 0; nth < 60; nth++) watch.note(login(`198.51.100.${nth}`, 'root'), 'r');
  for (let nth = 0; nth < 3; nth++) watch.note(login('203.0.113.9', 'ann'), 'r');
  watch.note(login('203.0.113.9', 'ann', true), 'r');
  expect(watch.guessing().map(({ rule, severity, techniques }) => [rule, severity, techniques])).toEqual([
    ['login/guessed', 'high', ['T1110.001']],
    ['login/spraying', 'low', ['T1110.003']],
  ]);
});
