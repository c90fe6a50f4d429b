/** X36: the orchestrator gets a tenth of a processor for a while: its bounds hold, and when it is over so is the delay (INV11, INV18). */
import { cpuGroup, CPU_GROUPS, rssOf } from '../cgroup.ts';
import type { Scenario } from '../harness.ts';
import { pause } from '../waiting.ts';
import { ask, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X36',
  name: 'cpu-squeeze',
  set: 'full',
  needs: ['root', CPU_GROUPS],
  ms_max: 180_000,
  async run(_seed, kit) {
    const mesh = await kit.start({ call_ms_max: 20_000 });
    const base_ms = await timed(() => ask(mesh, 40, {}, 'before'));
    const squeeze = cpuGroup('squeeze', PERCENT);
    let rss_max_mb = 0;
    let accepted = 0;
    let refused = 0;
    try {
      const seconds = kit.is_short ? 10 : 30;
      kit.inject(`${PERCENT} % of a processor for ${seconds} s`);
      squeeze.take(mesh.orchestrator.pid);
      const end = performance.now() + 1_000 * seconds;
      const lanes = Array.from({ length: LANES }, async (_, lane) => {
        for (let count = 0; performance.now() < end; count++) {
          const answer = await mesh.caller.ask({ params: { call: `squeezed-${lane}-${count}` } });
          if (answer.kind === 'ok') accepted += 1;
          else refused += 1;
        }
      });
      while (performance.now() < end) {
        rss_max_mb = Math.max(rss_max_mb, rssOf(mesh.orchestrator.pid));
        await pause(SAMPLE_MS);
      }
      kit.inject('the squeeze is over');
      await squeeze.remove();
      await Promise.all(lanes);
    } catch (reason) {
      await squeeze.remove().catch(() => undefined);
      throw reason;
    }
    await mesh.caller.online(['double-a', 'double-b']);
    let after_ms = Infinity;
    for (let round = 0; after_ms > 2 * base_ms + SLACK_MS && round < 10; round++)
      after_ms = await timed(() => ask(mesh, 40, {}, `after-${round}`));
    const recovery_ms = kit.recovered();
    return {
      verdict: [
        ...that(rss_max_mb <= RSS_MAX_MB, `${rss_max_mb} MB of memory`),
        ...that(accepted > 0, 'nothing was accepted'),
        ...within('returning', recovery_ms, 15_000),
        ...(await mesh.finish()),
      ],
      recovery_ms,
      figures: { accepted, refused, rss_max_mb },
    };
  },
};

async function timed(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

const PERCENT = 10;
const LANES = 16;
const SAMPLE_MS = 100;
const RSS_MAX_MB = 512;
const SLACK_MS = 500;
