/** What becomes of work that an agent hands on: a child has less time, fewer rights and a longer path than its parent. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, fail, show, verifies } from '../check.ts';
import { beginTask, codeIn, createGate, endOf, expectError, handOver, resultIn } from '../handing.ts';
import type { Call, OwnAgent } from '../own-agent.ts';
import type { Probe } from '../probe.ts';
import { Refusal } from '../talk.ts';

/** The checks of ROUTE that look at a parent and its child. */
export const childrenChecks = [
  verifies('ROUTE-06', async (probe) => {
    const { parent, child } = await handedOn(probe, {}, { actor: { sub: 'root', scopes: ['*'], tenant: 'default' } });
    const [own, its] = [scopesOf(parent), scopesOf(child)];
    const more = its.filter((scope) => !own.includes(scope) && !own.includes('*'));
    demand(more.length === 0, `the child has the scopes ${show(its)}, its parent ${show(own)}`);
  }),
  verifies('ROUTE-14', async (probe) => {
    const { parent, child } = await handedOn(probe);
    const [own, its] = [parent.routing, child.routing];
    demand(
      its['hop'] === Number(own['hop']) + 1,
      `the hop of the child is ${show(its['hop'])}, after ${show(own['hop'])}`,
    );
    const path: unknown[] = [...(Array.isArray(own['path']) ? own['path'].map(String) : []), its['to']];
    demand(show(its['path']) === show(path), `the path of the child is ${show(its['path'])}, not ${show(path)}`);
    demand(its['root_id'] === own['root_id'], `the root of the child is ${show(its['root_id'])}`);
    demand(its['parent_id'] === own['task_id'], `the parent of the child is ${show(its['parent_id'])}`);
  }),
  verifies('ROUTE-15', async (probe) => {
    const { parent, child } = await handedOn(probe);
    const [own_ms, its_ms] = [Number(parent.routing['budget_ms']), Number(child.routing['budget_ms'])];
    const holds = its_ms > 0 && its_ms <= own_ms - RESERVE_MS;
    demand(holds, `the child has ${its_ms} ms, where its parent had ${own_ms} ms`);
  }),
  verifies('ROUTE-16', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const answer = await fromWithin(
      () => handOver(asker, agent, { params: { turn: 1 } }),
      agent.does,
      (call) => call.handOff({ to: { agent_id: agent.agent_id }, method: 'kit_echo', params: { turn: 2 } }),
    );
    expectError(answer, 5080);
    demand(agent.calls.length === 1, 'the agent was sent the request of its own that was refused');
  }),
  verifies('ROUTE-17', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const gate = createGate();
    agent.does('kit_echo', ({ params }) => (params['turn'] === 1 ? params : gate.opened));
    await handOver(asker, agent, { params: { turn: 1 } });
    const task_id = await beginTask(asker, agent, { params: { turn: 2 } });
    const [over, held] = [await agent.call(1), await agent.call(2)];
    const asked = { to: { skill: 'kit_echo' }, params: { turn: 3 } };
    const answers = [
      await held.handOff(asked, { handoff: { parent_id: 'task-of-nobody' } }),
      await held.handOff(asked, { handoff: { parent_id: over.routing['task_id'], fence: over.routing['fence'] } }),
      await held.handOff(asked, { handoff: { fence: Number(held.routing['fence']) + 1 } }),
      await held.talk.ask('handoff', asked),
    ];
    gate.open();
    await endOf(asker, task_id);
    // 5080 would say that the task was believed, and only the agent refused.
    const believed = answers.find((answer) => codeIn(answer) === undefined || codeIn(answer) === 5080);
    demand(!believed, `answered ${show(believed)} in the name of a task that the agent does not hold`);
  }),
  verifies('ROUTE-18', async (probe) => {
    const options = { mode: 'active', deadline_ms: 900_000, priority: 10 };
    const { parent, child } = await handedOn(probe, options);
    const [own, its] = [parent.routing, child.routing];
    demand(its['mode'] === 'dry_run', `the child has the mode ${show(its['mode'])}, its parent dry_run`);
    const holds = Number(its['budget_ms']) <= Number(own['budget_ms']);
    demand(holds, `the child has ${show(its['budget_ms'])} ms, where its parent had ${show(own['budget_ms'])} ms`);
  }),
  verifies('ROUTE-29', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const peer = await enlisting.enlistPeer();
    const task_id = await beginTask(asker, peer.agent);
    await endOf(asker, task_id);
    const talk = agent.talks.at(-1) ?? fail('the agent was not dialled');
    for (const method of ['task/get', 'task/cancel']) expectError(await talk.ask(method, { task_id }));
    const subscribed = { task_id, _meta: { progress_token: 'curious' } };
    expectError(await talk.ask('task/subscribe', subscribed));
  }),
  verifies('ROUTE-31', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const { agent: peer } = await enlisting.enlistPeer();
    const stopped = async (call: Call) => {
      await call.cancelled();
      throw new Refusal(4990, 'Cancelled');
    };
    agent.does('kit_echo', (call) => {
      void call.handOff(toPeer(peer)).catch(() => undefined);
      return stopped(call);
    });
    peer.does('kit_echo', stopped);
    const task_id = await beginTask(asker, agent);
    const child = await peer.call(1);
    await asker.ask('task/cancel', { task_id });
    demand((await child.cancelled()) !== undefined, 'the agent of the child was not told $/cancel');
    const { state } = await endOf(asker, child.routing['task_id']);
    demand(state === 'canceled', `the child of a cancelled task ended ${show(state)}`);
  }),
  verifies('ROUTE-32', async (probe) => {
    const { parent, child } = await handedOn(probe);
    const [own, its] = [parent, child].map(({ meta }) => String(meta['traceparent']).split('-'));
    demand(its?.[1] === own?.[1], `the trace of the child is ${show(its?.[1])}, its parent's ${show(own?.[1])}`);
    demand(its?.[2] !== own?.[2], `the child has the span of its parent, ${show(own?.[2])}`);
  }),
  verifies('ROUTE-37', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const { agent: peer } = await enlisting.enlistPeer();
    const answers: Frame[] = [];
    agent.does('kit_echo', async (call) => {
      const at_once = Math.min(FAN_OUT_MAX, takenAtOnce(call));
      while (answers.length < FAN_OUT_MAX) {
        const left = Math.min(at_once, FAN_OUT_MAX - answers.length);
        answers.push(...(await Promise.all(Array.from({ length: left }, () => call.handOff(toPeer(peer))))));
      }
      answers.push(await call.handOff(toPeer(peer)));
      return {};
    });
    resultIn(await handOver(asker, agent));
    const refused = answers.slice(0, FAN_OUT_MAX).find((answer) => codeIn(answer) !== undefined);
    demand(!refused, `one of the first ${FAN_OUT_MAX} was answered ${show(refused)}`);
    expectError(answers[FAN_OUT_MAX] ?? {}, 5080);
  }),
];

