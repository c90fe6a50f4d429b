/** What an orchestrator sends to an agent: the request as it was asked for, and routing of its own making. */
import { isFrame } from '../answers.ts';
import { demand, fail, show, skip, verifies } from '../check.ts';
import { introducedIn } from '../greeting.ts';
import { beginTask, createGate, endOf, eventsOf, follow, handOver } from '../handing.ts';
import { isProof } from '../identity.ts';
import { faultsOf } from '../routing-shape.ts';

/** The checks of ROUTE that look at one request. */
export const routingChecks = [
  verifies('ROUTE-01', async ({ enlisting, chance }) => {
    const { agent, asker } = await enlisting.enlist();
    const params = {
      text: `"q" \\ 日本 🦊 ${chance.token()}`,
      list: [1, -2.5, null, [], {}],
      deep: { ok: false, no: 0 },
    };
    await handOver(asker, agent, { params });
    const [call] = agent.calls;
    demand(call !== undefined, 'no request of the skill came');
    demand(same(call.params, params), `the agent was sent ${show(call.params)}, where ${show(params)} was asked for`);
  }),
  verifies('ROUTE-02', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    await beginTask(asker, agent);
    const faults = faultsOf((await agent.call(1)).meta);
    demand(faults.length === 0, `in the routing ${faults.join('; ')}`);
  }),
  verifies('ROUTE-03', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    await beginTask(asker, agent);
    const { hop, path } = (await agent.call(1)).routing;
    demand(hop === 1, `the first hop is ${show(hop)}`);
    demand(Array.isArray(path) && path.at(-1) === agent.agent_id, `the path is ${show(path)}`);
  }),
  verifies('ROUTE-04', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    await beginTask(asker, agent, { options: { deadline_ms: ASKED_MS } });
    const { routing, wall } = await agent.call(1);
    const budget_ms = Number(routing['budget_ms']);
    demand(budget_ms > 0 && budget_ms <= ASKED_MS, `the budget is ${budget_ms} ms, where ${ASKED_MS} were asked for`);
    const left_ms = Date.parse(String(routing['deadline'])) - wall;
    demand(Math.abs(left_ms - budget_ms) <= CLOCKS_MS, `the deadline is in ${left_ms} ms, the budget ${budget_ms} ms`);
  }),
  verifies('ROUTE-05', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const [trace, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
    await beginTask(asker, agent, { meta: { traceparent: `00-${trace}-${span}-01` } });
    const { traceparent } = (await agent.call(1)).meta;
    const [, its_trace, its_span] = String(traceparent).split('-');
    const goes_on = its_trace === trace && its_span !== span;
    demand(goes_on, `the trace 00-${trace}-${span}-01 went on as ${show(traceparent)}`);
  }),
  verifies('ROUTE-07', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    await beginTask(asker, agent, { options: { mode: 'dry_run' } });
    const { mode } = (await agent.call(1)).routing;
    demand(mode === 'dry_run', `the mode is ${show(mode)}, where dry_run was asked for`);
  }),
  verifies('ROUTE-08', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const forged = {
      task_id: 'task-forged',
      root_id: 'task-forged',
      from: 'agent-forged',
      hop: 7,
      path: ['agent-forged'],
      fence: 999_999,
      actor: { sub: 'actor-forged', scopes: ['scope-forged'], tenant: 'tenant-forged' },
      approval: { approval_id: 'approval-forged', action_hash: 'forged', exp: '2100-01-01T00:00:00Z' },
    };
    await handOver(asker, agent, { meta: { handoff: forged } });
    await handOver(asker, agent, { params: { _meta: { handoff: forged } } });
    for (const { routing } of agent.calls) {
      const is_believed = show(routing).includes('forged') || routing['fence'] === forged.fence || routing['hop'] === 7;
      demand(!is_believed, `the agent was sent what the asker had written: ${show(routing)}`);
    }
  }),
  verifies('ROUTE-09', async ({ enlisting, chance }) => {
    const { agent, asker } = await enlisting.enlist();
    const gate = createGate();
    agent.does('kit_echo', () => gate.opened);
    const task_id = await beginTask(asker, agent);
    const call = await agent.call(1);
    const token = call.meta['progress_token'];
    demand(typeof token === 'string' || typeof token === 'number', `the token of progress is ${show(token)}`);
    await follow(asker, task_id, { token: 'reader' });
    const thought = chance.token();
    call.tell({ thought });
    const heard = await asker.until(() => eventsOf(asker, 'reader').find(({ value }) => show(value).includes(thought)));
    gate.open();
    demand(heard !== undefined, 'what the agent told under its token did not reach who follows the task');
  }),
  verifies('ROUTE-12', async (probe) => {
    const { enlisting } = probe;
    const agent_key = enlisting.agentKey();
    probe.key();
    const agent = await enlisting.listen(agent_key, { is_silent: true });
    await enlisting.knock(agent, agent_key);
    if (!(await agent.until(() => agent.talks[0]))) skip('the agent was not dialled, see REG-08');
    await handOver(await probe.talk(), agent, { options: { deadline_ms: SHORT_MS } });
    demand(agent.calls.length === 0, `sent ${show(agent.calls[0]?.frame)} before hello was answered`);
  }),
  verifies('ROUTE-13', async ({ enlisting }) => {
    const { agent, line } = await enlisting.enlist();
    const greeted = (await agent.greeted()) ?? fail("the agent's hello was not answered");
    const { answer, challenge, dialled } = greeted;
    const { agent: about, connection_id, proof } = introducedIn(greeted);
    demand(isFrame(about) && typeof proof === 'string', `the agent's hello was answered ${show(answer)}`);
    const known = introducedIn(line.greeted)['agent'];
    const public_key = isFrame(known) ? known['public_key'] : undefined;
    const [agent_id, instance_id] = [String(about['agent_id']), String(about['instance_id'])];
    const subject = { challenge, agent_id, instance_id, dialled, connection_id: String(connection_id) };
    // Who names no key is known by a pin that the kit does not have: then a signature is all that can be seen.
    const holds =
      typeof public_key === 'string'
        ? isProof(public_key, subject, proof)
        : Buffer.from(proof, 'base64url').length === SIGNATURE_BYTES;
    demand(holds, `the proof does not hold for ${show(subject)}`);
  }),
  verifies('ROUTE-21', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const gate = createGate();
    agent.does('kit_echo', () => gate.opened);
    const [mine, other] = [await beginTask(asker, agent), await beginTask(asker, agent)];
    const [call] = [await agent.call(1), await agent.call(2)];
    await follow(asker, mine, { token: 'mine' });
    await follow(asker, other, { token: 'other' });
    for (const token of [Number(call.meta['progress_token']) + 1_000_000, 'nobody', '', 'mine', 'other']) {
      call.tell('kit-forged', { token, task_id: other });
    }
    call.tell('kit-true', { seq: 1 });
    const heard = await asker.until(() => eventsOf(asker, 'mine').find(({ value }) => value === 'kit-true'));
    gate.open();
    await endOf(asker, other);
    const forged = asker.told.find((told) => show(told).includes('kit-forged'));
    demand(!forged, `who follows was told ${show(forged)}`);
    if (!heard) skip("the agent's own progress is not told either, see ROUTE-09");
  }),
  verifies('ROUTE-24', async ({ enlisting, chance }) => {
    const { agent, asker } = await enlisting.enlist();
    const options = {
      priority: 8,
      idempotency_key: `kit-${chance.token()}-${agent.instance_id}`,
      reason: 'a test of the kit',
    };
    await beginTask(asker, agent, { options });
    const { routing } = await agent.call(1);
    const got = Object.fromEntries(Object.keys(options).map((name) => [name, routing[name]]));
    demand(same(got, options), `the agent was sent ${show(got)}, where ${show(options)} was asked for`);
  }),
  verifies('ROUTE-33', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const carried = { tracestate: 'kit=1', x_kit: { a: [1] } };
    await beginTask(asker, agent, { meta: { traceparent, ...carried } });
    const { meta } = await agent.call(1);
    const got = Object.fromEntries(Object.keys(carried).map((name) => [name, meta[name]]));
    demand(same(got, carried), `the agent was sent ${show(got)}, where ${show(carried)} was given`);
  }),
  verifies('ROUTE-25', async ({ enlisting }) => {
    const { agent, asker } = await enlisting.enlist();
    await handOver(asker, agent);
    demand(agent.unmasked === undefined, agent.unmasked ?? '');
  }),
];

/** Alike, whatever the order of the members. */
const same = (left: unknown, right: unknown): boolean => sorted(left) === sorted(right);
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_name, member: unknown) =>
    isFrame(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );

const ASKED_MS = 7_000;
/** What the clocks of two processes on one machine may differ by, and what a frame may take. */
const CLOCKS_MS = 1_000;
const SHORT_MS = 1_200;
const SIGNATURE_BYTES = 64;
