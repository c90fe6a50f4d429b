/** X5: the orchestrator dies at every single sync there is, of a first start, of work and of recoveries: nothing is lost or done twice. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Kit, Scenario, TestMesh } from '../harness.ts';
import { replay } from '../replay.ts';
import { syncsIn, toldTooEarly, underSyncFault, underTrace } from '../trace.ts';
import { until } from '../waiting.ts';
import { ACTING, that } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X5',
  name: 'crash-point-sweep',
  set: 'short',
  needs: ['strace'],
  ms_max: 900_000,
  async run(seed, kit) {
    const mesh = await kit.start({ flags: ACTING });
    const fresh = await firstStarts(kit, mesh);
    const sweeps: (Sweep & { syncs: number })[] = [];
    const verdict = [...fresh.verdict];
    for (const width of kit.is_short ? [5] : WIDTHS) {
      const { syncs, early, told } = await dryRun(kit, mesh, width);
      const points = pointsOf(syncs, kit.is_short ? { step: 10, from: seed } : { step: 1, from: 1 });
      sweeps.push({ syncs, ...(await killAtEach(kit, mesh, { points, width })) });
      verdict.push(...that(told === WISHES, `${told} of ${WISHES} acknowledgements were found in the trace`), ...early);
    }
    await mesh.orchestrator.start();
    for (const end of await Promise.allSettled(sweeps.flatMap(({ asked }) => asked)))
      if (end.status === 'rejected') verdict.push(String(end.reason));
    verdict.push(...(await mesh.finish({ ends_ms_max: 60_000 })), ...(await replay(mesh)));
    const count = (code: string) => verdict.filter((line) => line.startsWith(code)).length;
    const sum = (of: 'killed' | 'in_recovery' | 'syncs') => sweeps.reduce((all, sweep) => all + sweep[of], 0);
    const points = fresh.points + sum('killed');
    if (!kit.is_short) verdict.push(...that(points >= POINTS_MIN, `only ${points} points`));
    return {
      verdict,
      recovery_ms: Math.max(...sweeps.map(({ worst_ms }) => worst_ms)),
      figures: {
        points,
        of_first_starts: fresh.points,
        of_recoveries: sum('in_recovery'),
        syncs: sum('syncs'),
        LOST: count('LOST'),
        DUP_EFFECT: count('DUP_EFFECT'),
      },
    };
  },
};

/** Dies at each sync with which an empty folder becomes a ledger: the next start makes it anew. */
async function firstStarts(kit: Kit, mesh: TestMesh): Promise<{ points: number; verdict: string[] }> {
  kit.inject('SIGKILL at each sync of the first start');
  const verdict: string[] = [];
  let points = 0;
  for (let point = 1; ; point += kit.is_short ? 5 : 1) {
    await mesh.orchestrator.end('SIGKILL');
    rmSync(join(mesh.data, 'ledger'), { recursive: true });
    const started = await lifeUntil(kit, mesh, point, () => []);
    if (!started.was_killed) return { points, verdict };
    points += 1;
    await mesh.orchestrator
      .start()
      .catch((reason: unknown) => verdict.push(`first start, sync ${point}: ${String(reason)}`));
  }
}

/** The workload without a fault: how many syncs a life makes, and INV3 from its trace. */
async function dryRun(
  kit: Kit,
  mesh: TestMesh,
  width: number,
): Promise<{ syncs: number; told: number; early: string[] }> {
  await mesh.orchestrator.end('SIGKILL');
  const trace = kit.file(`dry-run-${width}`);
  await mesh.orchestrator.start({ wrap: underTrace(trace) });
  await mesh.caller.online(['double-a', 'double-b']);
  const task_ids = await Promise.all(work(mesh, `dry-${width}`, width));
  for (const task_id of task_ids) await mesh.caller.ended(task_id);
  await mesh.orchestrator.end('SIGKILL');
  return { syncs: syncsIn(trace), ...toldTooEarly(trace, task_ids) };
}

/** What one sweep came to. */
interface Sweep {
  killed: number;
  in_recovery: number;
  /** From the start of a life until it served, at most. */
  worst_ms: number;
  asked: Promise<string>[];
}

/** One life a point: it takes up what the one before left, is given the workload, and dies at its sync. */
async function killAtEach(kit: Kit, mesh: TestMesh, { points, width }: { points: number[]; width: number }) {
  const sweep: Sweep = { killed: 0, in_recovery: 0, worst_ms: 0, asked: [] };
  kit.inject(`SIGKILL at ${points.length} syncs of a life, ${width} wishes at a time`);
  for (const point of points) {
    const began = performance.now();
    const life = await lifeUntil(kit, mesh, point, () => {
      const asked = work(mesh, `point-${width}-${point}`, width);
      sweep.asked.push(...asked);
      return asked;
    });
    if (life.was_killed) sweep.killed += 1;
    if (life.was_killed && !life.has_served) sweep.in_recovery += 1;
    if (life.has_served) sweep.worst_ms = Math.max(sweep.worst_ms, Math.round(life.served_at - began));
  }
  return sweep;
}

/** One life under the tracer, to its death at that sync, or until its work is done. */
async function lifeUntil(kit: Kit, mesh: TestMesh, point: number, onServing: () => readonly Promise<unknown>[]) {
  const { orchestrator } = mesh;
  const wrap = underSyncFault(kit.file('kill'), { does: 'kill', when: String(point) });
  const life = { was_killed: false, has_served: false, served_at: 0 };
  const serving = orchestrator.start({ wrap }).then(
    () => true,
    () => false,
  );
  life.has_served = await serving;
  life.served_at = performance.now();
  if (life.has_served) {
    let is_accepted = false;
    void Promise.allSettled(onServing()).then(() => (is_accepted = true));
    const is_done = async () => is_accepted && (await tasksOpen(mesh)) === 0;
    await until('it dies or is done', async () => !orchestrator.is_alive || (await is_done()), 20_000, 50);
  }
  life.was_killed = !orchestrator.is_alive;
  await orchestrator.end('SIGKILL');
  return life;
}

/** Twenty wishes, of all effects, so many at a time: one alone is waited for to its end. */
function work(mesh: TestMesh, name: string, width: number): Promise<string>[] {
  let before: Promise<unknown> = Promise.resolve();
  return Array.from({ length: WISHES }, (_, place) => {
    const skill = SKILLS[place % SKILLS.length] ?? 'double_read';
    const params = { call: `${name}-${place}`, wait_ms: place % 4 };
    const asked = before.then(() => mesh.caller.insist({ skill, params, options: { mode: 'active' } }, 300_000));
    if (place % width === width - 1) before = asked;
    if (width === 1) before = asked.then((task_id) => mesh.caller.ended(task_id, 60_000)).catch(() => undefined);
    asked.catch(() => undefined); // looked at in the end
    return asked;
  });
}

const tasksOpen = async (mesh: TestMesh): Promise<number> => {
  const { body } = await mesh.health().catch(() => ({ body: undefined }));
  const open = typeof body === 'object' && body !== null && 'tasks_open' in body ? body.tasks_open : undefined;
  return typeof open === 'number' ? open : 1;
};

/** Every step-th of 1..syncs. */
const pointsOf = (syncs: number, { step, from }: { step: number; from: number }): number[] =>
  Array.from({ length: syncs }, (_, place) => place + 1).filter((point) => point % step === from % step);

const WISHES = 20;
/** How many wishes at a time: the fewer, the more syncs. */
const WIDTHS = [1, 2, 5];
const POINTS_MIN = 100;
const SKILLS = ['double_read', 'double_set', 'double_fire'] as const;
