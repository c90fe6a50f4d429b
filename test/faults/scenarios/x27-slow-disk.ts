/** X27: every sync takes 300 ms: work shares syncs, so all of it is accepted in time, and no timeout pulls down another. */
import type { Scenario } from '../harness.ts';
import { syncsIn, underSyncFault } from '../trace.ts';
import { that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X27',
  name: 'slow-disk',
  set: 'full',
  needs: ['strace'],
  async run(_seed, kit) {
    const mesh = await kit.start();
    await mesh.orchestrator.end('SIGKILL');
    const trace = kit.file('trace');
    kit.inject(`each sync takes ${DELAY_MS} ms`);
    await mesh.orchestrator.start({ wrap: underSyncFault(trace, { does: { delay_ms: DELAY_MS } }) });
    await mesh.caller.online(['double-a', 'double-b']);
    const before = syncsIn(trace);
    const took: number[] = [];
    let refused = 0;
    const one = async (call: string) => {
      const began = performance.now();
      const answer = await mesh.caller.ask({ params: { call, wait_ms: 20 }, options: { idempotency_key: call } });
      if (answer.kind === 'ok') took.push(performance.now() - began);
      else refused += 1;
    };
    for (let wave = 0; wave < WAVES; wave++)
      await Promise.all(Array.from({ length: WAVE }, (_, place) => one(`wish-${wave}-${place}`)));
    for (const task_id of mesh.caller.accepted) await mesh.caller.ended(task_id);
    kit.recovered();
    const syncs = syncsIn(trace) - before;
    const attempts = mesh.journal().filter((event) => event.who === 'journal' && event.type === 'leased').length;
    took.sort((left, right) => left - right);
    const p99 = Math.round(took[Math.ceil(0.99 * took.length) - 1] ?? Infinity);
    return {
      verdict: [
        ...that(refused === 0, `${refused} of ${WAVES * WAVE} were not accepted`),
        ...that(syncs < took.length / 2, `${syncs} syncs for ${took.length} wishes`),
        ...that(attempts === took.length, `${attempts} attempts for ${took.length} wishes`),
        ...within('the accept of one in a hundred', p99, 10 * DELAY_MS),
        ...(await mesh.finish()),
      ],
      figures: { accepted: took.length, syncs, accept_p99_ms: p99 },
    };
  },
};

const DELAY_MS = 300;
const WAVES = 5;
const WAVE = 40;
