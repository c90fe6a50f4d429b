/** Which agent is given work, and how much of it: what it can be found by, what it takes at once, and whether it leaves. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, verifies } from '../check.ts';
import { LIMITS } from '../greeting.ts';
import { beginTask, createGate, endOf, expectError, QUIET_MS } from '../handing.ts';
import { SKILLS_EXTENSION } from '../../protocol/index.ts';

/** ROUTE-35, ROUTE-36 and AWAY-06. */
export const placingChecks = [
  verifies('ROUTE-35', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist({ card: hidden });
    const answer = await asker.ask('handoff', { to: { skill: 'kit_echo' }, params: {}, options: SHORT });
    demand(agent.calls.length === 0, `the agent was sent ${show(agent.calls[0]?.frame)}`);
    expectError(answer, 4043);
  }),
  verifies('ROUTE-36', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist({ hello: { limits: { ...LIMITS, in_flight_max: ROOM } } });
    const gate = createGate();
    agent.does('kit_echo', () => gate.opened);
    const task_ids: string[] = [];
    for (let nth = 0; nth <= ROOM; nth++) task_ids.push(await beginTask(asker, agent));
    await agent.call(ROOM);
    const more = await agent.until(() => agent.calls[ROOM], QUIET_MS);
    gate.open();
    demand(!more, `the agent takes ${ROOM} at once, and was sent ${agent.calls.length}`);
    for (const task_id of task_ids) {
      const { state } = await endOf(asker, task_id);
      demand(state === 'completed', `one of ${task_ids.length} tasks ended ${show(state)}`);
    }
  }),
  verifies('AWAY-06', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const gate = createGate();
    agent.does('kit_echo', () => gate.opened);
    const task_id = await beginTask(asker, agent);
    const { talk } = await agent.call(1);
    talk.say({
      jsonrpc: '2.0',
      method: 'mesh/goaway',
      params: { reason: 'a test of the kit', reconnect_after_ms: AWAY_MS },
    });
    await talk.ask('rpc.ping'); // by then it was read
    await asker.ask('handoff', {
      to: { agent_id: agent.agent_id },
      method: 'kit_echo',
      params: {},
      wait: 'accepted',
      options: SHORT,
    });
    const more = await agent.until(() => agent.calls[1], QUIET_MS);
    gate.open();
    demand(!more, `after its goaway the agent was sent ${show(more?.frame)}`);
    const { state } = await endOf(asker, task_id);
    demand(state === 'completed', `what was in flight when the agent said goaway ended ${show(state)}`);
  }),
];

/** The card, no skill of which is found by its name. */
function hidden(card: Frame): Frame {
  const whole = JSON.parse(JSON.stringify(card)) as Frame;
  const capabilities = isFrame(whole['capabilities']) ? whole['capabilities'] : {};
  const extensions = Array.isArray(capabilities['extensions']) ? capabilities['extensions'].filter(isFrame) : [];
  const params = extensions.find(({ uri }) => uri === SKILLS_EXTENSION)?.['params'];
  const skills = isFrame(params) && isFrame(params['skills']) ? Object.values(params['skills']).filter(isFrame) : [];
  for (const traits of skills) traits['routable'] = false;
  return whole;
}

const ROOM = 2;
const SHORT = { deadline_ms: 1_000, mode: 'monitor' };
const AWAY_MS = 30_000;
