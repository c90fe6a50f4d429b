/** Tasks as who handed them over sees them: accepted, told, listed, ended, and refused where nobody fits. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, verifies } from '../check.ts';
import { beginTask, createGate, endOf, expectError, handOver, QUIET_MS, resultIn, taskOf } from '../handing.ts';
import type { Talk } from '../talk.ts';
import { isWire } from '../upgrade.ts';

/** The checks of TASK. */
export const taskChecks = [
  verifies('TASK-01', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const gate = createGate();
    agent.does('kit_echo', () => gate.opened);
    const asked = {
      to: { agent_id: agent.agent_id },
      method: 'kit_echo',
      params: {},
      options: { deadline_ms: LONG_MS },
    };
    const { task_id, state } = resultIn(await asker.ask('handoff', { ...asked, wait: 'accepted' }));
    gate.open();
    demand(typeof task_id === 'string' && task_id !== '', `the task_id is ${show(task_id)}`);
    demand(STATES.has(String(state)), `the state is ${show(state)}`);
  }),
  verifies('TASK-02', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const task_id = await beginTask(asker, agent);
    const task = await taskOf(asker, task_id);
    demand(task['task_id'] === task_id, `task/get of ${task_id} tells ${show(task)}`);
    demand(STATES.has(String(task['state'])), `the state is ${show(task['state'])}`);
  }),
  verifies('TASK-03', async (probe) => {
    probe.key();
    const talk = await probe.talk();
    expectError(await talk.ask('task/get', { task_id: 'task-of-nobody' }), 4040);
  }),
  verifies('TASK-04', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    await handOver(asker, agent, { params: { kept: true } });
    const { routing } = await agent.call(1);
    const before = await endOf(asker, routing['task_id']);
    await asker.ask('task/cancel', { task_id: routing['task_id'] });
    const after = await taskOf(asker, routing['task_id']);
    const is_same = ['state', 'result', 'updated_at'].every((name) => show(after[name]) === show(before[name]));
    demand(is_same, `a task that had ended changed from ${show(before)} to ${show(after)}`);
  }),
  verifies('TASK-05', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    for (let nth = 0; nth < 3; nth++) await handOver(asker, agent, { params: { nth } });
    const first = pageIn(await asker.ask('task/list', { limit: 1 }));
    demand(first.ids.length === 1, `a page of at most one has ${first.ids.length} tasks`);
    demand(typeof first.next === 'string', `the cursor is ${show(first.next)}, where more tasks are`);
    const second = pageIn(await asker.ask('task/list', { limit: 2, cursor: first.next }));
    demand(second.ids.length === 2, `the second page, of at most two, has ${second.ids.length} tasks`);
    demand(!second.ids.some((id) => first.ids.includes(id)), 'the second page begins with what the first one had');
  }),
  verifies('TASK-06', async (probe) => {
    probe.key();
    const asked = { to: { agent_id: 'nobody-of-this-kit' }, method: 'kit_echo', params: {} };
    expectError(await (await probe.talk()).ask('handoff', asked), 4043);
  }),
  verifies(
    'TASK-07',
    async (probe) => {
      probe.key();
      const asked = { to: { skill: 'do_nothing_of_this_kit' }, params: {} };
      expectError(await (await probe.talk()).ask('handoff', asked), 4043);
    },
    { phase: 'hard' }, // beside an agent that was just let in, and whose card was not read yet, it may be waited for
  ),
  verifies('TASK-08', async ({ enlisting }) => {
    const { asker } = await enlisting.enlist();
    const answer = await asker.ask('handoff', { task: 'mumble, and nothing that anybody could look at' });
    expectError(answer, -32602);
    demand(
      show(answer['error']).includes('kit_') || namesIn(answer).includes('kit_echo'),
      `${show(answer)} names no skills`,
    );
  }),
  verifies('TASK-09', async (probe) => {
    const { agent } = await probe.enlisting.enlist();
    const strangers: Talk[] = [await probe.greet({ key: probe.subject.stranger })];
    const bare = await probe.upgrade({ protocols: [], headers: { authorization: undefined } });
    if (isWire(bare)) strangers.push(probe.talkOver(bare, 'bare'));
    const asked = { to: { agent_id: agent.agent_id }, method: 'kit_echo', params: {} };
    for (const stranger of strangers) {
      const answer = await stranger.ask('handoff', asked).catch((reason: unknown) => {
        if (stranger.end) return undefined; // shown the door: that is an answer, too
        throw reason;
      });
      if (answer) expectError(answer);
    }
    demand(agent.calls.length === 0, 'the agent was sent what a stranger handed over');
  }),
  verifies('TASK-10', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const gate = createGate();
    agent.does('kit_echo', ({ params }) => (params['turn'] === 1 ? gate.opened : params));
    const task_id = await beginTask(asker, agent, { params: { turn: 1 } });
    await agent.call(1);
    const note = (method: string, params: Frame) => asker.say({ jsonrpc: '2.0', method, params });
    note('handoff', { to: { agent_id: agent.agent_id }, method: 'kit_echo', params: { turn: 2 } });
    note('task/cancel', { task_id });
    await handOver(asker, agent, { params: { turn: 3 } });
    const { state } = await taskOf(asker, task_id);
    gate.open();
    const is_done = agent.calls.some(({ params }) => params['turn'] === 2);
    demand(!is_done, 'the agent was sent what a notification handed over');
    demand(state === 'working', `after a notification of task/cancel the task is ${show(state)}`);
    const end = await endOf(asker, task_id);
    demand(end['state'] === 'completed', `after a notification of task/cancel the task ended ${show(end['state'])}`);
  }),
  verifies('TASK-11', async (probe) => {
    const { agent, asker } = await probe.enlisting.enlist();
    const gate = createGate();
    agent.does('kit_echo', () => gate.opened);
    const lost = await probe.greet({ key: probe.key() });
    const accepted = await beginTask(lost, agent);
    await agent.call(1);
    void handOver(lost, agent).catch(() => undefined); // nobody is there for its answer
    const waited = (await agent.call(2)).routing['task_id'];
    lost.wire.cut();
    const told = await Promise.all(agent.calls.map((call) => call.cancelled(QUIET_MS)));
    gate.open();
    demand(!told.some(Boolean), `when its asker was lost, the agent was told ${show(told)}`);
    for (const task_id of [accepted, waited]) {
      const { state } = await endOf(asker, task_id);
      demand(state === 'completed', `a task whose asker was lost ended ${show(state)}`);
    }
  }),
];

function pageIn(answer: Frame): { ids: unknown[]; next: unknown } {
  const { items, next_cursor: next } = resultIn(answer);
  demand(Array.isArray(items), `task/list was answered ${show(answer)}`);
  return { ids: items.map((item) => (isFrame(item) ? item['task_id'] : undefined)), next };
}

/** The whole error as text: a list of skills may be longer than what is shown of it. */
const namesIn = ({ error }: Frame): string => JSON.stringify(error ?? '');

const STATES = new Set([
  'submitted',
  'working',
  'input_required',
  'auth_required',
  'completed',
  'failed',
  'canceled',
  'rejected',
]);
const LONG_MS = 10_000;
