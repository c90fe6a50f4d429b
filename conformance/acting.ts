/** Work that acts, in a mesh that lets it: the kit's agent in mode active, and the questions that people are asked before. */
import { isFrame, isText, type Frame } from './answers.ts';
import { demand, show, skip } from './check.ts';
import type { Enlisted } from './enlisting.ts';
import { codeIn, handOver } from './handing.ts';
import type { Probe } from './probe.ts';

/** The two who take part: who asks, and who would act. */
export type Acting = Pick<Enlisted, 'agent' | 'asker'>;

/** What a 4032 brings: the question that waits, and the task that waits for it. */
export interface Ticket {
  approval_id: string;
  task_id: string;
  action_hash: unknown;
}

/** The only thing that the kit's agent is ever aimed at: an orchestrator counts different ones. */
export const TARGET = 'host-of-this-kit';

/** The kit's agent in a mesh where things are really done. Skips where nothing is. */
export async function enlistActive(probe: Probe): Promise<Acting> {
  const { agent, asker } = await probe.enlisting.enlist();
  await handOver(asker, agent, { options: { mode: 'active' } });
  const { mode } = (await agent.call(1)).routing; // the widest that the orchestrator gives
  agent.calls.length = 0;
  if (mode !== 'active') skip(`nothing is changed in mode ${show(mode)}: start the orchestrator in mode active`);
  return { agent, asker };
}

/** The same, where people may be asked, and effects begun. */
export async function enlistActing(probe: Probe): Promise<Acting> {
  const acting = await enlistActive(probe);
  return probe.subject.allow_effects ? acting : skip(ASKS_PEOPLE);
}

/** Asks for what people have to allow, without waiting for them. Throws a Failure unless that is said with a 4032. */
export async function askPeople(
  probe: Probe,
  { agent, asker }: Acting,
  { idempotency_key = keyOf(probe) }: { idempotency_key?: string } = {},
): Promise<Ticket> {
  const options = { mode: 'active', on_approval: 'return', idempotency_key };
  return ticketIn(await handOver(asker, agent, { skill: 'kit_act', params: { target: TARGET }, options }));
}

/** A question that nobody is to answer any more: its task is cancelled. */
export async function withdraw(asker: Enlisted['asker'], { task_id }: Pick<Ticket, 'task_id'>): Promise<void> {
  await asker.ask('task/cancel', { task_id, reason: 'a test of the kit is over' });
}

/** A key that no earlier run used: an orchestrator remembers them. */
export const keyOf = ({ chance, subject }: Probe): string => `kit-${chance.token()}-${Math.round(subject.monotonic())}`;

function ticketIn(answer: Frame): Ticket {
  if (codeIn(answer) === 4290) skip('people were asked too often in this minute: try again in the next');
  demand(codeIn(answer) === 4032, `what people have to allow was answered ${show(answer)}, not 4032`);
  const data = isFrame(answer['error']) ? answer['error']['data'] : undefined;
  const { approval_id, task_id, action_hash } = isFrame(data) && isFrame(data['detail']) ? data['detail'] : {};
  demand(
    isText(approval_id) && isText(task_id),
    `the detail of a 4032 names no approval_id and task_id: ${show(data)}`,
  );
  return { approval_id, task_id, action_hash };
}

const ASKS_PEOPLE = 'in mode active people would be asked for their approval: with --allow-effects the kit does that';
