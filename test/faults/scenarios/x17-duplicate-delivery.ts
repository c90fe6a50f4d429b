/** X17: every frame arrives twice, then five times: the ends are those of an undisturbed run, and nothing takes effect twice (PROM-D13). */
import type { Scenario } from '../harness.ts';
import { ask, that } from '../workload.ts';
import { createMiddles } from '../ws-middle.ts';

export const scenario: Scenario = {
  id: 'X17',
  name: 'duplicate-delivery',
  set: 'short',
  async run(_seed, kit) {
    const { middles, between } = createMiddles();
    const mesh = await kit.start({ between });
    const states: string[] = [];
    for (const times of [1, 2, 5]) {
      kit.inject(`each frame ${times} times`);
      for (const middle of middles) middle.set(({ text }) => Array.from({ length: times }, () => ({ text })));
      const task_ids = await ask(mesh, 30, { params: { wait_ms: 5, thoughts: 2 } }, `times-${times}`);
      const tasks = await Promise.all(task_ids.map((task_id) => mesh.caller.ended(task_id)));
      states.push(tasks.map(({ state }) => state).join());
    }
    kit.recovered();
    return {
      verdict: [
        ...that(new Set(states).size === 1, 'the ends differ from those of an undisturbed run'),
        ...that(mesh.runs().length === 90, `${mesh.runs().length} runs of 90 wishes`),
        ...that(
          middles.every(({ closes }) => closes.every(({ code }) => code !== 4000)),
          'a doubled frame was called abuse',
        ),
        ...(await mesh.finish()),
      ],
    };
  },
};
