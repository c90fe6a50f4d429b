/** X39: a cancel at every step of a task's way: after its acknowledgement nothing starts, and the end is one (INV9, PROM-P7). */
import type { Scenario } from '../harness.ts';
import { pause } from '../waiting.ts';
import { that } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X39',
  name: 'cancel-races',
  set: 'short',
  async run(_seed, kit) {
    const mesh = await kit.start();
    kit.inject(`${ROUNDS} cancels`);
    const ends = new Map<string, number>();
    const round = async (place: number) => {
      // More wishes than places, so that some are cancelled while they wait; delays reach past the end of the work.
      const wish = {
        params: { call: `race-${place}`, wait_ms: Math.floor(kit.random.next() * 20), deaf: place % 5 === 0 },
      };
      const delay_ms = Math.floor(kit.random.next() * 200);
      const task_id = await mesh.caller.insist(wish);
      if (delay_ms > 2) await pause(delay_ms);
      const { state } = await mesh.caller.cancel(task_id);
      ends.set(state, (ends.get(state) ?? 0) + 1);
    };
    for (let first = 0; first < ROUNDS; first += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => round(first + place)));
    kit.recovered();
    const open = [...ends.keys()].filter((state) => state !== 'canceled' && state !== 'completed');
    return {
      verdict: [
        ...that(open.length === 0, `after the acknowledgement: ${open.join()}`),
        ...that(ends.size === 2, `no race: all ended ${[...ends.keys()].join()}`),
        ...(await mesh.finish()),
      ],
      figures: Object.fromEntries(ends),
    };
  },
};

const ROUNDS = 300;
const AT_ONCE = 50;
