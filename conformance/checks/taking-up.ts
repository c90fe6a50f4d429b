/** Work that is asked for again: over another connection, under another fence, as another skill, or while it runs. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, skip, verifies } from '../check.ts';
import { within } from '../clock.ts';
import { introducedIn } from '../greeting.ts';
import { codeOf, newTaskId, openHandover, resultOf, triedSkills } from '../handover.ts';
import type { Probe } from '../probe.ts';
import type { Skill } from '../subject.ts';
import type { Talk } from '../talk.ts';

/** WORK-18 to WORK-21, and PROG-08. */
export const takingUpChecks = [
  verifies('WORK-18', async (probe) => {
    const [skill] = triedSkills(probe);
    const task_id = newTaskId();
    const { talk, give } = await openHandover(probe);
    resultOf(await give(skill, { routing: { task_id, fence: 5, attempt: 2 } }), skill);
    await talk.close();
    const next = await openHandover(probe);
    const answer = await next.give(skill, { routing: { task_id, fence: 4 } });
    demand(codeOf(answer) === 4090, `fence 4, after 5 was taken over another connection, was answered ${show(answer)}`);
  }),
  verifies('WORK-19', async (probe) => {
    const [skill] = triedSkills(probe);
    const task_id = newTaskId();
    const { talk, give } = await openHandover(probe);
    resultOf(await give(skill, { routing: { task_id } }), skill);
    await talk.close();
    const next = await openHandover(probe);
    const { capabilities, in_flight } = introducedIn(next.talk.greeted);
    if (!isFrame(capabilities) || capabilities['resume'] !== true)
      skip('the peer does not say that it takes tasks up again (capabilities.resume)');
    const asked = next.talk.asked.find(({ method }) => method === 'mesh/hello')?.['params'];
    const named = [in_flight, isFrame(asked) ? asked['in_flight'] : undefined].flat();
    demand(
      named.includes(task_id),
      `${task_id} was answered over a link that is gone; in_flight is ${show(in_flight)}`,
    );
  }),
  verifies('WORK-20', async (probe) => {
    const [skill] = triedSkills(probe);
    const { give } = await openHandover(probe);
    resultOf(await give(skill), skill); // so that nothing else is wrong
    const task_id = newTaskId();
    const first = await give(skill, { routing: { task_id, fence: 1, budget_ms: 0 } });
    if (codeOf(first) === undefined) skip(`without a budget, ${skill.name} was answered with a result: see WORK-04`);
    const answer = await give(skill, { routing: { task_id, fence: 2, attempt: 2 } });
    demand(Object.hasOwn(answer, 'result'), `after ${show(codeOf(first))}, the next attempt got ${show(answer)}`);
  }),
  verifies('WORK-21', async (probe) => {
    const [skill, other] = triedSkills(probe);
    if (!other) skip('only one skill that reads is known');
    const { give } = await openHandover(probe);
    const routing = { task_id: newTaskId() };
    resultOf(await give(skill, { routing }), skill);
    const answer = await give(other, { routing });
    if (codeOf(answer) === -32602) skip(`${other.name} looks at the params first`);
    demand(codeOf(answer) === 4090, `the task of ${skill.name}, asked as ${other.name}, was answered ${show(answer)}`);
  }),
  verifies('PROG-08', async (probe) => {
    for (const skill of triedSkills(probe)) {
      const wrong = await joined(probe, skill);
      if (wrong === undefined) continue;
      demand(wrong === '', wrong);
      return;
    }
    skip('no skill that reads goes on telling for long enough to be joined: name one with --method');
  }),
];

/** Joins a run under the next fence: what is wrong with what is told then, '' for nothing, undefined when too little was told. */
async function joined(probe: Probe, skill: Skill): Promise<string | undefined> {
  const { talk, give } = await openHandover(probe);
  const task_id = newTaskId();
  const [first, second] = [`kit-${probe.chance.token()}`, `kit-${probe.chance.token()}`];
  const running = give(skill, { token: first, routing: { task_id, fence: 1 } });
  const is_told = talk.until(() => (seqsOf(talk, first).length > 0 ? true : undefined), TOLD_MS_MAX);
  if ((await within(TOLD_MS_MAX, Promise.race([is_told, running]))) !== true) return undefined;
  const joining = give(skill, { token: second, routing: { task_id, fence: 2, attempt: 2 } });
  await talk.ask('rpc.ping'); // what was on its way before is here
  const before = Math.max(...seqsOf(talk, first));
  await Promise.all([running, joining]);
  const [last_of_first, last] = [Math.max(...seqsOf(talk, first)), Math.max(0, ...seqsOf(talk, second))];
  if (Math.max(last_of_first, last) <= before) return undefined;
  if (last < last_of_first) return `the request that joined was told ${last} events, the run ${last_of_first}`;
  const unsaid = eventsOf(talk, second).find((event) => event['since'] !== 1);
  return unsaid ? `under fence 2 the run of fence 1 told ${show(unsaid)}, without "since":1` : '';
}

const eventsOf = ({ told }: Talk, token: string): Frame[] =>
  told.flatMap(({ method, params }) =>
    method === '$/progress' && isFrame(params) && params['token'] === token ? [params] : [],
  );
const seqsOf = (talk: Talk, token: string): number[] => eventsOf(talk, token).map(({ seq }) => Number(seq));

/** How long a skill may take to say something, ms. */
const TOLD_MS_MAX = 500;
