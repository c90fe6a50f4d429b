/** Becoming an agent of the fleet: by a pinned key, from an address that may be dialled, with a card that does not lie. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, verifies } from '../check.ts';
import { pass } from '../clock.ts';
import { expectError, handOver, resultIn } from '../handing.ts';
import { keyBeside, makeKey } from '../identity.ts';
import type { OwnAgent, OwnAgentOptions } from '../own-agent.ts';
import type { Probe } from '../probe.ts';

/** The checks of REG. */
export const registeringChecks = [
  verifies('REG-01', async ({ enlisting }) => {
    const key = enlisting.agentKey();
    const agent = await enlisting.listen(key);
    const { answer } = await enlisting.register(agent, key);
    const lease = resultIn(answer);
    demand(lease['state'] === 'active', `an agent whose key is pinned is ${show(lease['state'])}`);
    demand(endIn(lease) > 0, `the lease is ${show(lease)}`);
  }),
  verifies('REG-02', async (probe) => {
    const { enlisting } = probe;
    probe.key();
    const key = keyBeside(enlisting.agentKey(), 'conformance-stranger');
    const agent = await enlisting.listen(key);
    const { answer } = await enlisting.knock(agent, key);
    const state = isFrame(answer['result']) ? answer['result']['state'] : 'refused';
    demand(state !== 'active', `an agent whose key nobody pinned is ${show(answer)}`);
    await expectNoWork(probe, agent);
  }),
  verifies('REG-03', async ({ enlisting }) => {
    const key = enlisting.agentKey();
    const agent = await enlisting.listen(key);
    const { answer } = await enlisting.knock(agent, key, { agent_id: 'somebody-else' });
    expectError(answer);
  }),
  verifies('REG-04', async ({ enlisting }) => {
    const { agent, line, lease } = await enlisting.enlist();
    await pass(LATER_MS);
    const { agent_id, url } = agent;
    const renewed = resultIn(await line.ask('agent/renew', { agent_id, url, ttl_ms: RENEWED_MS }));
    demand(endIn(renewed) > endIn(lease), `a lease to ${show(lease['renew_before'])} was renewed to ${show(renewed)}`);
  }),
  verifies('REG-05', async ({ enlisting }) => {
    const { agent, asker, line } = await enlisting.enlist();
    await line.ask('agent/leave', {});
    await handOver(asker, agent, { options: { deadline_ms: SHORT_MS } });
    demand(agent.calls.length === 0, 'the agent was sent work after it had left');
  }),
  verifies('REG-06', async ({ enlisting }) => {
    const key = enlisting.agentKey();
    const agent = await enlisting.listen(key);
    const { answer } = await enlisting.knock(agent, key, { url: 'ws://169.254.169.254:80' });
    expectError(answer);
  }),
  verifies('REG-07', async (probe) => {
    await expectRefused(probe, { card: (card) => withId(card, 'somebody-else') });
  }),
  verifies('REG-08', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.bring(enlisting.agentKey());
    await handOver(asker, agent);
    demand(agent.calls.length === 1, `the agent was sent ${agent.calls.length} requests, where one was handed over`);
  }),
  verifies('REG-09', async (probe) => {
    await expectRefused(probe, { card_digest: '0'.repeat(64) });
  }),
  verifies('REG-10', async (probe) => {
    await expectRefused(probe, { proof_key: makeKey(probe.enlisting.agentKey().id) });
  }),
];

/** An agent that registers as it should and then is not what it ought to be. */
async function expectRefused(probe: Probe, options: OwnAgentOptions): Promise<void> {
  const { enlisting } = probe;
  probe.key();
  const key = enlisting.agentKey();
  const agent = await enlisting.listen(key, options);
  await enlisting.knock(agent, key);
  await agent.until(() => agent.talks[0]);
  await expectNoWork(probe, agent);
}

async function expectNoWork(probe: Probe, agent: OwnAgent): Promise<void> {
  await handOver(await probe.talk(), agent, { options: { deadline_ms: SHORT_MS } });
  demand(agent.calls.length === 0, `the agent was sent ${show(agent.calls[0]?.frame)}`);
}

/** The card, naming another agent in what the mesh reads of it. */
function withId(card: Frame, agent_id: string): Frame {
  const capabilities = isFrame(card['capabilities']) ? card['capabilities'] : {};
  const extensions = Array.isArray(capabilities['extensions']) ? capabilities['extensions'].filter(isFrame) : [];
  const renamed = extensions.map((extension) => {
    const params = isFrame(extension['params']) ? extension['params'] : {};
    return { ...extension, params: { ...params, agent_id } };
  });
  return { ...card, capabilities: { ...capabilities, extensions: renamed } };
}

/** When a lease ends, wall ms; 0 when it does not say. */
const endIn = ({ renew_before }: Frame): number => Date.parse(String(renew_before)) || 0;

const LATER_MS = 20;
/** The time of the first lease: what moves its end on is that it is asked for later. */
const RENEWED_MS = 60_000;
const SHORT_MS = 1_000;
