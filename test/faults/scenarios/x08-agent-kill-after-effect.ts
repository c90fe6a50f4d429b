/** X8: an agent dies after its effect and before its answer: done once where that can be told, left in doubt where it cannot (INV6). */
import type { Kit, Scenario, TestMesh } from '../harness.ts';
import { personFor } from '../person.ts';
import { ACTING, ask, that, within } from '../workload.ts';
import { startWorld, type World } from '../world.ts';

export const scenario: Scenario = {
  id: 'X8',
  name: 'agent-kill-after-effect',
  set: 'full',
  async run(_seed, kit) {
    const world = await startWorld(kit);
    const mesh = await kit.start({
      agents: ['double-a', 'double-b', RESPONDER],
      shipped: [RESPONDER],
      agent_flags: world.flags,
      agent_failpoints: { [RESPONDER]: 'agent.after_effect=kill@1' },
      flags: { ...ACTING, policy: { ...ACTING.policy, targets_max: 32 } }, // a path counts as a target for each of its parts
      revive: true,
    });
    const beside = await ask(mesh, 1 + Math.floor(kit.random.next() * 4), { params: { wait_ms: 50 } }, 'beside');
    kit.inject('SIGKILL after an effect that must not be twice, and after one that may be asked for twice');
    const once = (call: string) => ({ params: { call, dies: 'after', once: kit.file(call) } });
    const fire = await mesh.caller.insist({ ...once('fire'), skill: 'double_fire' });
    const left = await mesh.caller.ended(fire);
    const set = await mesh.caller.insist({ ...once('set'), skill: 'double_set' });
    const reached = await mesh.caller.ended(set);
    const shipped = await killShipped(kit, mesh, world);
    for (const task_id of beside) await mesh.caller.ended(task_id);
    world.tell(mesh);
    const effects = (call: string) => mesh.runs('effect-done').filter((run) => run.call === call && run.applied);
    const runs = (call: string) => mesh.runs().filter((run) => run.call === call).length;
    const [fired, reached_times] = [effects('fire').length, effects('set').length];
    const outcome = mesh.journal().find((row) => row.who === 'journal' && row.task_id === fire && isLeft(row.type));
    return {
      verdict: [
        ...that(
          left.state === 'failed' && outcome !== undefined,
          `what may not be twice ended ${left.state}: ${left.error?.message ?? ''}`,
        ),
        ...that(runs('fire') === 1 && fired === 1, `it ran ${runs('fire')} times, ${fired} effects`),
        ...that(reached.state === 'completed', `what may be asked for twice ended ${reached.state}`),
        ...that(runs('set') === 2 && reached_times === 1, `it ran ${runs('set')} times, ${reached_times} effects`),
        ...shipped.verdict,
        ...(await mesh.finish()),
      ],
      recovery_ms: shipped.recovery_ms,
      figures: { runs: mesh.runs().length, webhook_asked: shipped.asked },
    };
  },
};

/** The shipped responder dies between the answer of the webhook and its own record of it: the same message comes again, under one key. */
async function killShipped(kit: Kit, mesh: TestMesh, world: World) {
  const person = personFor(kit, mesh);
  const task_id = await mesh.caller.insist({
    params: { call: ENDPOINT, endpoint_id: ENDPOINT, reason: 'a test' },
    skill: 'contain_endpoint',
  });
  await person.insist(await person.asked(task_id), 'approve');
  kit.inject('SIGKILL of the responder after its effect');
  const task = await mesh.caller.ended(task_id);
  const recovery_ms = kit.recovered();
  const { applied, asked } = world.deliveries(ENDPOINT);
  const verdict = [
    ...that(task.state === 'completed', `the responder's work ended ${task.state}`),
    ...that(applied === 1, `the world was changed ${applied} times`),
    ...within('doing it after the death', recovery_ms, 10_000),
  ];
  return { verdict, recovery_ms, asked };
}

const isLeft = (type: string): boolean => type === 'unknown_effect';
const RESPONDER = 'incident-responder';
const ENDPOINT = 'WS-042';
