/** X33: an agent, and then the orchestrator, is busy for 3 s: nobody takes that for a death, nothing is done twice. */
import type { Scenario } from '../harness.ts';
import { ask, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X33',
  name: 'event-loop-block',
  set: 'full',
  async run(_seed, kit) {
    // The orchestrator holds its loop when it has kept the first of the wishes that come after the agents were busy.
    const mesh = await kit.start({ failpoints: `dispatch.after_commit=block:${BUSY_MS}@13` });
    kit.inject('each agent is busy for 3 s');
    const blocking = await ask(mesh, 2, { params: { blocks_ms: BUSY_MS } }, 'busy');
    const beside = await ask(mesh, 10, {}, 'beside');
    const tasks = await Promise.all([...blocking, ...beside].map((task_id) => mesh.caller.ended(task_id)));
    const calm_s = await lagOf(mesh.url); // what it was so far is forgotten
    kit.inject('the orchestrator is busy for 3 s');
    const began = performance.now();
    const after = await ask(mesh, 10, {}, 'after');
    tasks.push(...(await Promise.all(after.map((task_id) => mesh.caller.ended(task_id)))));
    const held_ms = Math.round(performance.now() - began);
    const lag_s = await lagOf(mesh.url);
    const recovery_ms = kit.recovered();
    const runs = mesh.runs().length;
    return {
      verdict: [
        ...that(runs === 22, `${runs} runs of 22 wishes`),
        ...that(
          tasks.every(({ state }) => state === 'completed'),
          'not all completed',
        ),
        ...that(held_ms >= BUSY_MS, `it was busy for ${held_ms} ms`),
        ...that(lag_s >= BUSY_MS / 1_000 - 0.5, `its metrics tell a lag of ${lag_s} s at most`),
        ...within('going on', recovery_ms - BUSY_MS, 5_000),
        ...that(!/an agent is gone/.test(mesh.orchestrator.words()), 'an agent was taken for dead'),
        ...(await mesh.finish()),
      ],
      recovery_ms,
      figures: { calm_lag_s: calm_s, busy_lag_s: lag_s },
    };
  },
};

/** The longest lag of the event loop since somebody last asked, s. */
async function lagOf(url: string): Promise<number> {
  const response = await fetch(`${url.replace('ws', 'http')}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const [, value = 'NaN'] = /^aurora_nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(await response.text()) ?? [];
  return Number(Number(value).toFixed(2));
}

const BUSY_MS = 3_000;
