/** X11: an agent stands still past its lease and goes on: its work was given on, and its stale result changes nothing (INV7). */
import type { Scenario } from '../harness.ts';
import { pause, until } from '../waiting.ts';
import { holdRunning, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X11',
  name: 'agent-freeze-past-lease',
  set: 'full',
  async run(_seed, kit) {
    const mesh = await kit.start();
    const task_ids = await holdRunning(kit, mesh, 4, { params: { deaf: true } });
    const victim = kit.random.next() < 0.5 ? 'double-a' : 'double-b';
    const frozen = mesh.runs().filter(({ agent_id }) => agent_id === victim);
    kit.inject(`SIGSTOP ${victim} with ${frozen.length} tasks`);
    mesh.agent(victim).signal('SIGSTOP');
    const frozen_at = performance.now();
    await until('the frozen work runs elsewhere', () => mesh.runs().length === 4 + frozen.length, 40_000);
    const recovery_ms = kit.recovered();
    await pause(Math.max(0, FROZEN_MS - (performance.now() - frozen_at)));
    kit.touch('go'); // both finish: the heir, and the one who was given up
    mesh.agent(victim).signal('SIGCONT');
    await until('the frozen runs end too', () => mesh.runs('exec-end').length === 4 + frozen.length);
    const tasks = await Promise.all(task_ids.map((task_id) => mesh.caller.ended(task_id)));
    await mesh.caller.online([victim]);
    const verdict = await mesh.finish();
    return {
      verdict: [
        ...that(
          tasks.every(({ state }) => state === 'completed'),
          'not all tasks completed',
        ),
        ...within('giving the work on', recovery_ms, 25_000),
        ...verdict,
      ],
      recovery_ms,
    };
  },
};

const FROZEN_MS = 30_000;
