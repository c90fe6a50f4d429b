/** JSON Schemas of a peer: whether they are any, and what fits them. */
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { isFrame, type Frame } from './answers.ts';

/** A schema as it was read: what keeps a value from fitting it, or why it is none. */
export type ReadSchema = { faultOf(value: unknown): string | undefined } | { fault: string };

/** Reads a schema of an OpenRPC document, whose `#/components/…` it may refer to. */
export function readSchema(schema: unknown, document: Frame = {}): ReadSchema {
  if (typeof schema !== 'boolean' && !isFrame(schema)) return { fault: 'it is neither an object nor a boolean' };
  try {
    return toReader(compile(schema, document));
  } catch (reason) {
    return { fault: reason instanceof Error ? reason.message : String(reason) };
  }
}

function compile(schema: Frame | boolean, document: Frame): ValidateFunction {
  const options = { strict: false, validateFormats: false, allowUnionTypes: true, logger: false as const };
  const dialect = isFrame(schema) ? schema['$schema'] : undefined;
  const ajv = typeof dialect === 'string' && dialect.includes('2020-12') ? new Ajv2020(options) : new Ajv(options);
  if (typeof schema === 'boolean') return ajv.compile(schema);
  const { $schema: _dialect, ...rest } = schema;
  return ajv.compile({ ...(isFrame(document['components']) && { components: document['components'] }), ...rest });
}

const toReader = (validate: ValidateFunction): ReadSchema => ({
  faultOf(value) {
    if (validate(value)) return undefined;
    const [first] = validate.errors ?? [];
    return `${first?.instancePath === '' ? '/' : (first?.instancePath ?? '/')} ${first?.message ?? 'does not fit'}`;
  },
});
