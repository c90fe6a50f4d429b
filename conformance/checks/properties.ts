/** What holds for any params: made from the published schemas by chance, judged by them, and made small when a peer fails. */
import { isFrame, type Frame } from '../answers.ts';
import { demand, fail, show, skip } from '../check.ts';
import { codeOf } from '../expect.ts';
import { makeBroken, makeFitting } from '../params.ts';
import type { Probe } from '../probe.ts';
import { readShape, type Shape } from '../shape.ts';
import { shrink } from '../shrink.ts';
import type { Skill } from '../subject.ts';

/** CALL-06: what breaks the schema is refused. */
export async function refusesBroken(probe: Probe): Promise<void> {
  const talk = await probe.talk();
  const isRefused = async ({ name }: Skill, params: Frame) => codeOf(await talk.ask(name, params)) === -32602;
  await forEach(probe, { runs: probe.subject.runs }, async (skill, shape) => {
    const broken = makeBroken(shape, probe.chance);
    if (!broken) return false;
    if (await isRefused(skill, broken.value)) return true;
    const faults = new Set(shape.faults(broken.value));
    const stays = async (smaller: Frame) => {
      const rest = shape.faults(smaller);
      return rest.length > 0 && rest.every((fault) => faults.has(fault)) && !(await isRefused(skill, smaller));
    };
    const small = await shrink(broken.value, stays);
    const answer = await talk.ask(skill.name, small);
    const where = broken.path === '' ? 'the whole' : broken.path;
    return fail(
      `${skill.name}: ${where} breaks ${show(broken.rule)} in ${show(small)}, and was answered ${show(answer)}`,
    );
  });
}

/** CALL-07: what fits the schema is not refused as if it did not. */
export async function answersFit(probe: Probe): Promise<void> {
  const talk = await probe.talk();
  const isRefused = async ({ name }: Skill, params: Frame) => {
    const answer = await talk.ask(name, params).catch(() => undefined); // too slow is no matter of this sentence
    return codeOf(answer) === -32602;
  };
  await forEach(probe, { runs: sharedRuns(probe) }, async (skill, shape) => {
    const params = makeFitting(shape, probe.chance);
    if (!params) return false;
    if (!(await isRefused(skill, params))) return true;
    const small = await shrink(params, async (smaller) => shape.fits(smaller) && (await isRefused(skill, smaller)));
    return fail(
      `${skill.name}: ${show(small)} fits the schema, and was answered ${show(await talk.ask(skill.name, small))}`,
    );
  });
}

/** CALL-08: the refusal names the member that is wrong. */
export async function tellsThePath(probe: Probe): Promise<void> {
  const talk = await probe.talk();
  await forEach(probe, { runs: PATHS }, async (skill, shape) => {
    const broken = makeBroken(shape, probe.chance, ({ path, rule }) => rule === 'type' && /^[^.]+$/.test(path));
    if (!broken) return false;
    const answer = await talk.ask(skill.name, broken.value);
    if (codeOf(answer) !== -32602) return false; // that is for CALL-06
    const error = answer['error'];
    demand(
      JSON.stringify(error).includes(broken.path),
      `${skill.name}: ${broken.path} is of a wrong type in ${show(broken.value)}, and the error does not name it: ${show(error)}`,
    );
    return true;
  });
}

/** CALL-11: what is answered fits the schema of the result. */
export async function resultsFit(probe: Probe): Promise<void> {
  const talk = await probe.talk();
  let judged = 0;
  const unjudged: string[] = [];
  for (const skill of tried(probe)) {
    const result = skill.result_schema && readShape(skill.result_schema, toldOf(skill, unjudged));
    if (!result) continue;
    const made = skill.params_schema && readShape(skill.params_schema);
    for (let nth = 0; nth <= sharedRuns(probe); nth++) {
      const params = nth === 0 ? skill.params : made && makeFitting(made, probe.chance);
      const answer = params && (await talk.ask(skill.name, params).catch(() => undefined));
      if (!isFrame(answer) || !Object.hasOwn(answer, 'result')) continue;
      judged += 1;
      const faults = result.faults(answer['result']);
      demand(
        faults.length === 0,
        `${skill.name} with ${show(params)}: the result ${show(answer['result'])} breaks ${show(faults.slice(0, FAULTS_SHOWN))}`,
      );
    }
  }
  if (judged === 0)
    skip(
      `no skill that reads publishes the schema of its result and gave one: name one with --method and --params${toWhy(unjudged)}`,
    );
}

/** Tries each skill with a schema so often; `run` tells whether anything was tried. Ends early, as passed, when time is over. */
async function forEach(
  { subject, ...probe }: Probe,
  { runs }: { runs: number },
  run: (skill: Skill, shape: Shape) => Promise<boolean>,
): Promise<void> {
  const began = subject.monotonic();
  let count = 0;
  const unjudged: string[] = [];
  for (const skill of tried({ ...probe, subject })) {
    const shape = skill.params_schema && readShape(skill.params_schema, toldOf(skill, unjudged));
    for (let nth = 0; shape && nth < runs; nth++) {
      if (subject.monotonic() - began > PROPERTY_MS_MAX) return;
      if (await run(skill, shape)) count += 1;
    }
  }
  if (count === 0)
    skip(`no skill that reads publishes a schema from which such params could be made${toWhy(unjudged)}`);
}

/** Keeps why the schema of a skill is not judged. */
const toldOf =
  ({ name }: Skill, unjudged: string[]) =>
  (why: string): void =>
    void unjudged.push(`${show(name)}: ${why}`);
const toWhy = ([first]: readonly string[]): string => (first === undefined ? '' : ` (not judged: ${first})`);

const tried = ({ subject: { skills, allow_effects } }: Pick<Probe, 'subject'>): Skill[] =>
  skills.filter(({ effect }) => effect === 'read' || allow_effects);

/** Real work is dear: the tries are shared among the skills, one at least for each. */
const sharedRuns = (probe: Probe): number =>
  Math.max(1, Math.ceil(probe.subject.runs / Math.max(1, tried(probe).length)));

const PATHS = 3;
const FAULTS_SHOWN = 5;
/** How long one property is tried, ms. */
const PROPERTY_MS_MAX = 15_000;
