/** The judge of frames: what the JSON-RPC 2.0 specification says, and what our wire adds to it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorResponse, FRAME_LIMITS, isRpcId, judgeFrame, weightOf, type Judged } from '../../protocol/index.ts';

/** The only entry of a frame that is no batch. */
const only = (text: string): Judged => {
  const { batch, entries } = judgeFrame(text);
  expect(batch).toBe(false);
  expect(entries).toHaveLength(1);
  return entries[0]!;
};
/** What would be answered is an error that bears a legal id and that the other end takes for a response. */
const isLegal = (entry: Judged): boolean => {
  if (entry.kind === 'request') return isRpcId(entry.request.id);
  if (entry.kind !== 'refusal') return true;
  const [heard] = judgeFrame(JSON.stringify(entry.response)).entries;
  return isRpcId(entry.response.id) && 'error' in entry.response && heard?.kind === 'response';
};
const refusal = (code: number, id: unknown) => ({ kind: 'refusal', response: { error: { code }, id } });
const nested = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth);

describe('the examples of the JSON-RPC 2.0 specification', () => {
  test.each([
    ['positional parameters', '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}', 'request'],
    [
      'named parameters',
      '{"jsonrpc":"2.0","method":"subtract","params":{"subtrahend":23,"minuend":42},"id":3}',
      'request',
    ],
    ['a notification', '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', 'notification'],
    ['a notification without params', '{"jsonrpc": "2.0", "method": "foobar"}', 'notification'],
  ])('%s', (_name, text, kind) => {
    expect(only(text).kind).toBe(kind);
  });

  test.each([
    ['invalid JSON', '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', -32700],
    ['an invalid request', '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', -32600],
    [
      'a batch of invalid JSON',
      '[{"jsonrpc":"2.0","method":"sum","params":[1,2,4],"id":"1"},{"jsonrpc":"2.0","method"',
      -32700,
    ],
    ['an empty batch', '[]', -32600],
  ])('%s is refused once, with id null', (_name, text, code) => {
    expect(only(text)).toMatchObject(refusal(code, null));
  });

  test('a batch of garbage is refused entry by entry', () => {
    const { batch, entries } = judgeFrame('[1,2,3]');
    expect(batch).toBe(true);
    expect(entries).toMatchObject([refusal(-32600, null), refusal(-32600, null), refusal(-32600, null)]);
  });

  test('a mixed batch keeps its order', () => {
    const { batch, entries } = judgeFrame(`[
      {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
      {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ]`);
    expect(batch).toBe(true);
    expect(entries.map(({ kind }) => kind)).toEqual([
      'request',
      'notification',
      'request',
      'refusal',
      'request',
      'request',
    ]);
  });
});

describe('what is no request', () => {
  test.each([
    'null',
    '0',
    '""',
    'true',
    '"x"',
    '{}',
    '{"foo":"boo"}',
    '{"jsonrpc":"2.0"}',
    '{"jsonrpc":"2.0","method":null}',
  ])('JSON that is no request is -32600, not a parse error: %s', (text) => {
    expect(only(text)).toMatchObject(refusal(-32600, null));
  });

  test.each(['', ' ', '{', 'undefined', '\uFEFF{}', "{'a':1}", '[1,]', '{"a":NaN}'])(
    'what is not JSON is -32700: %j',
    (text) => {
      expect(only(text)).toMatchObject(refusal(-32700, null));
    },
  );

  test.each([
    ['missing', '{"method":"x","id":"a"}'],
    ['"1.0"', '{"jsonrpc":"1.0","method":"x","id":"a"}'],
    ['a number', '{"jsonrpc":2.0,"method":"x","id":"a"}'],
    ['an array', '{"jsonrpc":["2.0"],"method":"x","id":"a"}'],
  ])('ATK-A13: jsonrpc that is %s is -32600 with the id echoed', (_name, text) => {
    expect(only(text)).toMatchObject(refusal(-32600, 'a'));
  });

  test('ATK-A13: extra members are ignored', () => {
    const entry = only('{"jsonrpc":"2.0","method":"x","id":"a","auth":"t","result":1}');
    expect(entry).toEqual({ kind: 'request', request: { jsonrpc: '2.0', id: 'a', method: 'x' } });
  });

  test.each(['1', 'null', '{}', '[]', 'true'])('ATK-A10: a method that is %s is -32600', (method) => {
    expect(only(`{"jsonrpc":"2.0","method":${method},"id":7}`)).toMatchObject(refusal(-32600, 7));
  });

  test.each(['"bar"', '1', 'null', 'true'])(
    'params of a request that are %s are -32600 with the id echoed',
    (params) => {
      expect(only(`{"jsonrpc":"2.0","method":"x","params":${params},"id":7}`)).toMatchObject(refusal(-32600, 7));
    },
  );

  test.each(['"bar"', '1', 'null'])('a notification is not answered even when its params are %s', (params) => {
    expect(only(`{"jsonrpc":"2.0","method":"x","params":${params}}`).kind).toBe('dropped');
  });
});

