/** The kit proven on orchestrators: each wrong one fails exactly the sentences that it breaks, and the product's own fails none. */
import { describe, expect, test } from 'vitest';
import { conform, type Report } from '../../conformance/index.ts';
import { startGoodOrchestrator } from './mutants/good-orchestrator.ts';
import { openMiddle } from './mutants/middle.ts';
import { quick, failed, whyOf } from './mutants/outcome.ts';
import { wrongOrchestrators, type WrongOrchestrator } from './mutants/of-orchestrators.ts';
import { mutantsOfTrust } from './mutants/of-trust.ts';

test.each(['monitor', 'active'] as const)('the orchestrator of the product breaks nothing in mode %s', async (mode) => {
  const report = await tried({ does: 'all as it should', breaks: [], mode });
  expect(failed(report), whyOf(report)).toEqual([]);
  expect(report.conforms).toBe(true);
});

describe.concurrent('a wrong orchestrator fails what it breaks, and nothing else', () => {
  test.each([...wrongOrchestrators, ...mutantsOfTrust].map((wrong) => [wrong.does, wrong] as const))(
    '%s',
    async (_does, wrong) => {
      const report = await tried(wrong);
      expect(failed(report), whyOf(report)).toEqual([...wrong.breaks].sort());
    },
  );
});

/** Runs the kit against an orchestrator that lies to who asks it, or to its agents. */
async function tried({ breaks, lie, said, misheard, mode }: WrongOrchestrator): Promise<Report> {
  const middle = await openMiddle();
  const orchestrator = await startGoodOrchestrator(middle.address, { said: said?.(), misheard: misheard?.(), mode });
  middle.begin(orchestrator.port, lie?.() ?? {});
  const key = (id: keyof typeof orchestrator.keys) => ({ id, private_key: orchestrator.keys[id] });
  try {
    return await conform({
      url: `ws://${middle.address}`,
      profiles: ['orchestrator'],
      only: quick(breaks),
      key: key('operator:kit'),
      agent_key: key('conformance-agent'),
      peer_key: key('conformance-peer'),
      allow_effects: mode === 'active',
      seed: 7,
      runs: 5,
    });
  } finally {
    await middle.close();
    await orchestrator.close();
  }
}
