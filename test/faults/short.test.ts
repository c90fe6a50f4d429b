/** The short set of faults, one scenario after the other, and the count of all that there are. */
import { describe, expect, test } from 'vitest';
import { BY_HAND } from './by-hand.ts';
import type { Scenario } from './harness.ts';
import { loadScenarios, runOnce } from './runner.ts';

const SEED = 1;
/** More than a scenario of the short set may take on a machine that is busy. */
const MS_MAX = 150_000;
const scenarios = await loadScenarios();
const required = (process.env['AURORA_REQUIRE'] ?? '').split(',').includes('faults');
const short = scenarios.filter(({ set }) => set === 'short');
/** The invariants that a scenario judges by a rule of its own, beside those of the checker. */
const INVARIANTS: Readonly<Record<string, string>> = {
  X5: 'INV1 INV2 INV3 INV5 INV6 INV16 INV21',
  X18: 'INV17',
};

describe('the short set', () => {
  const cases = short.map((scenario) => [titleOf(scenario), scenario] as const);
  test.for(cases)('%s', { timeout: MS_MAX }, async ([name, scenario], { skip }) => {
    const said: string[] = [];
    const { skipped, verdict } = await runOnce(scenario, SEED, { say: (line) => said.push(line), set: 'short' });
    if (skipped !== undefined && required) throw new Error(`AURORA_REQUIRE=faults, but ${name} ${skipped}`);
    if (skipped !== undefined) console.error(`SKIP ${name}: ${skipped}`);
    skip(skipped !== undefined);
    expect(verdict, said.join('\n')).toEqual([]);
  });
});

test('each fault but the one of a bus between nodes has one scenario: those of the short set run here, the others by hand', () => {
  const named = (all: readonly Scenario[]) => all.map(({ id, name }) => `FLT-${id} ${name}`);
  expect(named(short)).toEqual(SHORT);
  expect(named(scenarios.filter(({ set }) => set === 'full'))).toEqual(BY_HAND);
});

test('what only waits for a package or a privilege is told apart from what held', async () => {
  const [scenario] = short;
  const said: string[] = [];
  const needs = ['/no/such/path'];
  const result = await runOnce({ ...scenario!, needs }, SEED, { say: (line) => said.push(line) });
  expect(result).toMatchObject({ skipped: 'needs /no/such/path', verdict: [] });
  expect(said.join()).toMatch(/SKIP, needs \/no\/such\/path/);
});

function titleOf({ id, name }: Scenario): string {
  const proven = INVARIANTS[id];
  return `FLT-${id} ${name}${proven === undefined ? '' : ` (${proven})`}`;
}

/** Run by each `npm test`. */
const SHORT = [
  'FLT-X2 kill-after-commit-before-ack',
  'FLT-X5 crash-point-sweep',
  'FLT-X7 agent-kill-mid-skill',
  'FLT-X12 drain-under-load',
  'FLT-X13 impatient-drain',
  'FLT-X16 slow-sliced',
  'FLT-X17 duplicate-delivery',
  'FLT-X18 reorder',
  'FLT-X19 bogus-responses',
  'FLT-X25 disk-full',
  'FLT-X26 sync-EIO',
  'FLT-X29 damaged-tail',
  'FLT-X39 cancel-races',
];
