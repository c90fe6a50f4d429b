/** Handing work over as an operator does, and following what becomes of it. */
import { isFrame, type Frame } from './answers.ts';
import { demand, show } from './check.ts';
import { pass } from './clock.ts';
import type { OwnAgent } from './own-agent.ts';
import type { OwnSkill } from './own-card.ts';
import type { Talk } from './talk.ts';

/** What is handed over. */
export interface Handed {
  skill?: OwnSkill;
  params?: Frame;
  /** Members of `options`; ten seconds in mode monitor unless said: in active, people may be asked, or count as asked. */
  options?: Frame;
  meta?: Frame;
}

/** Hands work over and waits for its result or its error. */
export const handOver = (asker: Talk, agent: OwnAgent, handed: Handed = {}): Promise<Frame> =>
  asker.ask('handoff', toParams(agent, handed), { within_ms: ANSWER_MS_MAX });

/** Hands work over and waits for acceptance only. Throws a Failure when it is refused. */
export async function beginTask(asker: Talk, agent: OwnAgent, handed: Handed = {}): Promise<string> {
  const answer = await asker.ask('handoff', { ...toParams(agent, handed), wait: 'accepted' });
  const task_id = isFrame(answer['result']) ? answer['result']['task_id'] : undefined;
  demand(typeof task_id === 'string', `a handoff that waits for acceptance was answered ${show(answer)}`);
  return task_id;
}

/** What an answer brought. Throws a Failure when it is an error. */
export function resultIn(answer: Frame): Frame {
  demand(isFrame(answer['result']), `answered ${show(answer)}`);
  return answer['result'];
}

/** The code of an error; undefined when it is none. */
export const codeIn = (answer: Frame): unknown => (isFrame(answer['error']) ? answer['error']['code'] : undefined);

/** Throws a Failure unless the answer is an error, of one of those codes where some are named. */
export function expectError(answer: Frame, ...codes: number[]): void {
  const got = codeIn(answer);
  const holds = codes.length === 0 ? got !== undefined : codes.some((code) => code === got);
  demand(holds, `answered ${show(answer)}, not ${codes.join(' or ') || 'an error'}`);
}

/** The task as `task/get` tells it. */
export const taskOf = async (asker: Talk, task_id: unknown): Promise<Frame> =>
  resultIn(await asker.ask('task/get', { task_id }));

/** The task when it is over. Throws a Failure when it is not in time. */
export async function endOf(asker: Talk, task_id: unknown): Promise<Frame> {
  let task: Frame = {};
  for (let waited_ms = 0; waited_ms < ANSWER_MS_MAX; waited_ms += LOOK_MS) {
    task = await taskOf(asker, task_id);
    if (FINAL.has(String(task['state']))) return task;
    await pass(LOOK_MS);
  }
  demand(false, `the task was not over after ${ANSWER_MS_MAX} ms: ${show(task)}`);
  return task;
}

/** Follows a task from a number on; the events are told under the token. */
export const follow = (asker: Talk, task_id: string, { token, ...asked }: Frame & { token: string }): Promise<Frame> =>
  asker.ask('task/subscribe', { task_id, ...asked, _meta: { progress_token: token } });

/** What was told under a token so far, in order. */
export const eventsOf = ({ told }: Talk, token: string): Frame[] =>
  told.flatMap(({ method, params }) =>
    method === '$/progress' && isFrame(params) && params['token'] === token ? [params] : [],
  );

/** Whether an event is the final state of its task. */
export const isLast = ({ kind, value }: Frame): boolean =>
  kind === 'status' && isFrame(value) && FINAL.has(String(value['state']));

/** A door that is shut until somebody opens it. */
export function createGate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

const toParams = ({ agent_id }: OwnAgent, { skill = 'kit_echo', params = {}, options, meta }: Handed): Frame => ({
  to: { agent_id },
  method: skill,
  params,
  options: { deadline_ms: DEADLINE_MS, mode: 'monitor', ...options },
  ...(meta && { _meta: meta }),
});

/** How long a check listens for what should not come, ms. */
export const QUIET_MS = 250;
const FINAL = new Set(['completed', 'failed', 'canceled', 'rejected']);
const DEADLINE_MS = 10_000;
/** A little more than the deadline of what is handed over. */
const ANSWER_MS_MAX = 12_000;
const LOOK_MS = 25;
