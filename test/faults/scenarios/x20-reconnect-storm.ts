/** X20: 500 agents lose their links at once: all are back within 15 s, spread, without a peak that would drown the orchestrator. */
import type { Scenario } from '../harness.ts';
import { startCrowd } from '../crowd.ts';
import { until } from '../waiting.ts';
import { ask, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X20',
  name: 'reconnect-storm',
  set: 'full',
  ms_max: 240_000,
  async run(_seed, kit) {
    const mesh = await kit.start();
    const crowd = await startCrowd({ count: AGENTS, data: mesh.data, url: mesh.url });
    kit.onEnd(() => crowd.close());
    await mesh.caller.online(crowd.ids, 120_000);
    const before = crowd.arrivals.length;
    kit.inject(`${AGENTS} links are cut`);
    const cut_at = performance.now();
    crowd.drop();
    await until('all are dialled again', () => crowd.arrivals.length >= before + AGENTS, 60_000, 50);
    await mesh.caller.online(crowd.ids, 60_000);
    const recovery_ms = kit.recovered();
    const again = crowd.arrivals.slice(before).map((at) => at - cut_at);
    const slots = Array.from({ length: 240 }, (_, slot) => countIn(again, slot * SLOT_MS));
    const peak = Math.max(...slots);
    // The rate of a second, against that of the whole storm.
    const seconds = slots.map((_, slot) => slots.slice(slot, slot + 4).reduce((sum, count) => sum + count, 0));
    const mean = again.length / Math.max(1, (Math.max(...again) - Math.min(...again)) / 1_000);
    const peak_times_mean = Number((Math.max(...seconds) / mean).toFixed(1));
    await ask(mesh, 10);
    const verdict = await mesh.finish();
    return {
      verdict: [
        ...within('coming back', recovery_ms, 15_000),
        ...that(again.length <= 2 * AGENTS, `${again.length} connections of ${AGENTS} agents`),
        ...that(peak <= PEAK_SHARE_MAX * AGENTS, `${peak} of ${AGENTS} came within ${SLOT_MS} ms: they are not spread`),
        ...that(peak_times_mean <= 3, `the fullest second had ${peak_times_mean} times the mean`),
        ...verdict,
      ],
      recovery_ms,
      figures: { connections: again.length, peak_per_250ms: peak, peak_times_mean },
    };
  },
};

const countIn = (at: readonly number[], from: number): number =>
  at.filter((one) => one >= from && one < from + SLOT_MS).length;

const AGENTS = 500;
const SLOT_MS = 250;
/** Without jitter all would come in one slot. */
const PEAK_SHARE_MAX = 0.5;
