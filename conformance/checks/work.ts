/** Work that is handed over: for whom it is, until when, and done once. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, show, skip, verifies } from '../check.ts';
import { now } from '../clock.ts';
import { codeOf, isOverInTime, newTaskId, openHandover, resultOf, triedSkills, type Handover } from '../handover.ts';
import type { Probe } from '../probe.ts';
import type { Skill } from '../subject.ts';
import { Refusal } from '../talk.ts';

/** The checks of WORK. */
export const workChecks = [
  verifies('WORK-01', async (probe) => {
    const { talk, give } = await openHandover(probe);
    const [skill] = triedSkills(probe);
    const plain = await talk.ask(skill.name, skill.params);
    if (!isFrame(plain['result'])) skip(`${skill.name} gives no result without routing either: see CALL-05`);
    const task_id = newTaskId();
    const routed = await give(skill, { routing: { task_id } });
    const result = routed['result'];
    demand(isFrame(result), `with routing, ${skill.name} was answered ${show(routed)}`);
    demand(namesIn(result) === namesIn(plain['result']), `with routing the result has the members ${namesIn(result)}`);
    demand(!JSON.stringify(result).includes(task_id), 'what stood in the routing stands in the result');
  }),
  verifies('WORK-02', async (probe) => {
    await expectCode(probe, { to: 'another-agent', path: ['another-agent'] }, 4030);
  }),
  verifies('WORK-03', async (probe) => {
    await expectCode(probe, { deadline: new Date(now() - 1_000).toISOString() }, 5040);
  }),
  verifies('WORK-04', async (probe) => {
    await expectCode(probe, { budget_ms: 0 }, 5040);
  }),
  verifies('WORK-05', async (probe) => {
    for (const wrong of [{ fence: 'the seventh' }, { deadline: 'tomorrow' }, { task_id: undefined }]) {
      await expectCode(probe, wrong, -32602);
    }
  }),
  verifies('WORK-06', async (probe) => {
    const { give } = await openHandover(probe);
    const [skill] = triedSkills(probe);
    resultOf(await give(skill), skill);
    const answer = await give(skill, { routing: { x_kit: { a: 1 } }, meta: { x_kit: ['b'] } });
    demand(Object.hasOwn(answer, 'result'), `with keys that nobody knows, ${skill.name} was answered ${show(answer)}`);
  }),
  verifies('WORK-07', async (probe) => {
    const { give } = await openHandover(probe);
    const [skill] = triedSkills(probe);
    const routing = { task_id: newTaskId(), fence: 3 };
    const first = resultOf(await give(skill, { routing }), skill);
    expectSame(first, await give(skill, { routing }), 'the same attempt');
  }),
  verifies('WORK-08', async (probe) => {
    const { give } = await openHandover(probe);
    const [skill] = triedSkills(probe);
    const task_id = newTaskId();
    resultOf(await give(skill, { routing: { task_id, fence: 5, attempt: 2 } }), skill);
    const answer = await give(skill, { routing: { task_id, fence: 4 } });
    demand(codeOf(answer) === 4090, `fence 4, after 5 was taken, was answered ${show(answer)}`);
  }),
  verifies('WORK-09', async (probe) => {
    const { give } = await openHandover(probe);
    const [skill] = triedSkills(probe);
    const params = await otherParams(give, skill);
    const routing = { task_id: newTaskId() };
    resultOf(await give(skill, { routing }), skill);
    const answer = await give(skill, { routing, params });
    demand(codeOf(answer) === 4090, `the task with the params ${show(params)} was answered ${show(answer)}`);
  }),
  verifies('WORK-10', async (probe) => {
    const talk = await probe.talk();
    const skill = probe.skill();
    resultOf(await talk.ask(skill.name, skill.params), skill);
    const handoff = {
      to: 'another-agent',
      task_id: newTaskId(),
      deadline: '2001-01-01T00:00:00Z',
      budget_ms: 0,
      fence: 1,
    };
    const answer = await talk.ask(skill.name, { ...skill.params, _meta: { handoff } });
    demand(Object.hasOwn(answer, 'result'), `with routing of a stranger, ${skill.name} was answered ${show(answer)}`);
  }),
  verifies('WORK-11', async (probe) => {
    const { give } = await openHandover(probe);
    const [skill] = triedSkills(probe);
    const task_id = newTaskId();
    const first = resultOf(await give(skill, { routing: { task_id, fence: 1 } }), skill);
    expectSame(first, await give(skill, { routing: { task_id, fence: 2, attempt: 2 } }), 'a later attempt');
  }),
  verifies('WORK-12', async (probe) => {
    for (const skill of triedSkills(probe)) {
      // Twice: what a peer does for the first time may take it longer than its clock is good for.
      const late = (await outstayed(probe, skill)) && (await outstayed(probe, skill));
      demand(late === undefined, late ?? '');
    }
  }),
  verifies('WORK-13', async (probe) => {
    const skill = actingSkill(probe);
    if (!probe.subject.allow_effects) skip(`${skill.name} does more than read: it is tried with --allow-effects`);
    const { talk, give } = await openHandover(probe);
    talk.serve('approval/consume', () => {
      throw new Refusal(4032, 'Approval required');
    });
    await give(skill, { routing: { mode: 'monitor' } });
    const consumed = talk.asked.find(({ method }) => method === 'approval/consume');
    demand(!consumed, `in monitor, ${skill.name} asked ${show(consumed)}`);
  }),
  verifies('WORK-14', async (probe) => {
    const skill = actingSkill(probe);
    const { allow_effects } = probe.subject;
    // Params that fit nothing do no harm, whoever takes them.
    const answer = await (await probe.talk()).ask(skill.name, allow_effects ? skill.params : [null]);
    if (!allow_effects && codeOf(answer) === -32602)
      skip(`${skill.name} looks at the params first: with params that fit it is tried with --allow-effects`);
    demand(codeOf(answer) === 4030, `${skill.name}, called by a stranger, was answered ${show(answer)}`);
  }),
  verifies('WORK-15', async (probe) => {
    const { give } = await openHandover(probe);
    const [skill] = triedSkills(probe);
    const routing = { task_id: newTaskId() };
    const [first, again] = await Promise.all([give(skill, { routing }), give(skill, { routing })]);
    expectSame(resultOf(first, skill), again, 'the same attempt, at the same time,');
  }),
];

