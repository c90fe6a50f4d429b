/** The counts of what was asked lately: what one requester asked, and how many requesters are remembered (ATK-F10). */
import { expect, test } from 'vitest';
import { createRecentActions } from '../../orchestrator/recent.ts';
import { manualClock } from '../../seams/index.ts';

const REQUESTERS_MAX = 1_000;
const none = { list: () => Promise.resolve([]) };

test('a question counts for a minute (ATK-F10)', () => {
  const clock = manualClock();
  const recent = createRecentActions({ clock, ledger: none });
  expect(recent.countQuestion('alice')).toBe(1);
  clock.advance(20_000);
  expect(recent.countQuestion('alice')).toBe(2);
  expect(recent.waitFor('alice')).toBe(40_000);
  clock.advance(40_000);
  expect(recent.questions('alice')).toBe(1);
});

test('of more requesters than are remembered those are forgotten that asked longest ago, and never who goes on asking (ATK-F10)', () => {
  const clock = manualClock();
  const recent = createRecentActions({ clock, ledger: none });
  recent.countQuestion('flood');
  recent.countQuestion('quiet');
  for (let nth = 2; nth < REQUESTERS_MAX; nth++) recent.countQuestion(`requester-${nth}`);
  recent.countQuestion('flood');
  expect(recent.questions('quiet')).toBe(1);
  recent.countQuestion('one more');
  expect(recent.questions('quiet')).toBe(0);
  expect(recent.questions('flood')).toBe(2);
});

test('a question looks at no requester but its own, however many are active (ATK-F10)', () => {
  const clock = manualClock();
  let looks = 0;
  const counting = { ...clock, monotonic: () => ((looks += 1), clock.monotonic()) };
  const recent = createRecentActions({ clock: counting, ledger: none });
  for (let nth = 0; nth < 2 * REQUESTERS_MAX; nth++) recent.countQuestion(`requester-${nth}`);
  looks = 0;
  recent.countQuestion('one more');
  expect(looks).toBeLessThan(10);
});
