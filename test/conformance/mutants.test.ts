/** The kit proven: each wrong agent fails exactly the sentences that it breaks, and the good one that they are made of fails none. */
import { describe, expect, test } from 'vitest';
import { conform, type Profile, type Report, type RequirementId } from '../../conformance/index.ts';
import { serveGoodAgent } from './mutants/good-agent.ts';
import { openMiddle } from './mutants/middle.ts';
import type { Mutant } from './mutants/mutant.ts';
import { mutantsOfCalls } from './mutants/of-calls.ts';
import { mutantsOfDiscovery } from './mutants/of-discovery.ts';
import { mutantsOfFrames } from './mutants/of-frames.ts';
import { mutantsOfHello } from './mutants/of-hello.ts';
import { mutantsOfTheWire } from './mutants/of-the-wire.ts';
import { mutantsOfWork } from './mutants/of-work.ts';
import { failed, quick, whyOf } from './mutants/outcome.ts';

const mutants: readonly Mutant[] = [
  ...mutantsOfTheWire,
  ...mutantsOfFrames,
  ...mutantsOfCalls,
  ...mutantsOfDiscovery,
  ...mutantsOfHello,
  ...mutantsOfWork,
];

test.each(['bare', 'mesh.v1'] as const)('the good agent breaks nothing, as %s', async (profile) => {
  const report = await tried(profile, () => ({}));
  expect(failed(report), whyOf(report)).toEqual([]);
  expect(report.conforms).toBe(true);
});

test('there are forty wrong agents and more, no two that do the same', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(40);
  expect(new Set(mutants.map(({ does, profile }) => `${profile} ${does}`)).size).toBe(mutants.length);
});

describe.concurrent('a wrong agent fails what it breaks, and nothing else', () => {
  test.each(mutants.map((mutant) => [mutant.does, mutant] as const))(
    '%s',
    async (_does, { profile, breaks, ...wrong }) => {
      const report = await tried(profile, wrong.lie, quick(breaks));
      expect(failed(report), whyOf(report)).toEqual([...breaks].sort());
      expect(report.conforms).toBe(
        report.results.every(({ outcome, level }) => outcome !== 'fail' || level !== 'must'),
      );
    },
  );
});

/** Runs the kit against the good agent with somebody in the middle. */
async function tried(profile: Profile, lie: Mutant['lie'], only?: RequirementId[]): Promise<Report> {
  const middle = await openMiddle();
  const { served, orchestrator_key } = await serveGoodAgent(middle.address);
  const key = { id: 'orchestrator', private_key: orchestrator_key };
  middle.begin(served.port, lie({ orchestrator: key, address: middle.address }));
  const leave = () => served.drain(2_000);
  try {
    return await conform({
      url: `ws://${middle.address}`,
      profiles: [profile],
      key,
      only,
      seed: 7,
      runs: 5,
      drain: () => void leave(),
    });
  } finally {
    await middle.close();
    await leave();
  }
}
