/** X38: five times the load for a while, by callers who just ask again; then less than all: goodput returns by itself (PROM-D14, INV12, INV18, INV20). */
import type { Scenario, TestMesh } from '../harness.ts';
import { pause } from '../waiting.ts';
import { that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X38',
  name: 'overload-and-release',
  set: 'full',
  ms_max: 180_000,
  async run(_seed, kit) {
    const mesh = await kit.start();
    const rate = await load(mesh, 'before', { per_s: BASE_PER_S, seconds: 5 });
    kit.inject(`${5 * CAPACITY_PER_S} wishes a second for ${OVERLOAD_S} s`);
    const over = await load(mesh, 'over', { per_s: 5 * CAPACITY_PER_S, seconds: OVERLOAD_S, naive: true });
    kit.inject('release');
    let after = await load(mesh, 'after-0', { per_s: BASE_PER_S, seconds: 3 });
    for (let round = 1; after.good < GOOD * rate.good && round < 5; round++) {
      after = await load(mesh, `after-${round}`, { per_s: BASE_PER_S, seconds: 3 });
    }
    const recovery_ms = kit.recovered();
    return {
      verdict: [
        ...that(after.good >= GOOD * rate.good, `goodput ${after.good} of ${rate.good} after the release`),
        ...within('returning', recovery_ms, 15_000),
        ...that(over.refused > 0, 'an overload, and nobody was refused'),
        ...(await mesh.finish()),
      ],
      recovery_ms,
      figures: { accepted: over.accepted, refused: over.refused },
    };
  },
};

/** Asks so often, each taking a tenth of a second of one of 128 places; answers how many were accepted, and ended within 2 s, a second. */
async function load(
  mesh: TestMesh,
  name: string,
  { per_s, seconds, naive = false }: { per_s: number; seconds: number; naive?: boolean },
): Promise<{ accepted: number; refused: number; good: number }> {
  const callers = [0, 1, 2, 3, 4, 5, 6, 7].map((place) => mesh.another(`${name}-${place}`));
  const count = { accepted: 0, refused: 0, good: 0 };
  const asked: Promise<void>[] = [];
  const one = async (place: number) => {
    const wish = { params: { call: `${name}-${place}`, wait_ms: SERVICE_MS } };
    const began = performance.now();
    for (let times = 0; times < (naive ? 3 : 1); times++) {
      const answer = await callers[place % callers.length]?.ask(wish);
      if (answer?.kind === 'ok') {
        count.accepted += 1;
        if (performance.now() - began < 2_000) count.good += 1;
        return;
      }
      count.refused += 1;
      if (naive) await pause(1_000 * 2 ** times);
    }
  };
  for (let tick = 0; tick < seconds * TICKS_PER_S; tick++) {
    const size = Math.round(per_s / TICKS_PER_S);
    for (let place = 0; place < size; place++) asked.push(one(tick * size + place));
    await pause(1_000 / TICKS_PER_S);
  }
  await Promise.all(asked);
  for (const caller of callers) caller.close();
  return { ...count, good: count.good / seconds };
}

const SERVICE_MS = 400;
/** Two doubles, 64 places each, 0.4 s a wish: 320 a second. */
const CAPACITY_PER_S = 320;
const BASE_PER_S = 100;
const OVERLOAD_S = 10;
const TICKS_PER_S = 20;
const GOOD = 0.95;
