/** X33: an agent, and then the orchestrator, is busy for 3 s: nobody takes that for a death, nothing is done twice. */
import type { Scenario } from '../harness.ts';
import { pause } from '../waiting.ts';
import { ask, that } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X33',
  name: 'event-loop-block',
  set: 'full',
  async run(_seed, kit) {
    const mesh = await kit.start();
    kit.inject('each agent is busy for 3 s');
    const blocking = await ask(mesh, 2, { params: { blocks_ms: BUSY_MS } }, 'busy');
    const beside = await ask(mesh, 10, {}, 'beside');
    const tasks = await Promise.all([...blocking, ...beside].map((task_id) => mesh.caller.ended(task_id)));
    kit.inject('the orchestrator stands still for 3 s');
    mesh.orchestrator.signal('SIGSTOP');
    await pause(BUSY_MS);
    mesh.orchestrator.signal('SIGCONT');
    const after = await ask(mesh, 10, {}, 'after');
    tasks.push(...(await Promise.all(after.map((task_id) => mesh.caller.ended(task_id)))));
    kit.recovered();
    const runs = mesh.runs().length;
    return {
      verdict: [
        ...that(runs === 22, `${runs} runs of 22 wishes`),
        ...that(
          tasks.every(({ state }) => state === 'completed'),
          'not all completed',
        ),
        ...that(!/an agent is gone/.test(mesh.orchestrator.words()), 'an agent was taken for dead'),
        ...(await mesh.finish()),
      ],
    };
  },
};

const BUSY_MS = 3_000;