describe('ids', () => {
  test.each([
    '"req-001"',
    '""',
    '"ü"',
    '0',
    '-1',
    '9007199254740991',
    '-9007199254740991',
    'null',
    `"${'a'.repeat(256)}"`,
  ])('ATK-A12: the id %s comes back with the same type and value', (id) => {
    const entry = only(`{"jsonrpc":"2.0","method":"x","id":${id}}`);
    expect(entry).toMatchObject({ kind: 'request', request: { id: JSON.parse(id) as unknown } });
  });

  test.each([
    '1e400',
    '-1e400',
    '9007199254740993',
    '9007199254740992',
    '1.5',
    '{}',
    '[]',
    'true',
    'false',
    `"${'a'.repeat(257)}"`,
    `"${'ü'.repeat(129)}"`,
    `"${'a'.repeat(10_240)}"`,
  ])('ATK-A12: the id %s is -32600 with id null', (id) => {
    expect(only(`{"jsonrpc":"2.0","method":"x","id":${id}}`)).toMatchObject(refusal(-32600, null));
  });

  test('an id is measured in bytes, not in characters', () => {
    expect(isRpcId('ü'.repeat(128))).toBe(true);
    expect(isRpcId('ü'.repeat(129))).toBe(false);
  });
});

describe('responses are never answered', () => {
  test.each([
    ['a result', '{"jsonrpc":"2.0","result":1,"id":1}'],
    ['a null result', '{"jsonrpc":"2.0","result":null,"id":1}'],
    ['an error', '{"jsonrpc":"2.0","error":{"code":4041,"message":"Case not found","data":{}},"id":1}'],
    ['an error with id null', '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}'],
  ])('%s is a response', (_name, text) => {
    expect(only(text).kind).toBe('response');
  });

  test.each([
    ['both result and error', '{"jsonrpc":"2.0","result":1,"error":{"code":1,"message":"m"},"id":1}'],
    ['no id', '{"jsonrpc":"2.0","result":1}'],
    ['a fraction as id', '{"jsonrpc":"2.0","result":1,"id":1.5}'],
    ['no version', '{"result":1,"id":1}'],
  ])('ATK-A15: a response with %s is a strike', (_name, text) => {
    expect(only(text).kind).toBe('strike');
  });

  test.each([
    ['that is a string', '"no"'],
    ['whose code is a fraction', '{"code":1.5,"message":"m"}'],
    ['without a message', '{"code":1}'],
    ['that is null', 'null'],
  ])('an error %s settles its call with 5000', (_name, error) => {
    const judged = only(`{"jsonrpc":"2.0","error":${error},"id":1}`);
    expect(judged).toMatchObject({ kind: 'response', response: { id: 1, error: { code: 5000 } } });
  });

  test('arrays of responses are legal', () => {
    const { entries } = judgeFrame('[{"jsonrpc":"2.0","result":1,"id":1},{"jsonrpc":"2.0","result":2,"id":2}]');
    expect(entries.map(({ kind }) => kind)).toEqual(['response', 'response']);
  });
});

