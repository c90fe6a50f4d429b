/** X40: the orchestrator dies between a grant and its effect, and questions expire while it is down: each effect once, or not at all (INV13). */
import type { Task } from '../../../protocol/index.ts';
import type { Kit, Scenario, TestMesh } from '../harness.ts';
import { isRefusal, personFor, type Person } from '../person.ts';
import { pause, until } from '../waiting.ts';
import { ACTING, that } from '../workload.ts';
import { startWorld, type World } from '../world.ts';

export const scenario: Scenario = {
  id: 'X40',
  name: 'approval-crash',
  set: 'full',
  async run(_seed, kit) {
    const world = await startWorld(kit);
    const policy = { ...ACTING.policy, approval_ms: APPROVAL_MS, approvals_minute_max: 100, second_approver_from: 100 };
    const mesh = await kit.start({
      agents: [RESPONDER],
      shipped: [RESPONDER],
      agent_flags: world.flags,
      flags: { ...ACTING, policy },
    });
    const desk = { kit, mesh, world, person: personFor(kit, mesh) };
    const verdict: string[] = [];
    for (const place of ['approval.after_grant', 'approval.after_consume']) verdict.push(...(await dieAt(desk, place)));
    const recovery_ms = kit.recovered();
    verdict.push(...(await expireWhileDown(desk)));
    world.tell(mesh);
    const { asked, applied } = world.total();
    return {
      verdict: [...verdict, ...(await mesh.finish())],
      recovery_ms,
      figures: { effects: applied, messages: asked },
    };
  },
};

/** Four are asked about, three are allowed and one is not; the orchestrator dies at one of the three. */
async function dieAt(desk: Desk, place: string): Promise<string[]> {
  const { kit, mesh, world, person } = desk;
  await armed(mesh, `${place}=kill@${1 + Math.floor(kit.random.next() * ALLOWED)}`);
  const names = Array.from({ length: ALLOWED + 1 }, (_, count) => `${place.replaceAll(/[._]/g, '-')}-${count}`);
  const task_ids = await Promise.all(names.map((name) => contain(mesh, name)));
  const questions = await Promise.all(task_ids.map((task_id) => person.asked(task_id)));
  const refused = Math.floor(kit.random.next() * names.length);
  kit.inject(`SIGKILL at ${place}`);
  const restarted = mesh.orchestrator.gone().then(() => mesh.orchestrator.start());
  await Promise.all(questions.map((one, count) => person.insist(one, count === refused ? 'reject' : 'approve')));
  await restarted;
  const tasks = await Promise.all(task_ids.map((task_id) => mesh.caller.ended(task_id)));
  return tasks.flatMap((task, count) =>
    wasAsSaid(task, world.deliveries(names[count] ?? '').applied, count === refused),
  );
}

/** An effect for a yes, none for a no. */
const wasAsSaid = (task: Task, applied: number, is_refused: boolean): string[] => [
  ...that(
    applied === (is_refused ? 0 : 1),
    `${task.task_id}: ${is_refused ? 'refused' : 'allowed'}, and done ${applied} times`,
  ),
  ...that(task.state === (is_refused ? 'rejected' : 'completed'), `${task.task_id} ended ${task.state}`),
];

/** One was granted and not used, one was never answered: both are too old when the orchestrator is back, and nothing is done. */
async function expireWhileDown({ kit, mesh, world, person }: Desk): Promise<string[]> {
  await armed(mesh, 'approval.after_grant=kill@1');
  const names = ['too-late-granted', 'too-late-open'];
  const task_ids = await Promise.all(names.map((name) => contain(mesh, name)));
  const [granted, open] = await Promise.all(task_ids.map((task_id) => person.asked(task_id)));
  if (!granted || !open) return ['nobody was asked'];
  kit.inject('SIGKILL after a grant, and down until it expired');
  await person.decide(granted, 'approve').catch(() => undefined); // it dies of it
  await mesh.orchestrator.gone();
  await pause(Math.max(0, Date.parse(open.expires_at) - Date.now() + 1));
  await mesh.orchestrator.start();
  const late = await until('the late answer is heard', () => lateAnswer(person, open));
  const tasks = await Promise.all(task_ids.map((task_id) => mesh.caller.ended(task_id)));
  const done = names.reduce((all, name) => all + world.deliveries(name).asked, 0);
  return [
    ...that(done === 0, `${done} messages left for what had expired`),
    ...that(late === 'refused', 'an answer counted after the question had expired'),
    ...tasks.flatMap(({ task_id, state, error }) =>
      that(state === 'failed' && error?.code === EXPIRED, `${task_id} ended ${state} with ${error?.code ?? 'no code'}`),
    ),
  ];
}

const lateAnswer = (person: Person, question: Parameters<Person['decide']>[0]): Promise<'heard' | 'refused' | false> =>
  person.decide(question, 'approve').then(
    () => 'heard',
    (reason: unknown) => isRefusal(reason) && 'refused',
  );

/** Another life that dies at that place. */
async function armed({ orchestrator, flags, caller }: TestMesh, failpoint: string): Promise<void> {
  await orchestrator.end('SIGTERM');
  await orchestrator.start({ args: ['--flags', JSON.stringify({ ...flags, failpoints: [failpoint] })] });
  await caller.online([RESPONDER]);
}

const contain = (mesh: TestMesh, endpoint_id: string): Promise<string> =>
  mesh.caller.insist({ params: { call: endpoint_id, endpoint_id, reason: 'a test' }, skill: 'contain_endpoint' });

/** What everybody here is handed. */
interface Desk {
  kit: Kit;
  mesh: TestMesh;
  world: World;
  person: Person;
}

const RESPONDER = 'incident-responder';
const ALLOWED = 3;
/** Long enough for a death and a start, short enough to wait for. */
const APPROVAL_MS = 15_000;
const EXPIRED = 4080;
