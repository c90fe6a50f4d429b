/** X22: a subscriber never reads: memory stays bounded, and another one of the same task loses nothing unsaid (INV11). */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Peer } from '../../../mesh/index.ts';
import type { Kit, Scenario, TestMesh } from '../harness.ts';
import { until } from '../waiting.ts';
import { that } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X22',
  name: 'slow-stream-reader',
  set: 'full',
  async run(_seed, kit) {
    const mesh = await kit.start();
    const talkers = await Promise.all(Array.from({ length: TALKERS }, (_, place) => talk(kit, mesh, place)));
    await until('all run', () => mesh.runs().length === TALKERS);
    const deaf = await mesh.another('deaf').peer();
    const keen = await mesh.another('keen').peer();
    const heard = new Map(talkers.map((task_id) => [task_id, new Array<[number, number]>()]));
    for (const task_id of talkers) await follow(deaf, task_id, () => undefined);
    for (const task_id of talkers) await follow(keen, task_id, (from, to) => heard.get(task_id)?.push([from, to]));
    kit.inject('a subscriber stops reading');
    deaf.link.pause();
    const rss: number[] = [];
    const sample = setInterval(() => void rss.push(rssOf(mesh.orchestrator.pid)), 100);
    kit.onEnd(() => {
      clearInterval(sample);
      return undefined;
    });
    kit.touch('go');
    await Promise.all(talkers.map((task_id) => mesh.caller.ended(task_id, 60_000)));
    const last = await Promise.all(talkers.map((task_id) => lastSeq(keen, task_id)));
    const ends = talkers.map((task_id, place) => ({ task_id, last: last[place] ?? 0 }));
    const holes = () => ends.filter(({ task_id, last: to }) => !isWhole(heard.get(task_id) ?? [], to));
    await until('the keen one heard everything', () => holes().length === 0, 10_000).catch(() => undefined);
    clearInterval(sample);
    kit.recovered();
    const rss_max = Math.max(...rss);
    return {
      verdict: [
        ...that(holes().length === 0, `${holes().length} of ${TALKERS} streams have a hole that no gap tells`),
        ...that(rss_max <= RSS_MB_MAX, `the orchestrator grew to ${rss_max} MB`),
        ...(await mesh.finish()),
      ],
      figures: { rss_mb_max: rss_max },
    };
  },
};

const talk = (kit: Kit, mesh: TestMesh, place: number): Promise<string> =>
  mesh.caller.insist({
    params: { call: `talk-${place}`, until: kit.file('go'), talks: THOUGHTS, thought_chars: 4_000 },
  });

/** Hears the numbers of all events, and of gaps. */
async function follow(peer: Peer, task_id: string, onSeqs: (from: number, to: number) => void): Promise<void> {
  await peer.subscribe('task/subscribe', { task_id, after_seq: 0 }, ({ kind, seq, value }) => {
    const gap = Gap.safeParse(value);
    if (kind === 'gap' && gap.success) onSeqs(gap.data.from, gap.data.to);
    else onSeqs(seq, seq);
  });
}

const lastSeq = async (peer: Peer, task_id: string): Promise<number> => {
  const asked = { task_id, after_seq: 1_000_000, _meta: { progress_token: `${task_id} end` } };
  return z.object({ last_seq: z.number() }).parse(await peer.request('task/subscribe', asked)).last_seq;
};

function isWhole(ranges: readonly [number, number][], last: number): boolean {
  let next = 1;
  for (const [from, to] of [...ranges].sort((left, right) => left[0] - right[0])) {
    if (from > next) return false;
    next = Math.max(next, to + 1);
  }
  return next > last;
}

const rssOf = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024);

const Gap = z.object({ from: z.number(), to: z.number() });
const TALKERS = 4;
const THOUGHTS = 3_000;
const RSS_MB_MAX = 512;
