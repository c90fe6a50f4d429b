/** X32: the wall is set an hour ahead, then two hours back, under running processes: what runs and waits does not notice, what expires does. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Task } from '../../../protocol/index.ts';
import type { Kit, Scenario, TestMesh } from '../harness.ts';
import { isRefusal, personFor } from '../person.ts';
import { until } from '../waiting.ts';
import { createWall, FAKETIME } from '../wall.ts';
import { ACTING, holdRunning, that } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X32',
  name: 'clock-jump',
  set: 'full',
  needs: [FAKETIME],
  async run(_seed, kit) {
    const wall = createWall(kit.file('wall'));
    const mesh = await kit.start({
      agents: ['double-a', 'double-b', CRASHING, RESPONDER],
      absent: [CRASHING], // until the others have their work
      shipped: [RESPONDER],
      flags: { ...ACTING, flow: { breaker_failures_max: 3, breaker_open_ms: OPEN_MS } },
      orchestrator: { env: wall.env },
      agent_env: wall.env,
      revive: true,
    });
    const person = personFor(kit, mesh);
    const held = await holdRunning(kit, mesh, HELD);
    const brief = await endsInTime(kit, mesh);
    const task_id = await mesh.caller.insist({
      params: { call: 'WS-042', endpoint_id: 'WS-042', reason: 'a test' },
      skill: 'contain_endpoint',
    });
    const question = await person.asked(task_id);
    const early = await grant(mesh, 'early');
    const opened = await openBreaker(mesh);

    kit.inject('the wall is an hour ahead');
    wall.set(1);
    const closing = closes(mesh, opened).catch(() => Infinity); // it waits already when the wall is set back
    const verdict = [
      ...that((await early.put()) === 401, 'the grant of an hour ago still counts'),
      ...that(await person.decide(question, 'approve').then(() => false, isRefusal), 'the old question was answered'),
      ...(await tellsTime(mesh, 1)),
      ...(await goesOn(mesh, 'ahead')),
      ...(await redelivers(kit, mesh)),
    ];

    kit.inject('the wall is two hours behind');
    wall.set(-2);
    verdict.push(...(await goesOn(mesh, 'behind')));
    verdict.push(...that((await (await grant(mesh, 'late')).put()) === 201, 'a new grant does not count'));
    const recovery_ms = kit.recovered();
    const closed_ms = await closing;
    const in_time = closed_ms >= OPEN_MS - SLACK_MS && closed_ms <= OPEN_MS + LATE_MS;
    verdict.push(...that(in_time, `a breaker that is open for ${OPEN_MS} ms closed after ${closed_ms} ms`));
    verdict.push(...(await brief.judged));
    const states = await Promise.all(held.map(async (one) => (await mesh.caller.get(one)).state));
    verdict.push(
      ...that(
        states.every((state) => state === 'working'),
        `what was held is ${states.join()}`,
      ),
    );
    kit.touch('go');
    await mesh.caller.cancel(task_id);
    const tasks = await Promise.all(held.map((one) => mesh.caller.ended(one)));
    verdict.push(
      ...that(
        tasks.every(({ state }) => state === 'completed'),
        'what was held did not complete',
      ),
    );
    // Rules that read the wall say nothing here: deadlines and leases are measured above, on a clock that nobody sets.
    verdict.push(...(await mesh.finish()).filter((line) => !BY_WALL.test(line)));
    return { verdict, recovery_ms, figures: { breaker_closed_ms: closed_ms } };
  },
};

/** Work that never ends is over at its deadline, not sooner and not later. */
async function endsInTime(kit: Kit, { caller }: TestMesh): Promise<{ judged: Promise<string[]> }> {
  const params = { call: 'brief', until: kit.file('never') };
  const began = performance.now();
  const task_id = await caller.insist({ params, options: { deadline_ms: BRIEF_MS } });
  const judge = ({ error }: Task) => {
    const ms = Math.round(performance.now() - began);
    const is_right = error?.code === 5040 && ms >= BRIEF_MS - SLACK_MS && ms <= BRIEF_MS + LATE_MS;
    return that(is_right, `a deadline of ${BRIEF_MS} ms came after ${ms} ms: ${error?.message ?? 'without an error'}`);
  };
  return { judged: caller.ended(task_id, 2 * BRIEF_MS).then(judge, (reason: unknown) => [String(reason)]) };
}