/** One handover whose routing is wrong in one thing. */
async function expectCode(probe: Probe, routing: Frame, code: number): Promise<void> {
  const { give } = await openHandover(probe);
  const [skill] = triedSkills(probe);
  resultOf(await give(skill), skill); // so that nothing else is wrong
  const answer = await give(skill, { routing });
  demand(codeOf(answer) === code, `${skill.name} with ${show(routing)} was answered ${show(answer)}`);
}

/** Gives a skill little time: how it overran it, or undefined. */
async function outstayed(probe: Probe, skill: Skill): Promise<string | undefined> {
  const { talk, give } = await openHandover(probe);
  const began = probe.subject.monotonic();
  const answer = await give(skill, { routing: { budget_ms: SHORT_MS } });
  const took_ms = Math.round(probe.subject.monotonic() - began);
  await talk.close();
  if (took_ms > SHORT_MS + LATE_MS_MAX) return `${skill.name} took ${took_ms} ms of a budget of ${SHORT_MS}`;
  return isOverInTime(answer)
    ? undefined
    : `${skill.name}, with a budget of ${SHORT_MS} ms, was answered ${show(answer)}`;
}

function expectSame(first: unknown, again: Frame, what: string): void {
  const is_same = JSON.stringify(again['result']) === JSON.stringify(first);
  demand(is_same, `${what} was answered ${show(again)}, at first ${show(first)}`);
}

/** Params that fit as well, and are others: one text of them is longer by a letter. */
async function otherParams(give: Handover['give'], skill: Skill): Promise<Frame> {
  for (const params of variantsOf(skill.params)) {
    if (Object.hasOwn(await give(skill, { params }), 'result')) return params;
  }
  return skip(`no other params of ${skill.name} are known: give some that hold a text, with --method and --params`);
}

function variantsOf(params: Frame): Frame[] {
  const found: Frame[] = [];
  const walk = (value: unknown, put: (value: unknown) => Frame): void => {
    if (found.length >= VARIANTS_MAX) return;
    if (typeof value === 'string') found.push(put(`${value}x`));
    else if (Array.isArray(value)) value.forEach((item, at) => walk(item, (other) => put(value.with(at, other))));
    else if (isFrame(value))
      for (const [name, item] of Object.entries(value)) walk(item, (other) => put({ ...value, [name]: other }));
  };
  for (const [name, value] of Object.entries(params)) walk(value, (other) => ({ ...params, [name]: other }));
  return found;
}

const actingSkill = ({ subject }: Probe): Skill =>
  subject.skills.find(({ effect }) => effect === 'idempotent' || effect === 'non_idempotent') ??
  skip('no skill of the peer says that it does more than read');

const namesIn = (result: Frame): string => Object.keys(result).toSorted().join(', ');
const SHORT_MS = 100;
/** How late an answer may be after its budget, ms. */
const LATE_MS_MAX = 1_000;
const VARIANTS_MAX = 6;
