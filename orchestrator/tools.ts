/** The fleet as tools for a planner: one per agent, each skill with the schema of its params (M06). */
import { z } from 'zod';
import type { Peer } from '../mesh/index.ts';
import { handoffToolOf, INLINE_BYTES_MAX, type CardFacts, type HandoffTool } from '../protocol/index.ts';
import { bytesOf } from './events.ts';
import type { Registry } from './registry.ts';

/** Lists the tools. An agent that does not say what its params look like takes any object. */
export function createTools(registry: Registry): () => Promise<HandoffTool[]> {
  // The facts of a card are read once per digest, so the schemas behind them are asked for once as well.
  const known = new WeakMap<CardFacts, Schemas>();

  const schemasOf = async (card: CardFacts, peer: Peer): Promise<Schemas> => {
    const schemas = known.get(card) ?? (await discover(peer));
    if (schemas) known.set(card, schemas);
    return schemas ?? new Map();
  };

  return async () => {
    const by_id = new Map(registry.instances().map((instance) => [instance.agent_id, instance]));
    return Promise.all(
      [...by_id].map(async ([agent_id, { card, peer }]) => {
        const schemas = await schemasOf(card, peer);
        const skills = [...card.skills].map(([id, { description }]) => ({
          id,
          description,
          params_schema: schemas.get(id),
        }));
        return handoffToolOf({ agent_id, description: card.description, skills });
      }),
    );
  };
}

type Schemas = ReadonlyMap<string, Record<string, unknown>>;

/** Undefined when the agent does not answer, so that it is asked again; what is too large to pass on counts as not said. */
async function discover(peer: Peer): Promise<Schemas | undefined> {
  const answer = await peer.request('rpc.discover', {}, { timeout_ms: DISCOVER_MS_MAX }).catch(() => undefined);
  const document = Document.safeParse(answer);
  if (!document.success || bytesOf(answer) > INLINE_BYTES_MAX) return answer === undefined ? undefined : new Map();
  return new Map(
    document.data.methods.flatMap(({ name, 'x-aurora': about }) => (about ? [[name, about.params_schema]] : [])),
  );
}

const Document = z.looseObject({
  methods: z
    .array(
      z.looseObject({
        name: z.string(),
        'x-aurora': z.looseObject({ params_schema: z.record(z.string(), z.unknown()) }).optional(),
      }),
    )
    .max(128),
});
const DISCOVER_MS_MAX = 5_000;
