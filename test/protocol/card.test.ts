/** A card is a valid A2A v1.0 card, and what a stranger's card says is read with care. */
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { agents } from '../../agents/index.ts';
import { cardOf, MESH_BINDING, readCard, SKILLS_EXTENSION, type AgentCard } from '../../protocol/index.ts';

const text = { type: 'string', minLength: 1 };
const texts = { type: 'array', items: text };
const object = (required: Record<string, unknown>, optional: Record<string, unknown> = {}) => ({
  type: 'object',
  required: Object.keys(required),
  properties: { ...required, ...optional },
  additionalProperties: false,
});

/** The message AgentCard of A2A v1.0 (a2a.proto, JSON names): what is REQUIRED there, what may be, and nothing else. */
const A2A_CARD = object(
  {
    name: text,
    description: text,
    version: text,
    supportedInterfaces: {
      type: 'array',
      minItems: 1,
      items: object({ url: text, protocolBinding: text, protocolVersion: text }, { tenant: { type: 'string' } }),
    },
    capabilities: object(
      {},
      {
        streaming: { type: 'boolean' },
        pushNotifications: { type: 'boolean' },
        extendedAgentCard: { type: 'boolean' },
        extensions: {
          type: 'array',
          items: object(
            { uri: text },
            { description: { type: 'string' }, required: { type: 'boolean' }, params: { type: 'object' } },
          ),
        },
      },
    ),
    defaultInputModes: { ...texts, minItems: 1 },
    defaultOutputModes: { ...texts, minItems: 1 },
    skills: {
      type: 'array',
      minItems: 1,
      items: object(
        { id: text, name: text, description: text, tags: { ...texts, minItems: 1 } },
        { examples: texts, inputModes: texts, outputModes: texts, securityRequirements: { type: 'array' } },
      ),
    },
  },
  {
    provider: object({ url: text, organization: text }),
    documentationUrl: text,
    iconUrl: text,
    securitySchemes: { type: 'object' },
    securityRequirements: { type: 'array' },
    signatures: { type: 'array' },
  },
);
const isA2aCard = new Ajv({ allErrors: true }).compile(A2A_CARD);
const url = 'ws://127.0.0.1:9001';

describe.each(Object.keys(agents))('the card of %s', (id) => {
  const card = async (): Promise<AgentCard> => cardOf(await agents[id]!(), url);

  test('is valid A2A v1.0, as it stands in JSON', async () => {
    isA2aCard(JSON.parse(JSON.stringify(await card())));
    expect(isA2aCard.errors).toBeNull();
  });

  test('names its WebSocket interface by our own binding, never JSONRPC', async () => {
    const { supportedInterfaces } = await card();
    expect(supportedInterfaces).toEqual([{ url, protocolBinding: MESH_BINDING, protocolVersion: '1.0' }]);
    expect(MESH_BINDING).toMatch(/^urn:/);
  });

  test('reads back as what the agent is: each skill with its effect, class, routing and lanes', async () => {
    const agent = await agents[id]!();
    const facts = readCard(JSON.parse(JSON.stringify(await card())));
    expect(facts).toMatchObject({ agent_id: id, name: agent.name, version: agent.version });
    expect([...facts.skills.keys()]).toEqual(agent.skills.map((skill) => skill.id));
    for (const skill of agent.skills) {
      expect(facts.skills.get(skill.id)).toEqual({
        effect: skill.effect,
        action_class: skill.action_class ?? 'read',
        routable: skill.routable ?? true,
        concurrency: skill.concurrency ?? 8,
        targets: skill.targets ?? [],
        effect_kinds: skill.effect_kinds ?? [],
        investigates: skill.investigates ?? [],
        description: skill.description,
        tags: skill.tags,
      });
    }
  });
});

test('the check of cards can fail: a card without tags, and one that still names its old url field, are refused', async () => {
  const card = cardOf(await agents['threat-intel']!(), url);
  expect(isA2aCard({ ...card, url })).toBe(false);
  expect(isA2aCard({ ...card, skills: [{ id: 'a', name: 'a', description: 'a' }] })).toBe(false);
});

describe('the card of a stranger', () => {
  const stranger = {
    name: 'Stranger',
    description: 'From elsewhere.',
    version: '9',
    supportedInterfaces: [
      { url: 'https://192.0.2.1/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' },
    ],
    capabilities: { streaming: false, extensions: [{ uri: 'urn:other' }] },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [{ id: 'book_flight', name: 'Book', description: 'Books.', tags: ['travel'], inputModes: ['text/plain'] }],
    iconUrl: 'https://192.0.2.1/icon.png',
  };
  const withTraits = (skills: unknown) => ({
    ...stranger,
    capabilities: { extensions: [{ uri: SKILLS_EXTENSION, params: { agent_id: 'stranger', skills } }] },
  });

  test('is valid, and its skills count as dangerous and not routable until it says otherwise', () => {
    const { agent_id, skills } = readCard(stranger);
    expect(agent_id).toBe('');
    expect(skills.get('book_flight')).toMatchObject({
      effect: 'non_idempotent',
      action_class: 'high',
      routable: false,
      concurrency: 1,
      targets: [],
      effect_kinds: [],
      investigates: [],
    });
  });

  test('of an earlier release, whose traits name no targets, is read as naming none', () => {
    const traits = { effect: 'read', action_class: 'read', routable: true, concurrency: 1 };
    expect(readCard(withTraits({ book_flight: traits })).skills.get('book_flight')).toMatchObject({ targets: [] });
  });

  test('ATK-A11: traits under __proto__ are nobody’s traits', () => {
    const evil = JSON.parse(
      JSON.stringify(withTraits({})).replace(
        '"skills":{}',
        '"skills":{"__proto__":{"effect":"read","action_class":"read","routable":true,"concurrency":9}}',
      ),
    ) as unknown;
    expect(readCard(evil).skills.get('book_flight')).toMatchObject({ effect: 'non_idempotent', routable: false });
    expect(({} as { effect?: string }).effect).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['no object', null],
    ['no skills', { ...stranger, skills: undefined }],
    ['no interface', { ...stranger, supportedInterfaces: [] }],
    ['129 skills', { ...stranger, skills: Array.from({ length: 129 }, () => stranger.skills[0]) }],
    ['a skill without tags', { ...stranger, skills: [{ id: 'a', name: 'a', description: 'a' }] }],
    ['a description of 5 000 characters', { ...stranger, description: 'x'.repeat(5_000) }],
    [
      'an effect nobody knows',
      withTraits({ book_flight: { effect: 'none', action_class: 'read', routable: true, concurrency: 1 } }),
    ],
    [
      'a lane wider than 1 024',
      withTraits({ book_flight: { effect: 'read', action_class: 'read', routable: true, concurrency: 1e9 } }),
    ],
  ])('with %s is none', (_name, card) => {
    expect(() => readCard(card)).toThrow();
  });
});