describe('batches', () => {
  const call = (id: number) => `{"jsonrpc":"2.0","method":"x","id":${id}}`;
  const batchOf = (count: number) => `[${Array.from({ length: count }, (_, id) => call(id)).join(',')}]`;

  test('ATK-A14: a batch of one stays a batch, of 32 passes, of 33 and of 10 000 is refused once', () => {
    expect(judgeFrame(batchOf(1))).toMatchObject({ batch: true, entries: [{ kind: 'request' }] });
    expect(judgeFrame(batchOf(FRAME_LIMITS.batch_max)).entries).toHaveLength(32);
    expect(only(batchOf(33))).toMatchObject(refusal(-32600, null));
    expect(only(batchOf(10_000))).toMatchObject(refusal(-32600, null));
  });

  test('ATK-A14: a batch inside a batch is a bad entry', () => {
    expect(judgeFrame(`[[${call(1)}],${call(2)}]`).entries).toMatchObject([refusal(-32600, null), { kind: 'request' }]);
  });
});

describe('depth', () => {
  const request = (params: string) => `{"jsonrpc":"2.0","method":"x","params":${params},"id":"deep"}`;
  const result = (value: string) => `{"jsonrpc":"2.0","result":${value},"id":1}`;

  test('ATK-A9: 64 levels pass, 65 are refused with the id of the request', () => {
    expect(only(request(nested(63))).kind).toBe('request');
    expect(only(request(nested(64)))).toMatchObject(refusal(-32600, 'deep'));
    expect(only(request(nested(63, '{"a":', '}').replace(':}', ':1}'))).kind).toBe('request');
    expect(only(request(nested(64, '{"a":', '}').replace(':}', ':1}')))).toMatchObject(refusal(-32600, 'deep'));
  });

  test('ATK-A9: a batch adds nothing to the depth of its entries, and only the deep entry is refused', () => {
    const { entries } = judgeFrame(`[${request(nested(63))},${request(nested(64))}]`);
    expect(entries).toMatchObject([{ kind: 'request' }, refusal(-32600, 'deep')]);
  });

  test('ATK-A9: 200 000 levels are refused as params, and settle the call with 5000 as a result or as error.data', () => {
    expect(only(request(nested(200_000)))).toMatchObject(refusal(-32600, 'deep'));
    const settled = { kind: 'response', response: { id: 1, error: { code: 5000 } } };
    expect(only(result(nested(200_000)))).toMatchObject(settled);
    const error = `{"jsonrpc":"2.0","error":{"code":1,"message":"m","data":${nested(200_000)}},"id":1}`;
    expect(only(error)).toMatchObject(settled);
    expect(only(nested(200_000, '{"a":', '}').replace(':}', ':1}'))).toMatchObject(refusal(-32600, null));
    expect(judgeFrame(nested(200_000)).entries).toMatchObject([refusal(-32600, null)]);
  });

  test('ATK-A9: a deep notification and a deep response without a usable id are not answered', () => {
    expect(only(`{"jsonrpc":"2.0","method":"x","params":${nested(100)}}`).kind).toBe('dropped');
    expect(only(`{"jsonrpc":"2.0","result":${nested(100)}}`).kind).toBe('strike');
    expect(only(`{"jsonrpc":"2.0","result":${nested(100)},"id":null}`).kind).toBe('response');
  });

  test('ATK-A9: a deep frame with an id that is neither request nor response settles nothing', () => {
    expect(only(`{"jsonrpc":"2.0","id":1,"foo":${nested(100)}}`)).toMatchObject(refusal(-32600, 1));
  });

  test('brackets inside strings are not depth', () => {
    const text = '["'.repeat(500) + '\\"[[[{{{\\\\';
    expect(only(request(JSON.stringify([text]))).kind).toBe('request');
  });
});