/** What a breaker says of its end lies as far ahead of the wall of now as it has time left. */
async function tellsTime(mesh: TestMesh, hours: number): Promise<string[]> {
  const [open] = Health.parse((await mesh.health()).body).breakers;
  const left_ms = Date.parse(open?.retry_at ?? '') - (Date.now() + hours * HOUR_MS);
  const is_right = left_ms <= OPEN_MS && left_ms >= -LATE_MS;
  return that(is_right, `a breaker that is open for ${OPEN_MS} ms says that it is for ${left_ms} ms more`);
}

/** Work goes on as before. */
async function goesOn({ caller }: TestMesh, when: string): Promise<string[]> {
  const task_id = await caller.insist({ params: { call: `new-${when}` } });
  const { state, error } = await caller.ended(task_id);
  return that(state === 'completed', `new work ${when} ended ${state}: ${error?.message ?? ''}`);
}

/** An agent dies: what it held is done elsewhere, with the time that it has left. */
async function redelivers(kit: Kit, mesh: TestMesh): Promise<string[]> {
  const runs = () => mesh.runs().filter(({ call }) => call?.startsWith('held'));
  const victim = kit.random.next() < 0.5 ? 'double-a' : 'double-b';
  const lost = runs().filter(({ agent_id }) => agent_id === victim).length;
  kit.inject(`SIGKILL ${victim} with ${lost} tasks`);
  mesh.agent(victim).signal('SIGKILL');
  return until('the lost work runs elsewhere', () => runs().length === HELD + lost, 10_000).then(
    () => [],
    (reason: unknown) => [String(reason)],
  );
}

/** One input kills an agent until that is left alone; answers when. */
async function openBreaker(mesh: TestMesh): Promise<number> {
  const { caller } = mesh;
  await mesh.agent(CRASHING).start();
  await caller.online([CRASHING]);
  const poison = await caller.insist({ params: { call: 'poison', dies: 'before' }, agent_id: CRASHING });
  await caller.ended(poison);
  await until('it is left alone', async () => Health.parse((await mesh.health()).body).breakers.length > 0, 5_000);
  const opened = performance.now();
  await caller.online([CRASHING]); // so that the breaker alone keeps work from it
  return opened;
}

/** How long after it was opened a breaker let somebody through. */
async function closes({ caller }: TestMesh, opened: number): Promise<number> {
  await caller.ended(await caller.insist({ params: { call: 'in-time' }, agent_id: CRASHING }));
  return Math.round(performance.now() - opened);
}

/** A right to put some bytes, and its use: the status. */
async function grant({ caller }: TestMesh, body: string) {
  const sha256 = createHash('sha256').update(body).digest('hex');
  const { url, token } = Granted.parse(
    await caller.request('blob/grant', { sha256, size: body.length, media_type: 'text/plain', name: body }),
  );
  const headers = { authorization: `Bearer ${token}` };
  return { put: async () => (await fetch(url, { method: 'PUT', headers, body })).status };
}

const Granted = z.object({ url: z.string(), token: z.string() });
const Health = z.object({ breakers: z.array(z.object({ retry_at: z.string() })) });
const CRASHING = 'double-c';
const RESPONDER = 'incident-responder';
const HELD = 6;
const HOUR_MS = 3_600_000;
const OPEN_MS = 15_000;
const BRIEF_MS = 30_000;
/** How much sooner by our clock than by theirs: they began before us. */
const SLACK_MS = 1_500;
const LATE_MS = 5_000;
const BY_WALL = /^(INV8|INV9|LATE):/;
