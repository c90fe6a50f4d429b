/** The invariants of a mesh that is struck at random (promises.md 2): each seed is judged by all of them, and has put all to the test. */
import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';

/** Of the thousands that `npm run simulate` takes; what these found is found at once. */
const SEEDS = 24;
/** Seconds on a machine of its own; other tests run beside it. */
const LOADED_MS_MAX = 180_000;

test(
  'INV1 INV2 INV4 INV5 INV6 INV8 INV9 INV12 INV13 INV16 INV18 INV21: no seed breaks one, through deaths, bad links, a full disk and a wall that jumps',
  async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { verdict, seen: own } = await simulate(seed);
      expect(verdict, `npm run simulate -- --seed ${seed} --trace`).toEqual([]);
      for (const what of own) seen.add(what);
    }
    // A rule proves nothing about what never happened.
    expect(TRIED.filter((what) => !seen.has(what))).toEqual([]);
  },
  LOADED_MS_MAX,
);

/** What each rule needs to have something to judge: rows of the journal, and what callers and agents saw. */
const TRIED = [
  ...['accepted', 'leased', 'released', 'succeeded', 'failed', 'canceled', 'expired'],
  ...['approval_asked', 'approval_granted', 'approval_consumed', 'unknown_effect'],
  ...['handoff ok', 'handoff info', 'handoff fail', 'cancel ok', 'end ok'],
  ...['exec-start', 'exec-end', 'gone', 'effect-start', 'effect-done', 'leased again'],
];
