/** Progress: numbered, named, and over with the answer. */
import { TaskEventKind } from '../../protocol/index.ts';
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, skip, verifies } from '../check.ts';
import { pass } from '../clock.ts';
import { expectOrchestrator, newTaskId, openHandover, triedSkills } from '../handover.ts';
import type { Probe } from '../probe.ts';

/** The checks of PROG under mesh.v1. */
export const progressChecks = [
  verifies('PROG-01', async (probe) => {
    const { events, token } = await workThatTells(probe);
    const wrong = events.find((event) => event['token'] !== token);
    demand(!wrong, `the token is ${show(token)}, and what came was ${show(wrong)}`);
  }),
  verifies('PROG-02', async (probe) => {
    const { events } = await workThatTells(probe);
    const numbers = events.map(({ seq }) => seq);
    demand(
      numbers.every((seq, at) => seq === at + 1),
      `the events are numbered ${show(numbers)}`,
    );
  }),
  verifies('PROG-03', async (probe) => {
    const { events } = await workThatTells(probe);
    for (const event of events) {
      const { kind, at } = event;
      demand(TaskEventKind.safeParse(kind).success, `the kind of ${show(event)} is none of the list`);
      demand(typeof at === 'string' && !Number.isNaN(Date.parse(at)), `the time of ${show(event)} is none`);
      demand(Object.hasOwn(event, 'value'), `${show(event)} has no value`);
    }
  }),
  verifies('PROG-05', async (probe) => {
    const { heard, answered_at } = await workThatTells(probe);
    const late = heard.slice(answered_at + 1).find(isProgress);
    demand(!late, `after the answer came ${show(late)}`);
  }),
  verifies('PROG-06', async (probe) => {
    const { events, task_id } = await workThatTells(probe);
    const wrong = events.find((event) => event['task_id'] !== task_id);
    demand(!wrong, `the task is ${task_id}, and what came was ${show(wrong)}`);
  }),
  verifies('PROG-07', async (probe) => {
    const { heard, answer } = await workThatTells(probe);
    const answers = heard.filter((frame) => !('method' in frame) && frame['id'] === answer['id']);
    demand(answers.length === 1, `${answers.length} answers came: ${show(answers)}`);
  }),
];

/** Work of which something was told. */
interface Told {
  token: string;
  task_id: string;
  /** Params of the progress that came, in order. */
  events: readonly Frame[];
  answer: Frame;
  /** All that came, also some time after the answer, and the place of the answer in it. */
  heard: readonly Frame[];
  answered_at: number;
}

/** Hands over one skill after the other until one tells something. Skips when none does. */
async function workThatTells(probe: Probe): Promise<Told> {
  expectOrchestrator(probe);
  const skills = triedSkills(probe);
  for (const skill of skills) {
    const { talk, give } = await openHandover(probe);
    const [token, task_id] = [`kit-${probe.chance.token()}`, newTaskId()];
    const answer = await give(skill, { token, routing: { task_id } });
    await pass(LISTEN_MS);
    await talk.unasked();
    const heard = [...talk.heard];
    const events = heard.filter(isProgress).map(({ params }) => (isFrame(params) ? params : {}));
    if (events.length > 0) return { token, task_id, events, answer, heard, answered_at: heard.indexOf(answer) };
  }
  return skip(
    `nothing is told of ${skills.map(({ name }) => name).join(', ')}: name a skill that tells, with --method`,
  );
}

const isProgress = ({ method }: Frame): boolean => method === '$/progress';

/** How long a check listens for what should not come, ms. */
const LISTEN_MS = 200;