describe('values', () => {
  const request = (params: string) => `{"jsonrpc":"2.0","method":"x","params":${params},"id":"many"}`;
  const many = `[${Array(FRAME_LIMITS.values_max).fill('{}').join()}]`;

  test('too many are refused with the id of the request, alone and in a batch; as a result they settle the call with 5000', () => {
    const refused = { kind: 'refusal', response: { error: { code: -32600, message: TOO_MANY }, id: 'many' } };
    expect(only(request(many))).toMatchObject(refused);
    expect(judgeFrame(`[${request(many)},${request('{}')}]`).entries).toMatchObject([refused, refused]);
    expect(only(`{"jsonrpc":"2.0","result":${many},"id":1}`)).toMatchObject({
      kind: 'response',
      response: { id: 1, error: { code: 5000 } },
    });
    expect(only(`{"jsonrpc":"2.0","method":"x","params":${many}}`).kind).toBe('dropped');
  });

  test('what people measure passes, as large as a frame may be: texts, indicators, findings with their evidence', () => {
    const finding = {
      severity: 'high',
      title: 'Beacon',
      evidence: [{ source: 'a.json#/1', excerpt: 'x' }],
      techniques: ['T1071'],
    };
    const full = (one: unknown) => JSON.stringify(Array(Math.floor(4_100_000 / JSON.stringify(one).length)).fill(one));
    for (const value of [
      JSON.stringify(['{,'.repeat(2_000_000)]),
      full({ type: 'ip', value: '192.0.2.1' }),
      full(finding),
    ])
      expect(only(`{"jsonrpc":"2.0","result":${value},"id":1}`)).toMatchObject({ response: { result: {} } });
  });

  test('weigh as what they are once they are parsed', () => {
    expect(weightOf('{"a":"{,,,["}')).toBe(13 + 48);
    expect(weightOf('[{},{}]')).toBe(7 + 4 * 48);
    expect(judgeFrame('[{},{}]').weight).toBe(weightOf('[{},{}]'));
    expect(weightOf('"é\\u00e9"')).toBe(9);
    expect(weightOf('"日x"')).toBe(4 * 2);
    expect(weightOf('"\\u65e5x"')).toBe(9 * 2);
    expect(judgeFrame(`[{},${'"x"'.repeat(9)}日]`).weight).toBe(`[{},${'"x"'.repeat(9)}日]`.length);
  });
});

const TOO_MANY = 'Invalid Request: too many values';

describe('keys that reach for prototypes', () => {
  const paramsOf = (params: string): unknown => {
    const entry = only(`{"jsonrpc":"2.0","method":"x","params":${params},"id":1}`);
    return entry.kind === 'request' ? entry.request.params : undefined;
  };

  test.each([
    '{"__proto__":{"role":"admin"},"a":1}',
    '{"\\u005f_proto__":{"role":"admin"},"a":1}',
    '{"constructor":{"prototype":{"role":"admin"}},"a":1}',
    '{"c\\u006fnstructor":{"prototype":{"role":"admin"}},"a":1}',
  ])('ATK-A11: %s is stripped, also when merged', (params) => {
    const got = paramsOf(params);
    expect(got).toEqual({ a: 1 });
    expect(Object.getPrototypeOf(got)).toBe(Object.prototype);
    Object.assign({}, got);
    expect(({} as { role?: string }).role).toBeUndefined();
  });

  test('ATK-A11: they are stripped at any depth, in arrays and in results too', () => {
    expect(paramsOf('{"a":[{"b":{"__proto__":{"role":"admin"},"c":1}}]}')).toEqual({ a: [{ b: { c: 1 } }] });
    const entry = only('{"jsonrpc":"2.0","result":[{"__proto__":{"role":"admin"}}],"id":1}');
    expect(JSON.stringify(entry)).not.toContain('admin');
    expect(({} as { role?: string }).role).toBeUndefined();
  });

  test('ATK-A11: they cannot make a request of something that is none', () => {
    const text = '{"jsonrpc":"2.0","__proto__":{"method":"x"},"id":1}';
    expect(only(text)).toMatchObject(refusal(-32600, 1));
  });

  test('ATK-A11: of two keys of one name the last counts, and a text about constructors passes', () => {
    expect(paramsOf('{"a":1,"a":2,"constructor":"Frank Lloyd","note":"__proto__"}')).toEqual({
      a: 2,
      constructor: 'Frank Lloyd',
      note: '__proto__',
    });
  });
});

