/** Handing on: what an agent asks of its orchestrator while it works, and that it claims no more than it was given. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, skip, verifies } from '../check.ts';
import { ACTOR, BUDGET_MS, expectOrchestrator, newTaskId, openHandover, triedSkills } from '../handover.ts';
import type { Probe } from '../probe.ts';
import { Refusal } from '../talk.ts';

/** The checks of OUT. */
export const handingOnChecks = [
  verifies('OUT-01', async (probe) => {
    for (const { params, task_id } of await handedOn(probe)) {
      const { parent_id, fence } = routingIn(params);
      demand(parent_id === task_id, `the task is ${task_id}, and the handoff names ${show(parent_id)}`);
      demand(fence === FENCE, `the fence is ${FENCE}, and the handoff names ${show(fence)}`);
    }
  }),
  verifies('OUT-02', async (probe) => {
    for (const { params } of await handedOn(probe)) {
      const asked = [optionsIn(params)['deadline_ms'], routingIn(params)['budget_ms']].filter((ms) => ms !== undefined);
      const wrong = asked.find((ms) => typeof ms !== 'number' || ms > BUDGET_MS);
      demand(wrong === undefined, `the work had ${BUDGET_MS} ms, and the handoff asks for ${show(wrong)}`);
    }
  }),
  verifies('OUT-03', async (probe) => {
    for (const { params } of await handedOn(probe)) {
      const asked = [optionsIn(params)['mode'], routingIn(params)['mode']].filter((mode) => mode !== undefined);
      const wrong = asked.find((mode) => mode !== MODE);
      demand(wrong === undefined, `the work ran in ${MODE}, and the handoff asks for ${show(wrong)}`);
    }
  }),
  verifies('OUT-04', async (probe) => {
    for (const { params } of await handedOn(probe)) {
      const { actor } = routingIn(params);
      if (!isFrame(actor)) continue; // whoever claims nothing is given what the task has
      const { sub, tenant, scopes = [] } = actor;
      const is_own = Array.isArray(scopes) && scopes.every((scope) => ACTOR.scopes.includes(String(scope)));
      demand(is_own, `the work had the scopes ${show(ACTOR.scopes)}, and the handoff claims ${show(scopes)}`);
      demand(sub === undefined || sub === ACTOR.sub, `the handoff claims to be for ${show(sub)}`);
      demand(tenant === undefined || tenant === ACTOR.tenant, `the handoff claims the tenant ${show(tenant)}`);
    }
  }),
  verifies('OUT-05', async (probe) => {
    const wrong = (await asksOf(probe)).find(({ method }) => !ASKED_OF_ORCHESTRATORS.has(String(method)));
    demand(!wrong, `the agent asked ${show(wrong)}`);
  }),
];

/** A request of the agent, and the task that it was made under. */
interface Asked {
  method: unknown;
  params: Frame;
  task_id: string;
}

/** What is handed on. Skips when no skill did. */
async function handedOn(probe: Probe): Promise<Asked[]> {
  const handoffs = (await asksOf(probe, 'handoff')).filter(({ method }) => method === 'handoff');
  if (handoffs.length === 0) skip('no skill that was tried hands anything on');
  return handoffs;
}

/** Lets one skill after the other work, and hears what the agent asks meanwhile; until the method is asked, when one is looked for. */
async function asksOf(probe: Probe, looked_for?: string): Promise<Asked[]> {
  expectOrchestrator(probe);
  const all: Asked[] = [];
  for (const skill of triedSkills(probe)) {
    const { talk, give } = await openHandover(probe);
    talk.serve('handoff', () => {
      throw new Refusal(4043, 'Agent not found');
    });
    const task_id = newTaskId();
    await give(skill, { routing: { task_id, fence: FENCE, mode: MODE } });
    all.push(...talk.asked.map(({ method, params }) => ({ method, params: isFrame(params) ? params : {}, task_id })));
    await talk.close();
    if (all.some(({ method }) => method === looked_for)) return all;
  }
  return all;
}

/** The routing that an agent wrote. */
function routingIn({ _meta: meta }: Frame): Frame {
  const handoff = isFrame(meta) ? meta['handoff'] : undefined;
  return isFrame(handoff) ? handoff : {};
}

const optionsIn = ({ options }: Frame): Frame => (isFrame(options) ? options : {});

/** What no agent would name by chance, and the narrowest mode: whatever is asked beyond it is wider. */
const FENCE = 41;
const MODE = 'dry_run';

/** wire.md 3: what an orchestrator answers. */
const ASKED_OF_ORCHESTRATORS: ReadonlySet<string> = new Set([
  'mesh/hello',
  'rpc.discover',
  'rpc.ping',
  'handoff',
  ...['get', 'list', 'cancel', 'subscribe', 'redrive', 'resolve'].map((verb) => `task/${verb}`),
  ...['request', 'list', 'decide', 'consume'].map((verb) => `approval/${verb}`),
  ...['verify', 'backup'].map((verb) => `ledger/${verb}`),
  ...['register', 'renew', 'leave'].map((verb) => `agent/${verb}`),
]);
