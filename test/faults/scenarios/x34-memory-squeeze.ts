/** X34: 256 MB in all, and callers who send 64 MB at once, again and again: some are told to come back, nobody takes the process down. */
import { memoryGroup, MEMORY_GROUPS, rssOf } from '../cgroup.ts';
import type { Scenario } from '../harness.ts';
import { ask, that } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X34',
  name: 'memory-squeeze',
  set: 'full',
  needs: ['root', MEMORY_GROUPS],
  async run(_seed, kit) {
    const squeeze = memoryGroup('squeeze', LIMIT_MB);
    kit.onEnd(() => squeeze.remove());
    const mesh = await kit.start({ orchestrator: { wrap: (command) => squeeze.wrap(command) }, call_ms_max: 30_000 });
    const { pid } = mesh.orchestrator;
    await ask(mesh, 20, {}, 'before');
    const callers = Array.from({ length: LINKS }, (_, place) =>
      mesh.another(`large-${place}`, { call_ms_max: 30_000 }),
    );
    await Promise.all(callers.map((caller) => caller.online([]))); // they are known before there is little memory left
    const count = { ok: 0, fail: 0, info: 0 };
    let rss_max_mb = 0;
    const watching = setInterval(() => {
      if (mesh.orchestrator.is_alive) rss_max_mb = Math.max(rss_max_mb, rssOf(pid));
    }, 100);
    kit.inject(
      `${LIMIT_MB} MB of memory; at once ${KEPT} wishes of ${KEPT_KB} KB that wait, and ${LARGE} of ${LARGE_KB} KB`,
    );
    const send = async (call: string, place: number, kb: number) => {
      const params = { call, filling: 'x'.repeat(kb * 1_024), until: kit.file('go') };
      const answer = await callers[place % LINKS]?.ask({ params });
      count[answer?.kind ?? 'info'] += 1;
    };
    await Promise.all([
      ...Array.from({ length: KEPT }, (_, place) => send(`kept-${place}`, place, KEPT_KB)),
      ...Array.from({ length: LARGE }, (_, place) => send(`large-${place}`, place, LARGE_KB)),
    ]);
    clearInterval(watching);
    const is_same = mesh.orchestrator.is_alive && mesh.orchestrator.pid === pid;
    if (!mesh.orchestrator.is_alive) await mesh.orchestrator.start();
    kit.inject('what waited goes on');
    kit.touch('go');
    await ask(mesh, 20, {}, 'after');
    const recovery_ms = kit.recovered();
    return {
      verdict: [...that(is_same, 'the process was taken down'), ...(await mesh.finish({ ends_ms_max: 60_000 }))],
      recovery_ms,
      figures: { accepted: count.ok, refused: count.fail, unknown: count.info, rss_max_mb },
    };
  },
};

const LIMIT_MB = 256;
/** Half as much again as the 64 MB that are kept while they wait, and 96 MB in frames that no link may carry. */
const KEPT = 480;
const KEPT_KB = 200;
const LARGE = 32;
const LARGE_KB = 3_072;
const LINKS = 16;
