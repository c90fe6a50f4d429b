/** The card of the kit's own agent: always the same skills, so that a fleet that approved it once has nothing to ask again. */
import { createHash } from 'node:crypto';
import { MESH_BINDING, SKILLS_EXTENSION } from '../protocol/index.ts';
import type { Frame } from './answers.ts';

/** What the agent offers: one skill that reads, one that may be repeated, one that must not be. */
export const OWN_SKILLS = {
  kit_echo: { effect: 'read', action_class: 'read', description: 'Answers its params; for tests of conformance only' },
  kit_set: { effect: 'idempotent', action_class: 'low', description: 'Sets nothing; for tests of conformance only' },
  kit_act: {
    effect: 'non_idempotent',
    action_class: 'high',
    description: 'Does nothing; for tests of conformance only',
  },
} as const;

/** The name of a skill of the kit's own agent. */
export type OwnSkill = keyof typeof OWN_SKILLS;

/** The card of an agent at `url`. */
export function ownCard(agent_id: string, url: string): Frame {
  const entries = Object.entries(OWN_SKILLS);
  const traits = entries.map(([id, { effect, action_class }]): [string, Frame] => [
    id,
    { effect, action_class, routable: true, concurrency: 8, targets: [] },
  ]);
  const skills = entries.map(([id, { description }]) => ({ id, name: id, description, tags: ['conformance'] }));
  return {
    name: 'Conformance kit',
    description: 'An agent that a conformance test enrolled: it leaves when the test is over',
    version: '1.0.0',
    supportedInterfaces: [{ url, protocolBinding: MESH_BINDING, protocolVersion: '1.0' }],
    capabilities: {
      streaming: true,
      pushNotifications: false,
      extensions: [
        { uri: SKILLS_EXTENSION, required: false, params: { agent_id, skills: Object.fromEntries<Frame>(traits) } },
      ],
    },
    defaultInputModes: ['application/json'],
    defaultOutputModes: ['application/json'],
    skills,
  };
}

/** What hello vouches for: SHA-256 over the canonical JSON (RFC 8785) of a card, hex. */
export const digestOf = (card: Frame): string => createHash('sha256').update(canonical(card)).digest('hex');

/** Enough of RFC 8785 for a card: members in order of their names; there are no fractions in it. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
