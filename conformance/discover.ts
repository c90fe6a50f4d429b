/** Finding out what a peer can do: its OpenRPC document, its card, and the skills in both. */
import { SKILLS_EXTENSION } from '../protocol/index.ts';
import { isFrame, type Frame } from './answers.ts';
import type { Probe } from './probe.ts';
import type { Skill } from './subject.ts';

/** What was found. */
export interface Discovered {
  document: Frame | undefined;
  card: Frame | undefined;
}

/** Asks for both. A peer that has neither is no fault here: the checks say so. */
export async function discover(probe: Probe): Promise<Discovered> {
  return { document: await documentOf(probe), card: await cardOf(probe) };
}

/** The skills of a document. The effect of each is what the document or the card says, else `unknown`. */
export function skillsIn({ document, card }: Discovered): Skill[] {
  const traits = traitsIn(card);
  return listOf(document?.['methods']).flatMap((method): Skill[] => {
    const { name, examples, result } = method;
    if (typeof name !== 'string' || name.startsWith('rpc.')) return [];
    const own = isFrame(method['x-aurora']) ? method['x-aurora'] : {};
    const effect = own['effect'] ?? traits.get(name)?.['effect'];
    const schema = isFrame(result) && isFrame(result['schema']) ? result['schema'] : undefined;
    return [
      {
        name,
        effect: effect === 'read' || effect === 'idempotent' || effect === 'non_idempotent' ? effect : 'unknown',
        params: exampleOf(examples),
        params_schema: isFrame(own['params_schema']) ? own['params_schema'] : schemaOf(method),
        result_schema: schema,
      },
    ];
  });
}

async function documentOf(probe: Probe): Promise<Frame | undefined> {
  const answer = await (await probe.talk()).ask('rpc.discover').catch(() => undefined);
  return isFrame(answer?.['result']) ? answer['result'] : undefined;
}

async function cardOf(probe: Probe): Promise<Frame | undefined> {
  const answer = await probe.http({ path: '/.well-known/agent-card.json' }).catch(() => undefined);
  return answer?.status === 200 && isFrame(answer.json) ? answer.json : undefined;
}

/** What the card tells of each skill. */
function traitsIn(card: Frame | undefined): Map<string, Frame> {
  const capabilities = isFrame(card?.['capabilities']) ? card['capabilities'] : {};
  const extension = listOf(capabilities['extensions']).find(({ uri }) => uri === SKILLS_EXTENSION);
  const params = isFrame(extension?.['params']) ? extension['params'] : {};
  const skills = isFrame(params['skills']) ? params['skills'] : {};
  return new Map(Object.entries(skills).filter((entry): entry is [string, Frame] => isFrame(entry[1])));
}

/** The schema of by-name params out of the parts that OpenRPC has. */
function schemaOf(method: Frame): Frame | undefined {
  const parts = listOf(method['params']).filter(({ name }) => typeof name === 'string');
  if (!Array.isArray(method['params'])) return undefined;
  return {
    type: 'object',
    properties: Object.fromEntries(parts.map(({ name, schema }) => [String(name), schema ?? {}])),
    required: parts.filter(({ required }) => required === true).map(({ name }) => String(name)),
  };
}

function exampleOf(examples: unknown): Frame {
  const [first] = listOf(examples);
  return Object.fromEntries(listOf(first?.['params']).map(({ name, value }) => [String(name), value]));
}

const listOf = (value: unknown): Frame[] => (Array.isArray(value) ? value.filter(isFrame) : []);
