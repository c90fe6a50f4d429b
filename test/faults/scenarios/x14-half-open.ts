/** X14: a link swallows everything and stays open: it is noticed by its silence, and what ran there is given on (PROM-P12). */
import type { Scenario } from '../harness.ts';
import { until } from '../waiting.ts';
import { holdRunning, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X14',
  name: 'half-open',
  set: 'full',
  async run(_seed, kit) {
    const mesh = await kit.start({ proxied: true });
    await holdRunning(kit, mesh, 6);
    const lost = mesh.runs().filter(({ agent_id }) => agent_id === 'double-b').length;
    kit.inject(`blackhole before double-b with ${lost} tasks`);
    mesh.proxy('double-b').set({ up: { blackhole: true }, down: { blackhole: true } });
    await until('the work runs elsewhere', () => mesh.runs().length === 6 + lost, 40_000);
    const recovery_ms = kit.recovered();
    mesh.proxy('double-b').set({});
    kit.touch('go');
    await mesh.caller.online(['double-a', 'double-b'], 60_000);
    return {
      verdict: [...within('noticing', recovery_ms, 25_000), ...(await mesh.finish())],
      recovery_ms,
      figures: { redelivered: lost },
    };
  },
};
