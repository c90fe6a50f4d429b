/** X37: one input kills whoever takes it: three crashes, then a dead letter with its causes; all other work completes (INV19). */
import type { Scenario } from '../harness.ts';
import { ask, that } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X37',
  name: 'poison',
  set: 'full',
  async run(_seed, kit) {
    const mesh = await kit.start({ revive: true });
    kit.inject('an input that kills');
    const poison = await mesh.caller.insist({ params: { call: 'poison', dies: 'before' } });
    const others = await ask(mesh, 20, { params: { wait_ms: 50 } });
    const dead = await mesh.caller.ended(poison, 60_000);
    const tasks = await Promise.all(others.map((task_id) => mesh.caller.ended(task_id, 60_000)));
    kit.recovered();
    const crashes = mesh.runs().filter(({ call }) => call === 'poison').length;
    const done = tasks.filter(({ state }) => state === 'completed').length;
    const verdict = await mesh.finish();
    const end = mesh
      .journal()
      .find((event) => event.who === 'journal' && event.task_id === poison && event.type === 'dead_lettered');
    return {
      verdict: [
        ...that(crashes <= 3, `${crashes} crashes`),
        ...that(dead.state === 'failed', `the poison ended ${dead.state}`),
        ...that(end !== undefined, 'it is no dead letter'),
        ...that(done === 20, `${20 - done} other tasks did not complete`),
        ...verdict,
      ],
      figures: { crashes },
    };
  },
};
