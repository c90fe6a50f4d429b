/** A published JSON Schema as a judge: whether a value fits it, and what is wrong when not. */
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as formats } from 'ajv-formats';
import { isFrame, type Frame } from './answers.ts';
import { createPatterns, type Patterns } from './patterns.ts';
import { tooLarge } from './schema-size.ts';

/** A schema that compiled. */
export interface Shape {
  readonly schema: Frame;
  /** Whether a value fits, formats too. */
  fits(value: unknown): boolean;
  /** Every rule that a value breaks, formats left out: to most dialects they are remarks. Empty when it fits. */
  faults(value: unknown): string[];
}

/** Reads a schema: draft-7, 2019-09 or 2020-12. Undefined when it is none that compiles, or, as `tell` hears, none that can be judged. */
export function readShape(schema: Frame, tell: (why: string) => void = () => undefined): Shape | undefined {
  const text = textOf(schema);
  if (text === undefined) return undefined;
  const read = known.get(text) ?? compileShape(schema);
  known.delete(text);
  if (text.length <= KNOWN_CHARS_MAX) known.set(text, read); // as the one that was used last
  const [oldest] = known.keys();
  if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
  if (read.unjudged !== undefined) tell(read.unjudged);
  return read.shape;
}

/** Undefined for one that is nested so deep that it cannot even be written down. */
function textOf(schema: Frame): string | undefined {
  try {
    return JSON.stringify(schema);
  } catch {
    return undefined;
  }
}

/** What became of a schema: several checks read the same one, and to compile it is the dearest part of a run. */
interface Read {
  shape?: Shape;
  unjudged?: string | undefined;
}
const known = new Map<string, Read>();
/** Schemas that are kept compiled, those used last; larger ones, in characters, are compiled each time. */
const KNOWN_MAX = 64;
const KNOWN_CHARS_MAX = 64 * 1024;

function compileShape(schema: Frame): Read {
  if ('$async' in schema) return {};
  const unread = tooLarge(schema);
  if (unread !== undefined) return { unjudged: unread };
  try {
    const patterns = createPatterns();
    const [loose, strict] = [false, true].map((validateFormats) => compile(schema, validateFormats, patterns));
    const unjudged = patterns.takeUnjudged();
    if (!loose || !strict || unjudged !== undefined) return { unjudged };
    const shape: Shape = {
      schema,
      fits: (value) => patterns.judge(() => strict(value), false),
      faults: (value) => patterns.judge(() => (loose(value) ? [] : (loose.errors ?? []).map(toFault)), []),
    };
    return { shape };
  } catch {
    return {};
  }
}

function compile(schema: Frame, validateFormats: boolean, { engine }: Patterns): ValidateFunction {
  const options: Options = { strict: false, logger: false, allErrors: true, validateFormats, code: { regExp: engine } };
  const ajv = newAjv(schema, options);
  formats.default(ajv);
  return ajv.compile(schema);
}

/** Who names no dialect means draft-7, unless a word of a later one stands in the schema. */
function newAjv(schema: Frame, options: Options): Ajv | Ajv2019 | Ajv2020 {
  const named = schema['$schema'];
  const dialect = typeof named === 'string' ? named : '';
  if (dialect.includes('2020-12') || (dialect === '' && LATER.test(JSON.stringify(schema))))
    return new Ajv2020(options);
  return dialect.includes('2019-09') ? new Ajv2019(options) : new Ajv(options);
}

/** The rule, not the place: `/properties/iocs/minItems`, and which member is meant where it is one. */
function toFault({ schemaPath, params }: ErrorObject): string {
  const member: unknown = isFrame(params) ? (params['missingProperty'] ?? params['additionalProperty']) : undefined;
  return typeof member === 'string' ? `${schemaPath}: ${member}` : schemaPath;
}

const LATER =
  /"(?:prefixItems|dependentRequired|dependentSchemas|unevaluatedProperties|unevaluatedItems|minContains|\$dynamicRef)":/;
