/** Work that acts, in a mesh that lets it: the kit's agent in mode active, and the questions that people are asked before. */
import { isFrame, isText, type Frame } from './answers.ts';
import { demand, show, skip } from './check.ts';
import type { Enlisted } from './enlisting.ts';
import { codeIn, handOver } from './handing.ts';
import type { OwnSkill } from './own-card.ts';
import type { Probe } from './probe.ts';

/** The two who take part: who asks, and who would act. */
export type Acting = Pick<Enlisted, 'agent' | 'asker'>;

/** What a 4032 brings: the question that waits, and the task that waits for it. */
export interface Ticket {
  approval_id: string;
  task_id: string;
  action_hash: string;
}

/** What the kit's agent is aimed at in every run, for an orchestrator counts different ones. */
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

/** The same, where people may be asked. */
export interface AmongPeople extends Acting {
  /** Hands over what acts, in mode active, without waiting for people. Skips where they were asked too often. */
  hand: (skill: OwnSkill, idempotency_key?: string) => Promise<Frame>;
  /** Asks for what people have to allow. Throws a Failure unless that is said with a whole 4032. */
  ask: (idempotency_key?: string) => Promise<Ticket>;
}

/** Runs a check among people, where effects may be begun too. However it ends, nobody is left with a question of it. */
export async function amongPeople(probe: Probe, judge: (people: AmongPeople) => Promise<void>): Promise<void> {
  const { agent, asker } = await enlistActive(probe);
  if (!probe.subject.allow_effects) skip(ASKS_PEOPLE);
  const waiting = new Set<string>();
  const hand = async (skill: OwnSkill, idempotency_key = keyOf(probe)) => {
    const options = { mode: 'active', on_approval: 'return', idempotency_key };
    const answer = await handOver(asker, agent, { skill, params: { target: TARGET }, options });
    const { task_id } = detailIn(answer);
    if (isText(task_id)) waiting.add(task_id);
    if (codeIn(answer) === 4290) skip('people were asked too often in this minute: try again in the next');
    return answer;
  };
  try {
    await judge({ agent, asker, hand, ask: async (key) => ticketIn(await hand('kit_act', key)) });
  } finally {
    await Promise.all([...waiting].map((task_id) => withdraw(asker, task_id)));
  }
}

/** A question that nobody is to answer any more: its task is cancelled. What the check found stands, whatever is answered. */
const withdraw = (asker: Acting['asker'], task_id: string): Promise<unknown> =>
  asker.ask('task/cancel', { task_id, reason: 'a test of the kit is over' }).catch(() => undefined);

/** A key that no earlier run used: an orchestrator remembers them. */
export const keyOf = ({ chance, subject }: Probe): string => `kit-${chance.token()}-${Math.round(subject.monotonic())}`;

function ticketIn(answer: Frame): Ticket {
  demand(codeIn(answer) === 4032, `what people have to allow was answered ${show(answer)}, not 4032`);
  const { approval_id, task_id, action_hash } = detailIn(answer);
  demand(
    isText(approval_id) && isText(task_id) && isText(action_hash),
    `the detail of a 4032 is to name approval_id, task_id and action_hash: ${show(answer)}`,
  );
  return { approval_id, task_id, action_hash };
}

function detailIn({ error }: Frame): Frame {
  const data = isFrame(error) ? error['data'] : undefined;
  return isFrame(data) && isFrame(data['detail']) ? data['detail'] : {};
}

const ASKS_PEOPLE = 'in mode active people would be asked for their approval: with --allow-effects the kit does that';
