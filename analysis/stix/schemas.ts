/** The schemas of STIX 2.1, mounted by an operator: which objects fit them. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { oncePerPack } from '../memory/index.ts';
import type { StixObject } from './intelligence.ts';

/** Mounted schemas, ready to be asked. */
export interface StixSchemas {
  /** What keeps an object from fitting the schema of its type, at most one line; undefined when it fits or no schema speaks of the type. */
  faultOf(object: StixObject): string | undefined;
}

/** Compiles a pack `[schema, …]` or `{schemas: […]}`, or undefined when it has another shape. The same pack object is compiled once. */
export const schemasOf = oncePerPack((data): StixSchemas | undefined => {
  const parsed = Pack.safeParse(data);
  return parsed.success ? compile(parsed.data) : undefined;
});

function compile(schemas: readonly z.infer<typeof Schema>[]): StixSchemas {
  // A pattern of the schemas is none in unicode mode; `date-time` and the like are told by patterns beside them.
  const ajv = new Ajv2020({ strict: false, unicodeRegExp: false, validateFormats: false, allowUnionTypes: true });
  for (const schema of schemas) ajv.addSchema(linear(schema));
  const ids = new Map(schemas.map(({ $id }) => [/(?:^|\/)([a-z0-9-]{1,80})\.json$/.exec($id)?.[1] ?? '', $id]));
  const compiled = new Map<string, ValidateFunction | undefined>();
  return {
    faultOf(object) {
      if (!compiled.has(object.type)) {
        const id = ids.get(object.type);
        compiled.set(object.type, id === undefined ? undefined : ajv.getSchema(id));
      }
      const validate = compiled.get(object.type);
      if (!validate || validate(object)) return undefined;
      const [first] = validate.errors ?? [];
      return `${first?.instancePath ?? ''} ${first?.message ?? 'does not fit its schema'}`.trim();
    },
  };
}

/** The published schemas repeat a repetition, `([a-z][a-z0-9]*)+`, which takes time exponential in a name; this means the same in linear time. */
function linear(schema: z.infer<typeof Schema>): object {
  const text = JSON.stringify(schema).replaceAll('([a-z][a-z0-9]*)+', '[a-z][a-z0-9]*');
  return z.looseObject({}).parse(JSON.parse(text));
}

const Schema = z.looseObject({ $id: z.string().max(1_024) });
const Pack = z.union([
  z.array(Schema).min(1).max(500),
  z.object({ schemas: z.array(Schema).min(1).max(500) }).transform(({ schemas }) => schemas),
]);