describe('properties', () => {
  const id = fc.oneof(fc.string({ maxLength: 60 }), fc.maxSafeInteger(), fc.constant(null));
  const json = fc.jsonValue({ maxDepth: 4 });
  const params = fc.option(fc.oneof(fc.array(json), fc.dictionary(fc.stringMatching(/^[a-z_]{0,9}$/), json)), {
    nil: undefined,
  });
  const request = fc.record({ jsonrpc: fc.constant('2.0'), method: fc.string(), params, id });
  const member = fc.oneof(json, fc.constantFrom('2.0', '1.0', 'x', 1.5, 2 ** 53, { code: 1, message: 'm' }));
  const near = fc.record(
    { jsonrpc: member, method: member, params: member, id: member, result: member, error: member },
    { requiredKeys: [] },
  );
  const hostile = fc.constantFrom(
    '__proto__',
    '{"__proto__":[]}',
    nested(70),
    nested(30, '[{"a":', '}]').replace(':}', ':1}'),
    '\u0000',
    '\\ud800',
    '"\\ud800"',
    '"\\',
    '1e999',
    '[]',
    ',',
    '{"id":',
    '{"jsonrpc":"2.0","method":"x"}',
  );
  const text = fc.oneof(
    { weight: 4, arbitrary: near.map((entry) => JSON.stringify(entry)) },
    {
      weight: 3,
      arbitrary: fc.array(fc.oneof(near, json), { maxLength: 40 }).map((entries) => JSON.stringify(entries)),
    },
    { weight: 2, arbitrary: fc.array(fc.oneof(hostile, fc.string()), { maxLength: 6 }).map((parts) => parts.join('')) },
    { weight: 1, arbitrary: fc.array(hostile, { maxLength: 6 }).map((parts) => `[${parts.join(',')}]`) },
  );

  test('a valid request passes with id, method and params as they were', () => {
    fc.assert(
      fc.property(request, (sent) => {
        const wire = JSON.stringify(sent);
        expect(only(wire)).toEqual({ kind: 'request', request: JSON.parse(wire) as unknown });
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });

  test('a valid frame without id is a notification, never anything that is answered', () => {
    fc.assert(
      fc.property(request, ({ id: _id, ...sent }) => {
        expect(only(JSON.stringify(sent)).kind).toBe('notification');
      }),
      { numRuns: 2_000, seed: 2 },
    );
  });

  test('an answer keeps the type and value of its id through the wire', () => {
    fc.assert(
      fc.property(id, (given) => {
        const wire = JSON.stringify(errorResponse(given, { code: 4041, message: 'Case not found' }));
        expect(only(wire)).toMatchObject({ kind: 'response', response: { id: given } });
      }),
      { numRuns: 2_000, seed: 3 },
    );
  });

  test('20 000 generated frames: the judge never throws, and what it would answer is one legal error each', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(text, (frame) => {
        const { batch, entries } = judgeFrame(frame);
        for (const entry of entries) kinds.add(entry.kind);
        return entries.length > 0 && entries.length <= (batch ? FRAME_LIMITS.batch_max : 1) && entries.every(isLegal);
      }),
      { numRuns: 20_000, seed: 4 },
    );
    expect([...kinds].sort()).toEqual(['dropped', 'notification', 'refusal', 'request', 'response', 'strike']);
  });
});
