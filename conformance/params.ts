/** Values made from a schema: what fits it, and what breaks it at one chosen place. Both are judged by the schema before they are used. */
import { generateSync, type JsonSchema } from 'json-schema-faker';
import { isFrame, type Frame } from './answers.ts';
import { breaksOf, type Break } from './breaks.ts';
import type { Chance } from './chance.ts';
import type { Shape } from './shape.ts';
import { isTame } from './tame.ts';

/** Params that fit. Undefined when none were found in a few tries. */
export function makeFitting(shape: Shape, chance: Chance): Frame | undefined {
  for (let tried = 0; tried < TRIES_MAX; tried++) {
    const value = make(shape, chance);
    if (isFrame(value) && isSendable(value) && shape.fits(value)) return value;
  }
  return undefined;
}

/** Params that fit and ask for little: numbers as small as the schema lets them be, for a count or a pause may be meant. */
export function makeSmall(shape: Shape, chance: Chance): Frame | undefined {
  const schema = toSmall(shape.schema);
  return (isFrame(schema) ? makeFitting({ ...shape, schema }, chance) : undefined) ?? makeFitting(shape, chance);
}

/** Params that fit but for one place. `wanted` chooses among the places. Undefined when nothing could be broken. */
export function makeBroken(
  shape: Shape,
  chance: Chance,
  wanted: (broken: Break) => boolean = () => true,
): (Break & { value: Frame }) | undefined {
  for (let tried = 0; tried < TRIES_MAX; tried++) {
    const fitting = makeFitting(shape, chance);
    const waiting = fitting === undefined ? [] : breaksOf(shape.schema, fitting).filter(wanted);
    while (waiting.length > 0) {
      const [broken] = waiting.splice(chance.integer(0, waiting.length - 1), 1);
      const { value } = broken ?? {};
      if (broken && isFrame(value) && isSendable(value) && shape.faults(value).length > 0) return { ...broken, value };
    }
  }
  return undefined;
}

function make({ schema }: Shape, chance: Chance): unknown {
  try {
    return generateSync(toModest(schema) as JsonSchema, {
      seed: chance.integer(1, SEED_MAX),
      optionalsProbability: chance.pick([0, 0.5, 1]),
      maxDepth: DEPTH_MAX,
      minDateTime: '2020-01-01T00:00:00.000Z',
      maxDateTime: '2030-01-01T00:00:00.000Z',
    });
  } catch {
    return undefined; // a schema that the maker cannot read: no value, no trial
  }
}

/**
 * The same schema, asking for little: a thousand entries prove no more than three. Tuples of draft-7 are said as in 2020-12.
 * Patterns from which much would be made, or which the maker would run, are left away: what fits is judged afterwards.
 */
function toModest(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(toModest);
  if (!isFrame(schema)) return schema;
  if (LEASTS.some((name) => Number(schema[name]) > LEAST_MAX)) throw new Error('it asks for too much');
  const { items, additionalItems, ...rest } = Object.fromEntries(
    Object.entries(schema)
      .filter(([name, value]) => name !== 'patternProperties' && !(name === 'pattern' && isWild(value)))
      .map(([name, value]) => [name, LITERAL.includes(name) ? value : toModest(value)]),
  );
  const tuple = Array.isArray(items)
    ? { prefixItems: items, items: additionalItems ?? true }
    : { ...(items !== undefined && { items }) };
  return { ...rest, ...tuple, ...lowered(rest) };
}

/** The same schema, whose numbers are at most `NUMBER_ENOUGH`, or their own least. */
function toSmall(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(toSmall);
  if (!isFrame(schema)) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, LITERAL.includes(name) ? value : toSmall(value)]),
  );
  if (!['integer', 'number'].includes(String(schema['type']))) return inner;
  const { minimum = 0, maximum = Infinity } = schema;
  return { ...inner, minimum, maximum: Math.min(Number(maximum), Math.max(Number(minimum), NUMBER_ENOUGH)) };
}

const isWild = (pattern: unknown): boolean => typeof pattern === 'string' && !isTame(pattern);

function lowered(schema: Frame): Frame {
  const lower = ([low, high, enough]: (typeof BOUNDS)[number]) => {
    const [least, most] = [schema[low] ?? 0, schema[high]];
    if (typeof most !== 'number' || typeof least !== 'number') return [];
    return [[high, Math.min(most, Math.max(least, enough))] as const];
  };
  return Object.fromEntries(BOUNDS.flatMap(lower));
}

/** Small enough for the smallest frame that any peer takes (64 KiB for a stranger). */
const isSendable = (value: Frame): boolean => Buffer.byteLength(JSON.stringify(value)) <= PARAMS_BYTES_MAX;

const BOUNDS = [
  ['minItems', 'maxItems', 3],
  ['minLength', 'maxLength', 40],
  ['minProperties', 'maxProperties', 4],
] as const;
/** Enough for a count, a port or a pause in ms, and done in a moment. */
const NUMBER_ENOUGH = 10;
const LEASTS = ['minItems', 'minLength', 'minProperties'];
/** More than that, and nothing is made. */
const LEAST_MAX = 10_000;
const LITERAL = ['const', 'enum', 'default', 'examples'];
const TRIES_MAX = 12;
const DEPTH_MAX = 8;
const SEED_MAX = 2_147_483_646;
const PARAMS_BYTES_MAX = 49_152;
