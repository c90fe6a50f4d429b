/** X38: five times the load for a while, by callers who just ask again; then less than all: goodput and its p99 return by themselves (PROM-D14, INV12, INV18). */
import type { Scenario, TestMesh } from '../harness.ts';
import { rowsOf } from '../history.ts';
import { pause } from '../waiting.ts';
import { that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X38',
  name: 'overload-and-release',
  set: 'full',
  ms_max: 180_000,
  async run(_seed, kit) {
    const mesh = await kit.start();
    const before = goodOf(mesh, await load(mesh, 'before', { per_s: BASE_PER_S, seconds: 5 }));
    kit.inject(`${5 * CAPACITY_PER_S} wishes a second for ${OVERLOAD_S} s`);
    const over = await load(mesh, 'over', { per_s: 5 * CAPACITY_PER_S, seconds: OVERLOAD_S, naive: true });
    kit.inject('release');
    let after = await released(mesh, 0);
    for (let round = 1; !isBack(before, after) && round < ROUNDS_MAX; round++) after = await released(mesh, round);
    const recovery_ms = kit.recovered();
    const broken = await mesh.finish();
    const { p99_ms } = goodOf(mesh, over);
    return {
      verdict: [
        ...that(before.per_s >= GOOD * BASE_PER_S, `goodput ${before.per_s} of ${BASE_PER_S} before the overload`),
        ...that(isBack(before, after), `after the release ${said(after)}, before ${said(before)}`),
        ...within('returning', recovery_ms, 15_000),
        ...that(over.refused > 0, 'an overload, and nobody was refused'),
        ...broken,
      ],
      recovery_ms,
      figures: { accepted: over.accepted.size, refused: over.refused, p99_before: before.p99_ms, p99_over: p99_ms },
    };
  },
};

/** What was asked for, and what became of it at first. */
interface Load {
  /** When each task that was accepted was first asked for, wall ms. */
  accepted: Map<string, number>;
  refused: number;
  seconds: number;
}

/** Asks so often, each for SERVICE_MS of one of 128 places. */
async function load(
  mesh: TestMesh,
  name: string,
  { per_s, seconds, naive = false }: { per_s: number; seconds: number; naive?: boolean },
): Promise<Load> {
  const callers = [0, 1, 2, 3, 4, 5, 6, 7].map((place) => mesh.another(`${name}-${place}`));
  const told: Load = { accepted: new Map(), refused: 0, seconds };
  const asked: Promise<void>[] = [];
  const one = async (place: number) => {
    const wish = { params: { call: `${name}-${place}`, wait_ms: SERVICE_MS } };
    const began = Date.now();
    for (let times = 0; times < (naive ? 3 : 1); times++) {
      const answer = await callers[place % callers.length]?.ask(wish);
      if (answer?.kind === 'ok') {
        told.accepted.set(answer.task_id, began);
        return;
      }
      told.refused += 1;
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
  await pause(GOOD_MS); // what ends later is not good
  return told;
}

/** How many a second ended well within GOOD_MS of being asked for, and what 99 of 100 that ended took at most. */
function goodOf(mesh: TestMesh, { accepted, seconds }: Load): Good {
  const took = rowsOf(mesh.journal(), 'succeeded')
    .map(({ task_id, at }) => Date.parse(at) - (accepted.get(task_id) ?? NaN))
    .filter((ms) => !Number.isNaN(ms))
    .sort((left, right) => left - right);
  const p99_ms = took[Math.ceil(took.length * 0.99) - 1] ?? Infinity;
  return { per_s: took.filter((ms) => ms <= GOOD_MS).length / seconds, p99_ms };
}

interface Good {
  per_s: number;
  p99_ms: number;
}

const released = async (mesh: TestMesh, round: number): Promise<Good> =>
  goodOf(mesh, await load(mesh, `after-${round}`, { per_s: BASE_PER_S, seconds: 3 }));

const isBack = (before: Good, after: Good): boolean =>
  after.per_s >= GOOD * before.per_s && after.p99_ms <= SLOWER_MAX * before.p99_ms;
const said = ({ per_s, p99_ms }: Good): string => `${Math.round(per_s)} a second, p99 ${p99_ms} ms`;

const SERVICE_MS = 400;
/** Two doubles, 64 places each, SERVICE_MS a wish: 320 a second. */
const CAPACITY_PER_S = 320;
const BASE_PER_S = 100;
const OVERLOAD_S = 10;
const TICKS_PER_S = 20;
/** How soon after it was asked for a wish has to end, to count as good. */
const GOOD_MS = 2_000;
const GOOD = 0.95;
/** How much more than before 99 of 100 may take. */
const SLOWER_MAX = 2;
const ROUNDS_MAX = 3;
