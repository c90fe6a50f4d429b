/** X10: the orchestrator stands still for 20 s and goes on: nothing expires for that, nothing is leased twice, agents are back. */
import type { Scenario } from '../harness.ts';
import { pause, until } from '../waiting.ts';
import { holdRunning, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X10',
  name: 'orchestrator-freeze',
  set: 'full',
  async run(_seed, kit) {
    const mesh = await kit.start();
    await holdRunning(kit, mesh, 6);
    kit.inject('SIGSTOP orchestrator');
    mesh.orchestrator.signal('SIGSTOP');
    await pause(FROZEN_MS);
    mesh.orchestrator.signal('SIGCONT');
    kit.inject('SIGCONT orchestrator');
    await mesh.caller.online(['double-a', 'double-b'], 30_000);
    await mesh.caller.insist({ params: { call: 'after' } });
    await until('new work runs', () => mesh.runs().some(({ call }) => call === 'after'));
    const recovery_ms = kit.recovered();
    const again = mesh.runs().filter(({ call }) => call?.startsWith('held')).length - 6;
    kit.touch('go');
    const verdict = await mesh.finish();
    return {
      verdict: [
        ...that(again === 0, `${again} tasks were redone although their agents lived`),
        ...within('coming back', recovery_ms, 15_000),
        ...verdict,
      ],
      recovery_ms,
      figures: { redone: again },
    };
  },
};

const FROZEN_MS = 20_000;
