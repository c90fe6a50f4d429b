/** What `rpc.discover` answers is a valid OpenRPC document, for every agent and for the orchestrator. */
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { agents } from '../../agents/index.ts';
import { ABOUT } from '../../orchestrator/about.ts';
import { openRpcOf } from '../../protocol/index.ts';

/** The package's types do not name the value that it exports. */
const { openrpcDocument } = createRequire(import.meta.url)('@open-rpc/meta-schema') as { openrpcDocument: object };

/**
 * The meta-schema is draft 7 and refers to the meta-schema of JSON Schema under an address of its own; here that address
 * stands for draft 7, so that every schema of a param and of a result is checked as well, and nothing is fetched.
 */
function metaSchema(): Ajv {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const draft7 = { $ref: 'http://json-schema.org/draft-07/schema#' };
  ajv.addSchema({
    $id: 'https://meta.json-schema.tools',
    ...draft7,
  });
  return ajv;
}
/** A `$ref` is a text; the meta-schema asks the other address for that one property. */
const text = JSON.stringify(openrpcDocument)
  .replaceAll(
    '"$ref":"https://meta.json-schema.tools/#/definitions/JSONSchemaObject/properties/$ref"',
    '"type":"string"',
  )
  .replace('"$schema":"https://meta.json-schema.tools/"', '"$schema":"http://json-schema.org/draft-07/schema#"');
const isOpenRpc = metaSchema().compile(JSON.parse(text) as object);

const documents: [string, () => Promise<Parameters<typeof openRpcOf>[0]>][] = [
  ...Object.entries(agents),
  ['orchestrator', async () => ABOUT],
];

describe.each(documents)('the document of %s', (_id, load) => {
  test('is valid OpenRPC with valid schemas, as it stands in JSON', async () => {
    isOpenRpc(JSON.parse(JSON.stringify(openRpcOf(await load()))));
    expect(isOpenRpc.errors).toBeNull();
  });

  test('has each method once, with params by name, and refers to nothing that is not in it', async () => {
    const agent = await load();
    const { methods } = openRpcOf(agent);
    expect(methods.map(({ name }) => name)).toEqual(agent.skills.map(({ id }) => id));
    for (const method of methods) {
      expect(method['paramStructure']).toBe('by-name');
      expect(JSON.stringify(method['params'])).not.toContain('"$ref":"#/definitions');
    }
  });

  test('shows examples that its own schema takes', async () => {
    for (const skill of (await load()).skills) {
      for (const example of skill.examples ?? []) expect(skill.params.safeParse(example).success).toBe(true);
    }
  });
});

test('the check can fail: a method without params, and a param whose schema is none', () => {
  const document = openRpcOf(ABOUT);
  const [method] = document.methods;
  const { params: _params, ...without } = method!;
  expect(isOpenRpc({ ...document, methods: [without] })).toBe(false);
  const broken = { ...method, params: [{ name: 'a', schema: { type: 'strnig' } }] };
  expect(isOpenRpc({ ...document, methods: [broken] })).toBe(false);
});

test('a method says what it may answer with: its own codes, each with the sentence of the table', () => {
  const [method] = openRpcOf({ ...ABOUT, skills: ABOUT.skills.slice(0, 1) }).methods;
  expect(method!['errors']).toEqual([
    { code: -32602, message: 'Invalid params' },
    { code: -32603, message: 'Internal error' },
    { code: 4990, message: 'Cancelled' },
    { code: 5040, message: 'Deadline exceeded' },
  ]);
});
