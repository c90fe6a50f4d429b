/** X7: an agent is killed in the middle of a skill; another one takes the work over, at once. */
import type { Scenario } from '../harness.ts';
import { until } from '../waiting.ts';

export const scenario: Scenario = {
  id: 'X7',
  name: 'agent-kill-mid-skill',
  set: 'short',
  async run(_seed, kit) {
    const mesh = await kit.start();
    const calls = Array.from({ length: 8 }, (_, place) => `wish-${place}`);
    await Promise.all(calls.map((call) => mesh.caller.insist({ params: { call, until: kit.file('go') } })));
    await until('all run', () => mesh.runs().length === calls.length);

    const victim = kit.random.next() < 0.5 ? 'double-a' : 'double-b';
    const lost = mesh.runs().filter(({ agent_id }) => agent_id === victim);
    kit.inject(`SIGKILL ${victim} with ${lost.length} tasks`);
    mesh.agent(victim).signal('SIGKILL');
    await until('the lost work runs elsewhere', () => mesh.runs().length === calls.length + lost.length);
    const recovery_ms = kit.recovered();
    await mesh.agent(victim).gone();
    await mesh.agent(victim).start();
    kit.touch('go');
    const late = recovery_ms <= REDELIVERY_MS_MAX ? [] : [`redelivered after ${recovery_ms} ms`];
    return { verdict: [...late, ...(await mesh.finish())], recovery_ms, figures: { redelivered: lost.length } };
  },
};

const REDELIVERY_MS_MAX = 2_000;
