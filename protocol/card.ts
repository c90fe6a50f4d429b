/** Who an agent is: its card, valid A2A v1.0, with what only the mesh knows as an extension (wire.md 10). */
import { z } from 'zod';
import { EffectKind } from './effect.ts';
import { ActionClass } from './result.ts';
import { Effect, type SkillSpec } from './skill.ts';

/** How the card names our WebSocket binding: our own URI, never `JSONRPC` (A2A 1.0, custom bindings). */
export const MESH_BINDING = 'urn:aurora-mesh:binding:json-rpc-websocket:v1';

/** The extension that tells routing, effect, action class, concurrency, targets, kinds of effects and interests of each skill. */
export const SKILLS_EXTENSION = 'urn:aurora-mesh:extension:skills:v1';

/** What the mesh adds to an A2A skill. */
export const SkillTraits = z.object({
  effect: Effect,
  action_class: ActionClass,
  routable: z.boolean(),
  concurrency: z.number().int().positive().max(1024),
  targets: z.array(z.string().max(256)).max(16).default([]).describe('JSON pointers into params: the assets acted on'),
  effect_kinds: z
    .array(EffectKind)
    .max(16)
    .default([])
    .describe('kinds of effects that it may have; without any only the one that is called like the skill'),
  investigates: z
    .array(z.string().max(80))
    .max(16)
    .default([])
    .describe('inputs it asks to be shown in investigations: kinds (certificate), or first bytes (bytes:d4c3b2a1)'),
});
export type SkillTraits = z.infer<typeof SkillTraits>;

/** The part of an A2A v1.0 card that we write; fields we do not know pass when reading. */
export const AgentCard = z.looseObject({
  name: z.string().max(256),
  description: z.string().max(4096),
  version: z.string().max(64),
  supportedInterfaces: z
    .array(z.looseObject({ url: z.string().max(2048), protocolBinding: z.string(), protocolVersion: z.string() }))
    .min(1)
    .max(16),
  capabilities: z.looseObject({
    streaming: z.boolean().optional(),
    pushNotifications: z.boolean().optional(),
    extensions: z
      .array(z.looseObject({ uri: z.string(), params: z.record(z.string(), z.unknown()).optional() }))
      .optional(),
  }),
  defaultInputModes: z.array(z.string()),
  defaultOutputModes: z.array(z.string()),
  skills: z
    .array(
      z.looseObject({
        id: z.string().max(64),
        name: z.string().max(256),
        description: z.string().max(4096),
        tags: z.array(z.string().max(64)).max(32),
        examples: z.array(z.string()).optional(),
      }),
    )
    .max(128),
});
export type AgentCard = z.infer<typeof AgentCard>;

/** An agent as the registry sees it after reading its card. */
export interface CardFacts {
  agent_id: string;
  name: string;
  description: string;
  version: string;
  tags: string[];
  skills: Map<string, SkillTraits & { description: string; tags: string[] }>;
}

/** The card of an agent at `url` (its `ws://` or `wss://` address). */
export function cardOf(
  agent: { id: string; name: string; description: string; version: string; skills: readonly SkillSpec[] },
  url: string,
): AgentCard {
  return {
    name: agent.name,
    description: agent.description,
    version: agent.version,
    supportedInterfaces: [{ url, protocolBinding: MESH_BINDING, protocolVersion: '1.0' }],
    capabilities: {
      streaming: true,
      pushNotifications: false,
      extensions: [
        {
          uri: SKILLS_EXTENSION,
          description:
            'Routing, effect, action class, concurrency, targets, kinds of effects and interests of each skill',
          required: false,
          params: {
            agent_id: agent.id,
            skills: Object.fromEntries(agent.skills.map((skill) => [skill.id, traitsOf(skill)])),
          },
        },
      ],
    },
    defaultInputModes: ['application/json'],
    defaultOutputModes: ['application/json'],
    skills: agent.skills.map((skill) => ({
      id: skill.id,
      name: skill.title,
      description: skill.description,
      tags: [...skill.tags],
      examples: (skill.examples ?? []).map((params) => JSON.stringify(params)),
    })),
  };
}

/** What the mesh knows of a skill, defaults filled in. */
export const traitsOf = (skill: SkillSpec): SkillTraits => ({
  effect: skill.effect,
  action_class: skill.action_class ?? 'read',
  routable: skill.routable ?? true,
  concurrency: skill.concurrency ?? CONCURRENCY_DEFAULT,
  targets: [...(skill.targets ?? [])],
  effect_kinds: [...(skill.effect_kinds ?? [])],
  investigates: [...(skill.investigates ?? [])],
});

/** Reads a stranger's card. Throws a ZodError when it is none; a skill without traits counts as `non_idempotent`, `high` and not routable. */
export function readCard(card: unknown): CardFacts {
  const parsed = AgentCard.parse(card);
  const extension = parsed.capabilities.extensions?.find(({ uri }) => uri === SKILLS_EXTENSION);
  const params = ExtensionParams.parse(extension?.params ?? {});
  const traits = new Map(Object.entries(params.skills));
  return {
    agent_id: params.agent_id,
    name: parsed.name,
    description: parsed.description,
    version: parsed.version,
    tags: [...new Set(parsed.skills.flatMap(({ tags }) => tags))],
    // A name that is no skill id cannot be called, so it is not offered; nothing later has to fear what stands in it.
    skills: new Map(
      parsed.skills
        .filter(({ id }) => SKILL_ID.test(id))
        .map(({ id, description, tags }) => [id, { ...(traits.get(id) ?? UNKNOWN_TRAITS), description, tags }]),
    ),
  };
}

const ExtensionParams = z.object({
  agent_id: z.string().max(64).default(''),
  skills: z.record(z.string(), SkillTraits).default({}),
});

const SKILL_ID = /^[a-z][a-z0-9]{0,31}(?:_[a-z0-9]{1,31}){0,15}$/;
const CONCURRENCY_DEFAULT = 8;
const UNKNOWN_TRAITS: SkillTraits = {
  effect: 'non_idempotent',
  action_class: 'high',
  routable: false,
  concurrency: 1,
  targets: [],
  effect_kinds: [],
  investigates: [],
};
