/** Doing once what is asked twice, and doing nothing that nobody allowed. */
import { demand, show, skip, verifies } from '../check.ts';
import { beginTask, createGate, expectError, handOver, resultIn } from '../handing.ts';
import type { Enlisted } from '../enlisting.ts';
import type { Probe } from '../probe.ts';

/** The checks of IDEM. */
export const idempotencyChecks = [
  verifies('IDEM-01', async (probe) => {
    const { agent, asker } = await probe.enlisting.enlist();
    agent.does('kit_echo', () => ({ nth: agent.calls.length }));
    const handed = { params: { body: 1 }, options: { idempotency_key: keyOf(probe) } };
    const first = resultIn(await handOver(asker, agent, handed));
    const again = resultIn(await handOver(asker, agent, handed));
    demand(show(again) === show(first), `answered ${show(again)}, the first time ${show(first)}`);
    demand(agent.calls.length === 1, `the agent was sent it ${agent.calls.length} times`);
  }),
  verifies('IDEM-02', async (probe) => {
    const { agent, asker } = await probe.enlisting.enlist();
    const options = { idempotency_key: keyOf(probe) };
    await handOver(asker, agent, { params: { body: 1 }, options });
    expectError(await handOver(asker, agent, { params: { body: 2 }, options }), 4090);
  }),
  verifies('IDEM-03', async (probe) => {
    const { agent, asker } = await probe.enlisting.enlist();
    const gate = createGate();
    agent.does('kit_echo', async () => {
      await gate.opened;
      return { nth: agent.calls.length };
    });
    const handed = { params: { body: 1 }, options: { idempotency_key: keyOf(probe) } };
    const first = handOver(asker, agent, handed);
    const second = handOver(asker, agent, handed);
    await agent.call(1);
    const third = await beginTask(asker, agent, handed); // by now both were read
    gate.open();
    const [one, two] = [resultIn(await first), resultIn(await second)];
    demand(show(one) === show(two), `who joined was answered ${show(two)}, who was first ${show(one)}`);
    demand(agent.calls.length === 1, `the agent was sent it ${agent.calls.length} times, the last as ${third}`);
  }),
  verifies('IDEM-04', async (probe) => {
    const { agent, asker } = await active(probe);
    const params = { target: 'host-of-this-kit' };
    const answer = await handOver(asker, agent, { skill: 'kit_set', params, options: { mode: 'active' } });
    expectError(answer);
    demand(agent.calls.length === 0, 'the agent was sent an action without a key');
  }),
  verifies('IDEM-05', async (probe) => {
    const { agent, asker } = await probe.enlisting.enlist();
    if (!probe.subject.allow_effects && (await modeOf({ agent, asker })) === 'active') skip(ASKS_PEOPLE);
    const options = { mode: 'active', on_approval: 'return', idempotency_key: keyOf(probe) };
    const params = { target: 'host-of-this-kit' };
    const answer = await handOver(asker, agent, { skill: 'kit_act', params, options });
    const acting = agent.calls.find(({ skill, routing }) => skill === 'kit_act' && routing['mode'] === 'active');
    demand(
      !acting || acting.routing['approval'] !== undefined,
      `sent ${show(acting?.frame)} before anybody allowed it`,
    );
    await withdraw(asker, answer);
  }),
];

/** The kit's agent in a mesh where things are really done. */
async function active(probe: Probe): Promise<Pick<Enlisted, 'agent' | 'asker'>> {
  const { agent, asker } = await probe.enlisting.enlist();
  const mode = await modeOf({ agent, asker });
  if (mode !== 'active') skip(`nothing is changed in mode ${show(mode)}: start the orchestrator in mode active`);
  return { agent, asker };
}

/** The widest mode that the orchestrator gives. */
async function modeOf({ agent, asker }: Pick<Enlisted, 'agent' | 'asker'>): Promise<unknown> {
  await handOver(asker, agent, { options: { mode: 'active' } });
  const { routing } = await agent.call(1);
  agent.calls.length = 0;
  return routing['mode'];
}

/** A question that nobody is to answer any more: its task is cancelled. */
async function withdraw(asker: Enlisted['asker'], answer: unknown): Promise<void> {
  const task_id = /"task_id":"([^"]+)"/.exec(JSON.stringify(answer))?.[1];
  if (task_id !== undefined) await asker.ask('task/cancel', { task_id, reason: 'a test of the kit is over' });
}

/** A key that no earlier run used: an orchestrator remembers them. */
const keyOf = ({ chance, subject }: Probe): string => `kit-${chance.token()}-${Math.round(subject.monotonic())}`;

const ASKS_PEOPLE = 'in mode active people would be asked for their approval: with --allow-effects the kit does that';
