/** X16: links of 1-byte pieces and 50 ms: everything completes, and a deadline still is one. */
import type { Scenario } from '../harness.ts';
import { ask, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X16',
  name: 'slow-sliced',
  set: 'short',
  async run(_seed, kit) {
    const mesh = await kit.start({ proxied: true });
    kit.inject('1-byte slices, 50 ms, both ways');
    const slow = { slice_bytes: 1, latency_ms: 50 };
    for (const id of ['double-a', 'double-b']) mesh.proxy(id).set({ up: slow, down: slow });
    const task_ids = await ask(mesh, 12);
    const began = performance.now();
    const late = await mesh.caller.insist({
      params: { call: 'late', until: kit.file('never') },
      options: { deadline_ms: DEADLINE_MS },
    });
    const { state, error } = await mesh.caller.ended(late);
    const took_ms = performance.now() - began;
    const tasks = await Promise.all(task_ids.map((task_id) => mesh.caller.ended(task_id)));
    kit.recovered();
    return {
      verdict: [
        ...that(
          tasks.every((task) => task.state === 'completed'),
          'not all completed',
        ),
        ...that(state === 'failed' && error?.code === 5040, `the late one ended ${state} with ${error?.code ?? 0}`),
        ...within('the deadline', took_ms, DEADLINE_MS + 500),
        ...(await mesh.finish()),
      ],
    };
  },
};

const DEADLINE_MS = 1_500;
