/** What people have to allow: asked for without waiting, decided by another, used once and for what it was given. */
import { amongPeople, keyOf, TARGET } from '../acting.ts';
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, skip, verifies } from '../check.ts';
import { codeIn, expectError, handOver, resultIn } from '../handing.ts';
import type { Call } from '../own-agent.ts';
import type { Probe } from '../probe.ts';

/** The checks of APPR. */
export const approvalChecks = [
  verifies('APPR-01', async (probe) => {
    await amongPeople(probe, async ({ ask }) => {
      const idempotency_key = keyOf(probe);
      const first = await ask(idempotency_key);
      const again = await ask(idempotency_key);
      demand(show(again) === show(first), `the same key was answered ${show(again)}, the first time ${show(first)}`);
    });
  }),
  verifies('APPR-02', async (probe) => {
    await amongPeople(probe, async ({ agent, asker, ask }) => {
      const { approval_id, action_hash } = await ask();
      expectError(await asker.ask('approval/decide', { approval_id, action_hash, decision: 'approve' }), 4030);
      demand(agent.calls.length === 0, 'the agent was sent what its own asker approved');
    });
  }),
  verifies('APPR-03', async (probe) => {
    const { agent, asker } = await probe.enlisting.enlist();
    const use = { approval_id: 'approval-of-nobody', action_hash: NO_HASH };
    let answer: Frame = {};
    agent.does('kit_set', async (call) => {
      answer = await consume(call, use);
      return {};
    });
    const options = { mode: 'monitor', idempotency_key: keyOf(probe) };
    resultIn(await handOver(asker, agent, { skill: 'kit_set', params: { target: TARGET }, options }));
    expectError(answer, 4031, 4040); // outside mode active nobody gives one that could be used
  }),
  verifies('APPR-04', async (probe) => {
    await amongPeople(probe, async ({ agent, asker, ask }) => {
      const ticket = await ask();
      const answers: Frame[] = [];
      agent.does('kit_echo', async (call) => {
        // For the task that it holds, and for the one that waits, which it does not.
        for (const handoff of [{}, { parent_id: ticket.task_id, fence: 1 }])
          answers.push(await consume(call, ticket, { kind: 'kit_act', handoff }));
        return {};
      });
      resultIn(await handOver(asker, agent, { options: { mode: 'active' } }));
      for (const answer of answers) expectError(answer);
    });
  }),
  verifies('APPR-05', async (probe) => {
    const [allowed, other] = await used(probe, [TARGET, `other-${TARGET}`]);
    resultIn(allowed ?? {});
    expectError(other ?? {}, 4031);
  }),
  verifies('APPR-06', async (probe) => {
    const answers = await used(probe, [TARGET, TARGET]);
    const [first, again] = answers.map((answer) => resultIn(answer)['first']);
    demand(first === true, `the first time first is ${show(first)}`);
    demand(again === false, `the second time first is ${show(again)}`);
  }),
];

/** What an agent is answered that uses an approval which policy gave by itself, for one target after the other. */
async function used(probe: Probe, targets: readonly string[]): Promise<Frame[]> {
  const answers: Frame[] = [];
  await amongPeople(probe, async ({ agent, hand }) => {
    agent.does('kit_set', async (call) => {
      const { approval } = call.routing;
      if (!isFrame(approval)) return {};
      for (const target of targets) answers.push(await consume(call, approval, { target }));
      return {};
    });
    const answer = await hand('kit_set');
    if ([4031, 4032].some((code) => code === codeIn(answer)))
      skip('here also what is of the class low is for people to allow: nothing was granted that could be used');
    resultIn(answer);
    demand(answers.length > 0, `what was allowed came without its approval: ${show(agent.calls[0]?.routing)}`);
  });
  return answers;
}

/** Says that an effect is about to begin: by the approval of the task itself, of the kind that is called like the skill, unless said. */
const consume = (
  call: Call,
  { approval_id, action_hash }: { approval_id?: unknown; action_hash?: unknown },
  { kind = 'kit_set', target = TARGET, handoff = {} }: { kind?: string; target?: string; handoff?: Frame } = {},
): Promise<Frame> =>
  call.ask('approval/consume', { approval_id, action_hash, effect_key: `${kind}:${target}` }, { handoff });

const NO_HASH = '0'.repeat(64);
