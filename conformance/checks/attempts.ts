/** What becomes of a task whose agent refuses, fails, lies, is silent, is lost or is stopped. */
import { isFrame } from '../answers.ts';
import { demand, show, verifies } from '../check.ts';
import { pass } from '../clock.ts';
import { beginTask, codeIn, createGate, endOf, expectError, handOver, resultIn, taskOf } from '../handing.ts';
import { Refusal, UNANSWERED } from '../talk.ts';

/** The checks of ROUTE that look at how an attempt ends. */
export const attemptChecks = [
  verifies('ROUTE-10', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    agent.does('kit_echo', () => {
      if (agent.calls.length === 1) throw new Refusal(5030, 'No room just now');
      return { turn: 2 };
    });
    const answer = await handOver(asker, agent);
    demand(agent.calls.length > 1, `a refusal with 5030 was not tried again: answered ${show(answer)}`);
    const [first = {}, second = {}] = agent.calls.map(({ routing }) => routing);
    for (const name of ['attempt', 'fence']) {
      const grows = Number(second[name]) > Number(first[name]);
      demand(grows, `the ${name} of the second attempt is ${show(second[name])}, after ${show(first[name])}`);
    }
    demand(first['task_id'] === second['task_id'], 'the second attempt is another task');
  }),
  verifies('ROUTE-11', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    agent.does('kit_echo', () => {
      throw new Refusal(-32602, 'Invalid params');
    });
    await handOver(asker, agent);
    await pass(RETRY_MS);
    demand(agent.calls.length === 1, `params that were refused were sent ${agent.calls.length} times`);
  }),
  verifies('ROUTE-19', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    let is_told = false;
    agent.does('kit_echo', async (call) => {
      is_told = (await call.cancelled()) !== undefined;
      throw new Refusal(4990, 'Cancelled');
    });
    const task_id = await beginTask(asker, agent);
    await agent.call(1);
    await asker.ask('task/cancel', { task_id, reason: 'a test of the kit' });
    const { state } = await endOf(asker, task_id);
    await agent.until(() => is_told || undefined);
    demand(is_told, 'the agent was not told $/cancel with the id of its request');
    demand(state === 'canceled', `a cancelled task ended ${show(state)}`);
  }),
  verifies('ROUTE-20', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    agent.does('kit_echo', () => {
      throw new Refusal(4042, 'Alert not found');
    });
    expectError(await handOver(asker, agent), 4042);
    const call = await agent.call(1);
    const { state, error } = await endOf(asker, call.routing['task_id']);
    demand(state === 'failed', `the task ended ${show(state)}`);
    demand(isFrame(error) && error['code'] === 4042, `the error of the task is ${show(error)}`);
  }),
  verifies('ROUTE-34', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    for (const code of NO_CODES) {
      agent.does('kit_echo', () => {
        throw new Refusal(code, 'No such code');
      });
      expectError(await handOver(asker, agent), 5000);
    }
  }),
  verifies('ROUTE-22', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    agent.does('kit_echo', ({ frame, talk }) => {
      const both = { result: { lied: true }, error: { code: 4042, message: 'Alert not found' } };
      talk.say({ jsonrpc: '2.0', id: frame['id'], ...both });
      return UNANSWERED;
    });
    const answer = await handOver(asker, agent, { options: { deadline_ms: SHORT_MS } });
    demand(codeIn(answer) !== undefined, `an answer with both result and error was taken: ${show(answer)}`);
    const call = await agent.call(1);
    const { state } = await endOf(asker, call.routing['task_id']);
    demand(state !== 'completed', 'the task is completed');
  }),
  verifies('ROUTE-23', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    agent.does('kit_echo', ({ frame, talk, params }) => {
      if (params['turn'] === 2) return params;
      const deep = `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`;
      talk.sayText(`{"jsonrpc":"2.0","id":${JSON.stringify(frame['id'])},"result":${deep}}`);
      return UNANSWERED;
    });
    const options = { deadline_ms: SHORT_MS };
    const answer = await handOver(asker, agent, { params: { turn: 1 }, options });
    expectError(answer, 5000); // by what came, not by the deadline
    const after = await handOver(asker, agent, { params: { turn: 2 } });
    demand(codeIn(after) === undefined, `the next task was answered ${show(after)}`);
  }),
  verifies('ROUTE-26', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    agent.does('kit_echo', () => UNANSWERED);
    const answer = await handOver(asker, agent, { options: { deadline_ms: SHORT_MS } });
    expectError(answer, 5040);
    const call = await agent.call(1);
    const { state } = await endOf(asker, call.routing['task_id']);
    demand(state === 'failed', `a task that ran out of time ended ${show(state)}`);
    demand((await call.cancelled()) !== undefined, 'the agent was not told $/cancel');
  }),
  verifies('ROUTE-27', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    agent.does('kit_echo', ({ frame, talk }) => {
      const about = { jsonrpc: '2.0', id: frame['id'] };
      talk.say({ ...about, result: { nth: 1 } });
      talk.say({ ...about, result: { nth: 2 } });
      talk.say({ ...about, error: { code: 4042, message: 'Alert not found' } });
      return UNANSWERED;
    });
    const { nth } = resultIn(await handOver(asker, agent));
    demand(nth === 1, `the answer is ${show(nth)}`);
    const call = await agent.call(1);
    await call.talk.ask('rpc.ping'); // whatever it makes of the others, it has read them
    const { state, result } = await taskOf(asker, call.routing['task_id']);
    const holds = state === 'completed' && isFrame(result) && result['nth'] === 1;
    demand(holds, `after a second answer the task is ${show(state)} with ${show(result)}`);
  }),
  verifies('ROUTE-28', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    agent.does('kit_echo', ({ talk }) => {
      if (agent.calls.length > 1) return { turn: 2 };
      talk.wire.cut();
      return UNANSWERED;
    });
    const answer = await handOver(asker, agent);
    demand(
      agent.calls.length > 1,
      `a task whose agent was lost was answered ${show(answer)}, and not handed over again`,
    );
    const [first, second] = agent.calls.map(({ routing }) => routing);
    const grows = Number(second?.['fence']) > Number(first?.['fence']);
    demand(grows, `the fence is ${show(second?.['fence'])}, after ${show(first?.['fence'])}`);
    resultIn(answer);
  }),
  verifies('ROUTE-30', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const gate = createGate();
    agent.does('kit_echo', async (call) => {
      await Promise.race([call.cancelled(), gate.opened]);
      return { whole: true };
    });
    const task_id = await beginTask(asker, agent);
    await agent.call(1);
    await asker.ask('task/cancel', { task_id });
    gate.open();
    const { state } = await endOf(asker, task_id);
    demand(state !== 'completed', 'a task that was cancelled is completed');
  }),
];

/** Longer than the first pause before another try (promises.md P9). */
const RETRY_MS = 400;
const SHORT_MS = 1_000;
/** Codes that no table has: one among ours, one that JSON-RPC leaves to servers. */
const NO_CODES = [4777, -32050];
const DEEP = 100;
