/** Params that the kit makes from a schema: what it calls fitting fits, what it calls broken does not, and both for the agents as well. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agents } from '../../agents/index.ts';
import { breaksOf } from '../../conformance/breaks.ts';
import { createChance } from '../../conformance/chance.ts';
import { makeBroken, makeFitting, makeSmall } from '../../conformance/params.ts';
import { readShape, type Shape } from '../../conformance/shape.ts';
import { shrink } from '../../conformance/shrink.ts';
import { paramsSchemaOf } from '../../protocol/openrpc.ts';

const specialists = await Promise.all(Object.values(agents).map((load) => load()));
const skills = specialists.flatMap((agent) =>
  agent.skills.map((skill) => ({ name: `${agent.id} ${skill.id}`, skill })),
);

const shapeOf = (schema: Record<string, unknown>): Shape => {
  const shape = readShape(schema);
  if (!shape) throw new Error('the schema does not compile');
  return shape;
};
const anySeed = fc.integer({ min: 0, max: 2 ** 31 });

test('there are schemas to try', () => expect(skills.length).toBeGreaterThan(20));

describe.each(skills)('the params of $name', ({ skill }) => {
  const shape = shapeOf(paramsSchemaOf(skill));

  test('that are made to fit are taken by the agent', () => {
    const fits = fc.property(anySeed, (seed) => {
      const params = makeFitting(shape, createChance(seed));
      expect(params).toBeDefined();
      expect(skill.params.safeParse(params).error?.issues ?? []).toEqual([]);
    });
    fc.assert(fits, { numRuns: 10 });
  });

  test('that are broken at one place are refused by the agent', () => {
    const refuses = fc.property(anySeed, (seed) => {
      const broken = makeBroken(shape, createChance(seed));
      if (broken) expect(skill.params.safeParse(broken.value).success, JSON.stringify(broken)).toBe(false);
    });
    fc.assert(refuses, { numRuns: 10 });
  });
});

const node = {
  type: 'object',
  properties: { at: { type: 'integer' }, next: { $ref: '#/$defs/node' } },
  required: ['at'],
};
const SCHEMAS: [name: string, schema: Record<string, unknown>][] = [
  ['a reference to itself', { $ref: '#/$defs/node', type: 'object', $defs: { node } }],
  [
    'one of two',
    {
      type: 'object',
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
      properties: { a: { type: 'string' }, b: { type: 'string' } },
    },
  ],
  [
    'all of two',
    {
      allOf: [
        { type: 'object', properties: { a: { type: 'string', minLength: 3 } }, required: ['a'] },
        {
          type: 'object',
          properties: { b: { type: 'number', exclusiveMinimum: 0, multipleOf: 0.5 } },
          required: ['b'],
        },
      ],
    },
  ],
  [
    'a tuple of draft-7',
    {
      type: 'object',
      properties: {
        pair: { type: 'array', items: [{ type: 'string' }, { type: 'boolean' }], minItems: 2, additionalItems: false },
      },
      required: ['pair'],
    },
  ],
  [
    'a tuple of 2020-12',
    {
      type: 'object',
      properties: {
        pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'boolean' }], minItems: 2, items: false },
      },
      required: ['pair'],
    },
  ],
  [
    'a closed object',
    {
      type: 'object',
      properties: { kind: { enum: ['x', 'y'] }, is: { const: 7 } },
      required: ['kind', 'is'],
      additionalProperties: false,
    },
  ],
  [
    'formats',
    {
      type: 'object',
      properties: {
        at: { type: 'string', format: 'date-time' },
        id: { type: 'string', format: 'uuid' },
        ip: { type: 'string', format: 'ipv4' },
      },
      required: ['at', 'id', 'ip'],
    },
  ],
];

test.each(SCHEMAS)('%s: what is made fits, and what is broken does not', (_name, schema) => {
  const shape = shapeOf(schema);
  const holds = fc.property(anySeed, (seed) => {
    const params = makeFitting(shape, createChance(seed));
    expect(params).toBeDefined();
    expect(shape.fits(params)).toBe(true);
    const broken = makeBroken(shape, createChance(seed));
    expect(broken).toBeDefined();
    expect(shape.faults(broken?.value)).not.toEqual([]);
  });
  fc.assert(holds, { numRuns: 25 });
});

test('the same seed makes the same params', () => {
  const [, schema] = SCHEMAS[1]!;
  const once = makeFitting(shapeOf(schema), createChance(7));
  expect(makeFitting(shapeOf(schema), createChance(7))).toEqual(once);
  expect(makeFitting(shapeOf(schema), createChance(8))).not.toEqual(once);
});

test('what is called again and again asks for little: a count of a thousand and a pause of a minute would take hours', () => {
  const pause = { type: 'integer', minimum: 5, maximum: 60_000 };
  const properties = { times: { type: 'integer' }, pause, port: { type: 'number', exclusiveMinimum: 1_023 } };
  const shape = shapeOf({ type: 'object', properties, required: ['times', 'pause'] });
  for (let seed = 0; seed < 30; seed++) {
    const { times, pause: paused, port } = makeSmall(shape, createChance(seed)) ?? {};
    expect(port !== undefined || (Number(times) >= 0 && Number(times) <= 10)).toBe(true);
    expect(port !== undefined || (Number(paused) >= 5 && Number(paused) <= 10)).toBe(true);
    expect(port === undefined || Number(port) > 1_023).toBe(true);
  }
});

test('each rule of a schema is broken in its place', () => {
  const schema = {
    type: 'object',
    properties: {
      names: { type: 'array', items: { type: 'string', maxLength: 3 }, minItems: 1 },
      level: { type: 'integer', minimum: 1, maximum: 5 },
    },
    required: ['names'],
    additionalProperties: false,
  };
  const found = breaksOf(schema, { names: ['abc'], level: 3 }).map(({ path, rule }) => `${path} ${rule}`);
  expect(found).toEqual(
    expect.arrayContaining([
      ' required',
      ' additionalProperties',
      'names type',
      'names minItems',
      'names.0 maxLength',
      'level maximum',
      'level minimum',
      'level type',
    ]),
  );
});

test('a break that fits another branch is not used', () => {
  const shape = shapeOf({
    type: 'object',
    properties: { a: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'null' }] } },
    required: ['a'],
  });
  for (let seed = 0; seed < 30; seed++) {
    const broken = makeBroken(shape, createChance(seed), ({ path }) => path === 'a');
    expect(['string', 'number']).not.toContain(typeof broken?.value['a']);
    expect(broken?.value['a']).not.toBeNull();
  }
});

test('a schema that does not compile, or asks a network, is none', () => {
  expect(readShape({ type: 'no such type' })).toBeUndefined();
  expect(readShape({ $ref: 'https://schemas.example/there' })).toBeUndefined();
  expect(readShape({ $async: true, type: 'object' })).toBeUndefined();
});

test('a counterexample is made small: what does not matter goes', async () => {
  const large = { a: 1, list: [1, 2, 3, 'wrong', 5], deep: { more: 'text', less: [] } };
  const has = (value: unknown): boolean => JSON.stringify(value).includes('"w');
  expect(await shrink(large, (smaller) => Promise.resolve(has(smaller)))).toEqual({ list: ['w'] });
});
