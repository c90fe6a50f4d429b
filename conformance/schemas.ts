/** JSON Schemas of a peer: whether they are any, and what fits them. */
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { isFrame, type Frame } from './answers.ts';
import { createPatterns } from './patterns.ts';
import { tooLarge } from './schema-size.ts';

/** A schema as it was read: what keeps a value from fitting it, or why it is none. With `unjudged` nothing is: that says why. */
export type ReadSchema =
  { faultOf(value: unknown): string | undefined; unjudged?: string | undefined } | { fault: string };

/** Reads a schema of an OpenRPC document, whose `#/components/…` it may refer to. */
export function readSchema(schema: unknown, document: Frame = {}): ReadSchema {
  if (typeof schema !== 'boolean' && !isFrame(schema)) return { fault: 'it is neither an object nor a boolean' };
  const unread = tooLarge({ schema, components: document['components'] });
  if (unread !== undefined) return { unjudged: unread, faultOf: () => undefined };
  try {
    const validate = compile(schema, document);
    return toReader(validate, PATTERNS.takeUnjudged());
  } catch (reason) {
    PATTERNS.takeUnjudged(); // of what came to nothing: the next schema is another
    return { fault: reason instanceof Error ? reason.message : String(reason) };
  }
}

function compile(schema: Frame | boolean, document: Frame): ValidateFunction {
  if (typeof schema === 'boolean') return DRAFT_7.compile(schema);
  const { $schema: dialect, ...rest } = schema;
  const ajv = typeof dialect === 'string' && dialect.includes('2020-12') ? DRAFT_2020 : DRAFT_7;
  return ajv.compile({ ...(isFrame(document['components']) && { components: document['components'] }), ...rest });
}

const toReader = (validate: ValidateFunction, unjudged: string | undefined): ReadSchema => ({
  unjudged,
  faultOf(value) {
    if (unjudged !== undefined || PATTERNS.judge(() => validate(value), true)) return undefined;
    const [first] = validate.errors ?? [];
    return `${first?.instancePath === '' ? '/' : (first?.instancePath ?? '/')} ${first?.message ?? 'does not fit'}`;
  },
});

const PATTERNS = createPatterns();
/** A schema's own name is not kept: the next document may have another of that name. */
const OPTIONS = {
  strict: false,
  validateFormats: false,
  allowUnionTypes: true,
  addUsedSchema: false,
  logger: false as const,
  code: { regExp: PATTERNS.engine },
};
const DRAFT_7 = new Ajv(OPTIONS);
const DRAFT_2020 = new Ajv2020(OPTIONS);