/** What is handed on to the second agent. */
const toPeer = ({ agent_id }: OwnAgent): Frame => ({ to: { agent_id }, method: 'kit_echo', params: {} });

/** How many requests the orchestrator takes at once, by the hello that it dialled with. */
function takenAtOnce({ talk }: Call): number {
  const { params } = talk.asked.find(({ method }) => method === 'mesh/hello') ?? {};
  const limits = isFrame(params) && isFrame(params['limits']) ? params['limits'] : {};
  return Number.isInteger(limits['in_flight_max']) ? Math.max(1, Number(limits['in_flight_max'])) : FAN_OUT_MAX;
}

/** A task of the first agent, in dry_run and with five seconds, that hands on to the second one. */
async function handedOn(
  { enlisting }: Probe,
  options: Frame = {},
  handoff: Frame = {},
): Promise<{ parent: Call; child: Call }> {
  const { agent, asker } = await enlisting.enlist();
  const { agent: peer } = await enlisting.enlistPeer();
  const answer = await fromWithin(
    () => handOver(asker, agent, { options: { mode: 'dry_run', deadline_ms: PARENT_MS } }),
    agent.does,
    (call) => call.handOff({ ...toPeer(peer), options }, { handoff }),
  );
  const [[parent], [child]] = [agent.calls, peer.calls];
  demand(parent !== undefined && child !== undefined, `what an agent handed on was answered ${show(answer)}`);
  return { parent, child };
}

/** What `within` was answered while the agent worked on what `begin` hands over. */
async function fromWithin(
  begin: () => Promise<Frame>,
  does: (skill: 'kit_echo', handler: (call: Call) => unknown) => void,
  within: (call: Call) => Promise<Frame>,
): Promise<Frame> {
  let answer: Frame | undefined;
  does('kit_echo', async (call) => {
    answer ??= await within(call);
    return {};
  });
  const whole = await begin();
  demand(answer !== undefined, `what an agent handed on was not answered; the task itself was answered ${show(whole)}`);
  return answer;
}

function scopesOf({ routing }: Call): string[] {
  const actor = isFrame(routing['actor']) ? routing['actor'] : {};
  return Array.isArray(actor['scopes']) ? actor['scopes'].map(String) : [];
}

const RESERVE_MS = 50;
const FAN_OUT_MAX = 32;
const PARENT_MS = 5_000;
