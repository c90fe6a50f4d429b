/** Doing once what is asked twice, and doing nothing that nobody allowed. */
import { amongPeople, enlistActive, keyOf, TARGET } from '../acting.ts';
import { demand, show, verifies } from '../check.ts';
import { beginTask, createGate, expectError, handOver, resultIn } from '../handing.ts';

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
    const { agent, asker } = await enlistActive(probe);
    const params = { target: TARGET };
    const answer = await handOver(asker, agent, { skill: 'kit_set', params, options: { mode: 'active' } });
    expectError(answer);
    demand(agent.calls.length === 0, 'the agent was sent an action without a key');
  }),
  verifies('IDEM-05', async (probe) => {
    await amongPeople(probe, async ({ agent, hand }) => {
      await hand('kit_act');
      const [acting] = agent.calls;
      demand(acting === undefined, `sent ${show(acting?.frame)} before anybody allowed it`);
    });
  }),
];
