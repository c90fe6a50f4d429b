/** Finding out what a peer can do: its OpenRPC document, its card, and the skills in both. */
import { SKILLS_EXTENSION } from '../protocol/index.ts';
import { framesIn, isFrame, type Frame } from './answers.ts';
import type { Chance } from './chance.ts';
import { makeSmall } from './params.ts';
import type { Probe } from './probe.ts';
import { readShape } from './shape.ts';
import type { Skill } from './subject.ts';
import type { Talk } from './talk.ts';

/** What was found. */
export interface Discovered {
  document: Frame | undefined;
  card: Frame | undefined;
}

/** Asks for both, over a conversation that stands where one is given. A peer that has neither is no fault here: the checks say so. */
export async function discover(probe: Probe, talk?: Talk): Promise<Discovered> {
  return { document: talk ? await askedOver(() => talk) : await documentOf(probe), card: await cardOf(probe) };
}

/**
 * The skills of a document. The effect of each is what the document or the card says, else `unknown`; where no params are
 * published as an example, some are made from the schema.
 */
export function skillsIn({ document, card }: Discovered, chance: Chance): Skill[] {
  const traits = traitsIn(card);
  const components = document?.['components'];
  // What a schema points to (`#/components/schemas/…`) goes along with it.
  const toWhole = (schema: Frame | undefined) =>
    schema && components !== undefined ? { ...schema, components } : schema;
  return framesIn(document?.['methods'])
    .slice(0, SKILLS_MAX)
    .flatMap((method): Skill[] => {
      const { name, examples, result } = method;
      if (typeof name !== 'string' || name.startsWith('rpc.')) return [];
      const own = isFrame(method['x-aurora']) ? method['x-aurora'] : {};
      const effect = own['effect'] ?? traits.get(name)?.['effect'];
      const concurrency = traits.get(name)?.['concurrency'];
      const params_schema = toWhole(isFrame(own['params_schema']) ? own['params_schema'] : schemaOf(method));
      const schema = isFrame(result) && isFrame(result['schema']) ? result['schema'] : undefined;
      return [
        {
          name,
          effect: effect === 'read' || effect === 'idempotent' || effect === 'non_idempotent' ? effect : 'unknown',
          ...(Number.isInteger(concurrency) && { concurrency: Number(concurrency) }),
          ...paramsFor(examples, params_schema, chance),
          params_schema,
          result_schema: toWhole(schema),
        },
      ];
    });
}

/** As the profile asks, else as a stranger does: what a peer offers is no secret, but may need a key that we lack. */
async function documentOf(probe: Probe): Promise<Frame | undefined> {
  return (
    (await askedOver(() => probe.talk())) ??
    (await askedOver(async () => probe.talkOver(await probe.wire({ protocols: [] }))))
  );
}

async function askedOver(open: () => Talk | Promise<Talk>): Promise<Frame | undefined> {
  try {
    const { result } = await (await open()).ask('rpc.discover');
    return isFrame(result) ? result : undefined;
  } catch {
    return undefined;
  }
}

async function cardOf(probe: Probe): Promise<Frame | undefined> {
  const answer = await probe.http({ path: '/.well-known/agent-card.json' }).catch(() => undefined);
  return answer?.status === 200 && isFrame(answer.json) ? answer.json : undefined;
}

/** What the card tells of each skill. */
function traitsIn(card: Frame | undefined): Map<string, Frame> {
  const capabilities = isFrame(card?.['capabilities']) ? card['capabilities'] : {};
  const extension = framesIn(capabilities['extensions']).find(({ uri }) => uri === SKILLS_EXTENSION);
  const params = isFrame(extension?.['params']) ? extension['params'] : {};
  const skills = isFrame(params['skills']) ? params['skills'] : {};
  return new Map(Object.entries(skills).filter((entry): entry is [string, Frame] => isFrame(entry[1])));
}

/** The schema of by-name params out of the parts that OpenRPC has. */
function schemaOf(method: Frame): Frame | undefined {
  const parts = framesIn(method['params']).filter(({ name }) => typeof name === 'string');
  if (!Array.isArray(method['params'])) return undefined;
  return {
    type: 'object',
    properties: Object.fromEntries(parts.map(({ name, schema }) => [String(name), schema ?? {}])),
    required: parts.filter(({ required }) => required === true).map(({ name }) => String(name)),
  };
}

function paramsFor(examples: unknown, schema: Frame | undefined, chance: Chance): Pick<Skill, 'params' | 'is_made'> {
  const [first] = framesIn(examples);
  if (first)
    return { params: Object.fromEntries(framesIn(first['params']).map(({ name, value }) => [String(name), value])) };
  const shape = schema && readShape(schema);
  return { params: (shape && makeSmall(shape, chance)) ?? {}, is_made: true };
}

/** Of one document: more are left alone. */
const SKILLS_MAX = 1_000;
