/** Every answer: its headers, its one form of error, its budget, and what a repetition, a version or a trace does. */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { digestOf } from '../../mesh/index.ts';
import { AuroraError, ERRORS, errorCodeText, httpStatus, isErrorCode, route } from '../../protocol/index.ts';
import { pinoLog } from '../../seams/index.ts';
import { startApi, type Answer, type TestApi } from '../support/api.ts';
import { echoAgent } from '../support/echo.ts';
import { openRaw } from '../mesh/raw.ts';

const Lost = z.looseObject({ next: z.string() });
/** What no line may hold: controls, and what reorders or breaks text. */
const UNSHOWN = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const fail = route({
  method: 'GET',
  path: '/api/v1/test/fail',
  permission: 'AUTH',
  summary: 'Fails as it is told.',
  keeps: [],
  input: z.strictObject({ code: z.number().optional(), text: z.string().optional() }),
  output: z.object({}),
  deprecated: { sunset: '2027-01-01T00:00:00.000Z', instead: '/api/v1/alerts' },
});
let api: TestApi;

beforeAll(async () => {
  const echo = echoAgent('ada', (text, ctx) => {
    ctx.log.info({ text }, 'heard');
    return text;
  });
  api = await startApi([echo], {
    origins: ['https://soc.example'],
    proxies: ['127.0.0.0/8'],
    bindings: [
      [
        'test.fail',
        fail.implement(({ code, text }) => {
          if (code !== undefined && isErrorCode(code)) throw new AuroraError(code, { detail: { text } });
          throw new Error(`SELECT * FROM users at /etc/passwd: ${text ?? ''}`);
        }),
      ],
    ],
  });
});
afterAll(() => api.stop());

const alert = (title: string) => ({ title, severity: 'low', source: 'test' });

describe('errors', () => {
  test.each(
    Object.keys(ERRORS)
      .map(Number)
      .filter((code) => code >= 4000 && code !== 4990),
  )(
    'REQ-V01 REQ-X07 REQ-X14 REQ-X15 REQ-X18 REQ-X19 REQ-X20: %i is the envelope, with its own status',
    async (code) => {
      const { status, headers, body } = await api.call('GET', `/api/v1/test/fail?code=${code}`, { as: 'viewer' });
      if (!isErrorCode(code)) throw new Error('no code');
      expect(status).toBe(httpStatus(code));
      const { timestamp, request_id, retryable, ...said } = body.error;
      expect(said).toEqual({ code: errorCodeText(code), message: ERRORS[code], detail: {} });
      expect(timestamp).toMatch(ISO);
      expect(request_id).toMatch(UUID);
      expect(typeof retryable).toBe('boolean');
      expect(headers['x-request-id']).toBe(body.error.request_id);
    },
  );

  test('ATK-I2: whatever is 429 or 503 says in whole seconds when to come again', async () => {
    const waiting = Object.keys(ERRORS)
      .map(Number)
      .filter((code) => isErrorCode(code) && [429, 503].includes(httpStatus(code)));
    expect(waiting.length).toBeGreaterThanOrEqual(4);
    for (const code of waiting) {
      const { status, headers } = await api.call('GET', `/api/v1/test/fail?code=${code}`, { as: 'viewer' });
      expect([code, status, headers['retry-after']]).toEqual([
        code,
        httpStatus(code as never),
        expect.stringMatching(/^[1-9]\d*$/) as unknown,
      ]);
    }
    for (const code of [4040, 4090, 4130, 5000, 5040]) {
      const { headers } = await api.call('GET', `/api/v1/test/fail?code=${code}`, { as: 'viewer' });
      expect([code, headers['retry-after']]).toEqual([code, undefined]);
    }
  });

  test.each([4290, 5030, 5031])(
    'ATK-I2 INV12: work that was journaled and failed with %i is never an invitation to send it again',
    async (code) => {
      const failing = echoAgent('failing', () => {
        throw new AuroraError(code as 5030, { retry_after_ms: 1_000 });
      });
      const own = await startApi([failing], { orchestrator: { bounds: { retry: { attempts_max: 1 } } } });
      try {
        const body = { to: { skill: 'echo_text' }, params: { text: 'x' } };
        const said = await own.call('POST', '/api/v1/orchestrator/dispatch?wait=true', { as: 'analyst', body });
        const [kept] = await own.mesh.ledger.list({ limit: 10 });
        expect(kept?.state).toBe('failed');
        expect([said.status, said.headers['retry-after'], said.body.error]).toMatchObject([
          500,
          undefined,
          { code: 'AURORA-5000', retryable: false, detail: { task_id: kept?.task_id, code: `AURORA-${code}` } },
        ]);
      } finally {
        await own.stop();
      }
    },
  );

  test('REQ-X01 REQ-X03 REQ-X04 REQ-X06 REQ-X08 REQ-X09 REQ-X12 REQ-X13: the ordinary mistakes have their codes', async () => {
    const codeOf = async (...[method, path, ask]: Parameters<TestApi['call']>) =>
      (await api.call(method, path, ask)).body.error.code;
    await api.call('POST', '/api/v1/alerts', { as: 'analyst', body: alert('twice') });
    expect([
      await codeOf('GET', '/api/v1/alerts'),
      await codeOf('GET', '/api/v1/alerts', { headers: { authorization: 'Bearer x.y.z' } }),
      await codeOf('POST', '/api/v1/alerts', { as: 'viewer', body: alert('x') }),
      await codeOf('GET', '/api/v1/nothing', { as: 'admin' }),
      await codeOf('GET', '/api/v1/alerts/ALRT-2026-99999', { as: 'admin' }),
      await codeOf('GET', '/api/v1/agents/nobody', { as: 'admin' }),
      await codeOf('POST', '/api/v1/alerts', { as: 'analyst', body: alert('twice') }),
      await codeOf('POST', '/api/v1/alerts', { as: 'analyst', body: { title: 'x' } }),
    ]).toEqual([
      'AURORA-4010',
      'AURORA-4012',
      'AURORA-4030',
      'AURORA-4040',
      'AURORA-4042',
      'AURORA-4043',
      'AURORA-4091',
      'AURORA-4220',
    ]);
  });

  test('ATK-J5 REQ-X17: a fault of ours tells a request id, and nothing of itself; the log has the rest', async () => {
    const { status, body, text } = await api.call('GET', '/api/v1/test/fail?text=canary', { as: 'admin' });
    expect([status, body.error.code, body.error.message]).toEqual([500, 'AURORA-5000', 'Internal error']);
    expect(text).not.toMatch(/SELECT|passwd|canary|\.ts/);
    const line = api.mesh.log.lines.find(
      ({ level, fields }) => level === 'error' && 'request_id' in fields && fields.request_id === body.error.request_id,
    );
    expect(JSON.stringify(line)).toContain('SELECT * FROM users');
  });

  test('404, 405 with what is allowed, 413, 415 and malformed JSON are the same envelope', async () => {
    const cases: [Awaited<ReturnType<TestApi['call']>>, number, string][] = [
      [await api.call('GET', '/nowhere'), 404, 'AURORA-4040'],
      [await api.call('PUT', '/api/v1/alerts', { as: 'admin', body: {} }), 405, 'AURORA-4050'],
      [
        await api.call('POST', '/api/v1/alerts', { as: 'admin', raw: `"${'x'.repeat(1_100_000)}"` }),
        413,
        'AURORA-4130',
      ],
      [
        await api.call('POST', '/api/v1/alerts', { as: 'admin', raw: '<a/>', headers: { 'content-type': 'text/xml' } }),
        415,
        'AURORA-4150',
      ],
      [await api.call('POST', '/api/v1/alerts', { as: 'admin', raw: '{"title":' }), 400, 'AURORA-4000'],
      [await api.call('GET', '/api/v1/alerts/%zz', { as: 'admin' }), 400, 'AURORA-4000'],
    ];
    for (const [{ status, headers, body }, expected, code] of cases) {
      expect([status, body.error.code]).toEqual([expected, code]);
      expect(headers['x-request-id']).toBe(body.error.request_id);
      expect([headers['x-api-version'], headers['x-aurorasoc-mode']]).toEqual(['1.0', 'monitor']);
    }
    expect(cases[1]?.[0].headers.allow).toBe('GET, POST');
  });

  test('ATK-A9: a body of a few bytes a value has a bound of its own, and nobody reads one that leads nowhere', async () => {
    const as = 'admin';
    const many = (count: number) => `{"to":{"skill":"nobodys"},"params":{"text":"x","more":[${'0,'.repeat(count)}0]}}`;
    const path = '/api/v1/orchestrator/dispatch?wait=true';
    const over = await api.call('POST', path, { as, raw: many(25_000) });
    expect([over.status, over.body.error]).toMatchObject([
      413,
      { code: 'AURORA-4130', detail: { values_max: 25_000 } },
    ]);
    expect((await api.call('POST', path, { as, raw: many(24_000) })).body.error.code).toBe('AURORA-4043');
    const commas = `{"to":{"skill":"nobodys"},"params":{"text":"${',[{'.repeat(30_000)}"}}`; // text is one value
    expect((await api.call('POST', path, { as, raw: commas })).body.error.code).toBe('AURORA-4043');
    const alerts = Array.from({ length: 400 }, (_, nth) => ({ ...alert(`of many ${nth}`), iocs: [] as object[] }));
    for (const { iocs } of alerts)
      for (let nth = 0; nth < 40; nth++) iocs.push({ type: 'ip', value: `192.0.2.${nth}` });
    const bulk = await api.call('POST', '/api/v1/alerts/bulk', { as, body: { alerts } });
    expect([bulk.status, bulk.body]).toMatchObject([200, { refused: 0 }]);
    const nowhere = await api.call('POST', '/nowhere', {
      raw: `"${'x'.repeat(1_100_000)}`,
      headers: { origin: 'https://soc.example' },
    });
    expect([nowhere.status, nowhere.headers['access-control-allow-origin']]).toEqual([404, 'https://soc.example']);
  });

  test('OPTIONS from no page is answered with every header too (REQ-H01)', async () => {
    const { status, headers } = await api.call('OPTIONS', '/api/v1/alerts');
    expect([status, headers['x-api-version'], headers['x-aurorasoc-mode']]).toEqual([204, '1.0', 'monitor']);
    expect(headers['x-request-id']).toBeDefined();
  });

  test('ATK-A21: what is packed, mislabelled or doubly framed is refused, and no schema is skipped', async () => {
    const as = 'analyst';
    const raw = JSON.stringify({ title: 'no severity' });
    // Taken for JSON, and so judged by the schema; or not taken at all. Never taken without being judged.
    const types: [string, number][] = [
      ['application/json', 422],
      ['application/json; charset=utf-8', 422],
      ['APPLICATION/JSON', 422],
      ['application/json;', 422],
      ['application/json\t;x', 422],
      ['application/json ;x', 422],
      ['application/json, text/plain', 415],
      ['application/jsonx', 415],
      ['application/json/x', 415],
      ['text/plain', 415],
      ['text/json', 415],
      ['application/x-www-form-urlencoded', 415],
      ['multipart/form-data; boundary=x', 415],
      ['*/*', 415],
      ['', 415],
    ];
    const before = (await api.call('GET', '/api/v1/alerts?limit=200', { as })).body.items.length;
    const said: [string, number][] = [];
    for (const [type] of types) {
      const headers = { 'content-type': type };
      said.push([type, (await api.call('POST', '/api/v1/alerts', { as, raw, headers })).status]);
      const bad = JSON.stringify({ ...alert(`schema ${type}`), severity: 'none', tenant_id: 'x' });
      expect((await api.call('POST', '/api/v1/alerts', { as, raw: bad, headers })).status).toBeGreaterThanOrEqual(400);
    }
    expect(said).toEqual(types);
    expect((await api.call('GET', '/api/v1/alerts?limit=200', { as })).body.items).toHaveLength(before);
    const untyped = `Authorization: Bearer ${api.tokens.get(as) ?? ''}\r\nContent-Length: ${raw.length}\r\nConnection: close`;
    const answer = await rawly(
      `POST /api/v1/alerts HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\n${untyped}\r\n\r\n${raw}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 415 /);
    const bomb = gzipSync(Buffer.alloc(5_000_000)).toString('latin1');
    const headers = { 'content-encoding': 'gzip' };
    expect((await api.call('POST', '/api/v1/alerts', { as, raw: bomb, headers })).status).toBe(415);
    for (const framing of [
      'Content-Length: 2\r\nContent-Length: 3',
      'Content-Length: 2\r\nTransfer-Encoding: chunked',
    ]) {
      const said = await rawly(`POST /api/v1/alerts HTTP/1.1\r\nHost: localhost\r\n${framing}\r\n\r\n{}`);
      expect(said).toMatch(/^HTTP\/1.1 400 /);
      expect(said).toContain('x-aurorasoc-mode: monitor');
      expect(said).toContain('AURORA-4000');
    }
  });

  test('ATK-A22: a path in disguise gets no further than the plain one', async () => {
    const plain = await api.call('GET', '/api/v1/alerts');
    expect(plain.status).toBe(401);
    for (const path of [
      '/api/v1/%61lerts',
      '//api/v1/alerts',
      '/api/v1//alerts',
      '/api/v1/..;/v1/alerts',
      '/api/v1/alerts.',
      '/api/v1/alerts;jsessionid=1',
      '/API/V1/ALERTS',
      '/api/v1/x/../alerts',
    ]) {
      expect([401, 404]).toContain((await api.call('GET', path)).status);
      expect([200, 404]).toContain((await api.call('GET', path, { as: 'viewer' })).status);
      const body = alert(`disguised ${path}`);
      expect([401, 404]).toContain((await api.call('POST', path, { body })).status);
      expect([403, 404]).toContain((await api.call('POST', path, { as: 'viewer', body })).status);
    }
    for (const path of [
      '/api/v1/%75sers',
      '/api/v1//users',
      '/api/v1/users;x',
      '/api/v1/users.',
      '/api/v1/alerts/../users',
    ])
      expect([403, 404]).toContain((await api.call('GET', path, { as: 'analyst' })).status);
    const { text } = await api.call('GET', '/api/v1/alerts?limit=200', { as: 'viewer' });
    expect(text).not.toContain('disguised');
  });

  test.each([
    ['U+0000', '\\u0000'],
    ['half a surrogate', '\\ud800'],
    ['the other half', '\\udfff'],
    ['two halves in the wrong order', '\\udc00\\ud800'],
    ['half a megabyte', 'x'.repeat(500_000)],
  ])('ATK-A20: %s in an id is 422 wherever an id may stand, and nothing is kept of it', async (_what, text) => {
    const as = 'admin';
    const head = '"title":"ids","severity":"low","source":"a20"';
    const bodies: [string, string, string][] = [
      ['POST', '/api/v1/alerts', `{${head},"external_id":"a${text}"}`],
      ['POST', '/api/v1/alerts', `{${head},"affected_assets":["a${text}"]}`],
      ['POST', '/api/v1/alerts', `{${head},"iocs":[{"type":"domain","value":"a${text}"}]}`],
      ['POST', '/api/v1/alerts', `{"title":"ids","severity":"low","source":"a${text}"}`],
      ['POST', '/api/v1/agents/investigate', `{"alert_id":"ALRT-2026-00001${text}"}`],
      [
        'POST',
        '/api/v1/orchestrator/dispatch',
        `{"to":{"agent_id":"ada${text}"},"method":"echo_text","params":{"text":"x"}}`,
      ],
      [
        'POST',
        '/api/v1/orchestrator/dispatch',
        `{"to":{"skill":"echo_text"},"params":{"text":"x"},"refs":{"case_id":"a${text}"}}`,
      ],
      ['POST', '/api/v1/users', `{"username":"a${text}","role":"viewer"}`],
      ['POST', '/api/v1/auth/api-keys', `{"name":"a${text}","scopes":["alerts:read"]}`],
    ];
    const said: [string, number][] = [];
    for (const [method, path, raw] of bodies) said.push([path, (await api.call(method, path, { as, raw })).status]);
    expect(said).toEqual(bodies.map(([, path]) => [path, 422]));
    expect((await api.call('GET', '/api/v1/alerts?source=a20', { as })).body.items).toEqual([]);
  });

  test('ATK-A20: text that no database takes is 422, in a body, a name, a path and a query', async () => {
    const as = 'analyst';
    const bodies = [
      '{"title":"a\\u0000b","severity":"low","source":"x"}',
      '{"title":"\\ud800","severity":"low","source":"x"}',
    ];
    for (const raw of bodies) expect((await api.call('POST', '/api/v1/alerts', { as, raw })).status).toBe(422);
    for (const path of ['/api/v1/alerts/%00', '/api/v1/alerts?source=%00', `/api/v1/alerts/${'A'.repeat(250)}`]) {
      expect([404, 422]).toContain((await api.call('GET', path, { as })).status);
    }
    const deep = `{"title":"x","severity":"low","source":"x","metadata":${'{"a":'.repeat(70)}1${'}'.repeat(70)}}`;
    expect((await api.call('POST', '/api/v1/alerts', { as, raw: deep })).status).toBe(422);
    const poisoned = '{"title":"x","severity":"low","source":"x","__proto__":{"role":"admin"}}';
    expect((await api.call('POST', '/api/v1/alerts', { as, raw: poisoned })).status).toBe(400);
  });

  test('a body that is no UTF-8 is 400: what was sent would be kept as something else', async () => {
    const answer = await fetch(`http://127.0.0.1:${api.port}/api/v1/alerts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.tokens.get('analyst') ?? ''}`, 'content-type': 'application/json' },
      body: Buffer.concat([
        Buffer.from('{"title":"'),
        Buffer.of(0xff),
        Buffer.from('","severity":"low","source":"x"}'),
      ]),
    });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('AURORA-4000')]);
  });

  test.each([
    ['without a key', {}],
    ['with one', { 'idempotency-key': 'k-1e400' }],
  ])('a number that JSON cannot say again, 1e400, is 422 and never kept as null: %s', async (_what, headers) => {
    const as = 'analyst';
    const overflowing = [
      ['/api/v1/alerts', '{"title":"x","severity":"low","source":"x","metadata":{"n":[-1e400]}}'],
      ['/api/v1/orchestrator/dispatch', '{"to":{"skill":"echo_text"},"params":{"text":"x","n":1e400}}'],
    ] as const;
    for (const [path, raw] of overflowing) {
      const { status, body } = await api.call('POST', path, { as, raw, headers });
      expect([status, body.error.code, body.error.message]).toEqual([
        422,
        'AURORA-4220',
        expect.stringContaining('/n') as unknown,
      ]);
    }
  });

  test('REQ-T13 ATK-A20 ATK-A11: one bad alert of a bulk is refused by itself, whatever is bad about it', async () => {
    const bad = [
      '{"title":"a\\u0000b","severity":"low","source":"bulk"}',
      '{"title":"\\ud800","severity":"low","source":"bulk"}',
      '{"title":"x","severity":"low","source":"bulk","metadata":{"n":1e400}}',
      '{"title":"x","severity":"low","source":"bulk","metadata":{"__proto__":{"role":"admin"}}}',
      '{"title":"x","severity":"low","source":"bulk","metadata":{"constructor":{"prototype":1}}}',
      `{"title":"x","severity":"low","source":"bulk","metadata":${'{"a":'.repeat(70)}1${'}'.repeat(70)}}`,
      '{"title":"x","severity":"none","source":"bulk"}',
      'null',
    ];
    const good = (title: string) => JSON.stringify({ title, severity: 'low', source: 'bulk' });
    const post = (raw: string, headers = {}) =>
      api.call('POST', '/api/v1/alerts/bulk', { as: 'analyst', raw, headers });
    const { status, body } = await post(
      `{"alerts":[${[good('first'), ...bad, good('last'), good('first')].join(',')}]}`,
    );
    expect([status, body]).toMatchObject([200, { created: 2, duplicates: 1, refused: bad.length }]);
    expect(body.items.map(({ index, status: said }) => [index, said])).toEqual([
      [0, 'created'],
      ...bad.map((_one, at) => [at + 1, 'refused']),
      [bad.length + 1, 'created'],
      [bad.length + 2, 'duplicate'],
    ]);
    for (const { error } of body.items.slice(1, -2)) expect(error).toMatchObject({ code: 'AURORA-4220' });
    expect(body.items[1]?.['error']).toMatchObject({ detail: { issues: [{ path: '/title' }] } });
    expect(await post(`{"alerts":[${bad[0]}]}`)).toMatchObject({ status: 200, body: { created: 0, refused: 1 } });
    for (const raw of [
      `{"alerts":[${good('x')}],"__proto__":{"alerts":[]}}`,
      `{"alerts":{"__proto__":1}}`,
      `{"alerts":[${good('x')}],"a\\u0000":1}`,
    ]) {
      expect((await post(raw)).status).toBe(422);
    }
    const keyed = () => post(`{"alerts":[${[...bad, good('keyed')].join(',')}]}`, { 'idempotency-key': 'bulk' });
    const answers = [await keyed(), await keyed()];
    expect(answers.map((one) => [one.status, one.headers['idempotency-replayed'], one.text])).toEqual([
      [200, undefined, answers[0]?.text],
      [200, 'true', answers[0]?.text],
    ]);
    expect(({} as { role?: unknown }).role).toBeUndefined();
  });

  test('ATK-D3: what is not for the caller to say is refused by name', async () => {
    const as = 'analyst';
    const { body } = await api.call('POST', '/api/v1/alerts', { as, body: alert('mine') });
    for (const field of ['tenant_id', 'owner', 'created_at', 'created_by', 'acknowledged_by', 'version', 'case_id']) {
      const path = `/api/v1/alerts/${body.alert_id}`;
      const refused = await api.call('PATCH', path, { as, body: { [field]: 'x' } });
      expect([refused.status, JSON.stringify(refused.body)]).toEqual([422, expect.stringContaining(field)]);
    }
    const renamed = await api.call('PATCH', `/api/v1/alerts/${body.alert_id}`, {
      as,
      body: { alert_id: 'ALRT-2026-00001' },
    });
    expect(renamed.status).toBe(422);
  });
});

describe('headers', () => {
  test('REQ-H01 REQ-H02 REQ-H03 REQ-V03: every answer names version, request and mode', async () => {
    const answers = [
      await api.call('GET', '/health'),
      await api.call('GET', '/docs/'),
      await api.call('HEAD', '/api/v1/alerts', { as: 'viewer' }),
      await api.call('OPTIONS', '/api/v1/alerts', {
        headers: { origin: 'https://soc.example', 'access-control-request-method': 'POST' },
      }),
      await api.call('GET', '/api/v1/alerts', { headers: { host: 'evil.example' } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 204, 403]);
    for (const { headers } of answers) {
      expect(headers['x-api-version']).toBe('1.0');
      expect(headers['x-request-id']).toMatch(UUID);
      expect(headers['x-aurorasoc-mode']).toBe('monitor');
    }
  });

  test('REQ-H04 REQ-H05 REQ-T11: a deprecated route says so, and until when', async () => {
    const { headers } = await api.call('GET', '/api/v1/test/fail', { as: 'viewer' });
    expect([headers.deprecation, headers['sunset']]).toEqual(['true', '2027-01-01T00:00:00.000Z']);
    const { headers: others } = await api.call('GET', '/api/v1/alerts', { as: 'viewer' });
    expect([others.deprecation, others['sunset']]).toEqual([undefined, undefined]);
  });

  test('a request id that is a UUID is kept, another is replaced', async () => {
    const given = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const kept = await api.call('GET', '/health', { headers: { 'x-request-id': given } });
    expect(kept.headers['x-request-id']).toBe(given);
    const replaced = await api.call('GET', '/health', { headers: { 'x-request-id': 'x'.repeat(500) } });
    expect(replaced.headers['x-request-id']).toMatch(UUID);
  });

  test('only configured origins may read answers', async () => {
    const ours = await api.call('GET', '/health', { headers: { origin: 'https://soc.example' } });
    expect(ours.headers['access-control-allow-origin']).toBe('https://soc.example');
    expect(ours.headers['access-control-expose-headers']).toContain('X-Request-ID');
    for (const origin of ['https://soc.example.evil', 'https://evil.example', 'null']) {
      const { headers } = await api.call('GET', '/health', { headers: { origin } });
      expect(headers['access-control-allow-origin']).not.toBe(origin);
    }
  });

  test('ATK-B9 REQ-T18: X-User-ID and its kin make nobody anybody', async () => {
    const headers = { 'x-user-id': 'admin', 'x-forwarded-user': 'admin', 'x-remote-user': 'admin' };
    expect((await api.call('GET', '/api/v1/users/me', { headers })).status).toBe(401);
    const { body } = await api.call('GET', '/api/v1/users/me', { as: 'viewer', headers });
    expect(body.username).toBe('viewer');
  });

  test('ATK-B10: a secret in the address is refused wherever it is, and stands in no log', async () => {
    for (const name of ['api_key', 'access_token', 'token', 'x-api-key']) {
      const { status, body } = await api.call('GET', `/api/v1/alerts?${name}=canary-4711`, { as: 'admin' });
      expect([status, body.error.code]).toEqual([401, 'AURORA-4010']);
    }
    expect(JSON.stringify(api.mesh.log.lines)).not.toContain('canary-4711');
  });

  test('the method cannot be overridden, and TRACE is not there', async () => {
    const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' };
    expect((await api.call('GET', '/api/v1/users/viewer', { as: 'admin', headers })).status).toBe(200);
    expect([404, 405]).toContain((await api.call('TRACE', '/api/v1/alerts', { as: 'admin' })).status);
    expect(await api.records.users.find('viewer')).toBeDefined();
  });
});

describe('budgets', () => {
  test('REQ-R29 REQ-R32 REQ-R33 REQ-R34 REQ-X16 REQ-C02 ATK-I2: the hundred-and-first request of a minute is 4290, and says when to come again', async () => {
    const own = await startApi([], { user_minute_max: 'as_shipped' });
    try {
      const first = await own.call('GET', '/api/v1/users/me', { as: 'viewer' });
      expect([first.headers['x-ratelimit-limit'], first.headers['x-ratelimit-remaining']]).toEqual(['100', '99']);
      const reset = Number(first.headers['x-ratelimit-reset']) * 1_000 - own.clock.now();
      expect(reset > 0 && reset <= 61_000).toBe(true);
      for (let nth = 2; nth <= 100; nth++)
        expect([nth, (await own.call('GET', '/api/v1/users/me', { as: 'viewer' })).status]).toEqual([nth, 200]);
      const over = await own.call('GET', '/api/v1/users/me', { as: 'viewer' });
      expect([over.status, over.body.error.code, over.headers['x-ratelimit-remaining']]).toEqual([
        429,
        'AURORA-4290',
        '0',
      ]);
      expect(over.headers['retry-after']).toMatch(/^\d+$/);
      expect((await own.call('GET', '/api/v1/users/me', { as: 'analyst' })).status).toBe(200);
      own.clock.shift(60_000);
      expect((await own.call('GET', '/api/v1/users/me', { as: 'viewer' })).status).toBe(200);
    } finally {
      await own.stop();
    }
  });

  test('REQ-R31: health is asked as often as one likes', async () => {
    const own = await startApi([], { user_minute_max: 3 });
    try {
      for (let nth = 0; nth < 4; nth++) {
        for (const path of ['/health', '/health/liveness', '/health/readiness']) {
          const { status, headers } = await own.call('GET', path, { as: 'viewer' });
          expect([path, status, headers['x-ratelimit-limit']]).toEqual([path, 200, undefined]);
        }
      }
      const { headers } = await own.call('GET', '/api/v1/users/me', { as: 'viewer' });
      expect(headers['x-ratelimit-remaining']).toBe('2'); // nothing was taken from what they have
    } finally {
      await own.stop();
    }
  });

  test('ATK-I1: wrong proofs share the budget of their address, and only a configured proxy says another one', async () => {
    const own = await startApi([], { user_minute_max: 5, proxies: [] });
    try {
      const statuses: number[] = [];
      for (let nth = 0; nth < 7; nth++) {
        const headers = { 'x-api-key': 'aurora_key_x', 'x-forwarded-for': `198.51.100.${nth}` };
        statuses.push((await own.call('GET', '/api/v1/alerts', { headers })).status);
      }
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    } finally {
      await own.stop();
    }
    const guess = (ip: string) =>
      api.call('POST', '/api/v1/auth/token', {
        body: { username: 'nobody', password: 'x' },
        headers: { 'x-forwarded-for': `203.0.113.1, ${ip}` },
      });
    for (let nth = 0; nth < 10; nth++) expect((await guess('2001:db8:1:2::1')).status).toBe(401);
    expect((await guess('2001:db8:1:2:ffff::9')).status).toBe(429); // the same /64
    expect((await guess('2001:db8:1:3::1')).status).toBe(401);
    // Some proxies write the port too.
    expect((await guess('[2001:db8:1:2::7]:443')).status).toBe(429);
    for (let nth = 0; nth < 10; nth++) expect((await guess(`203.0.113.9:${4_000 + nth}`)).status).toBe(401);
    expect((await guess('203.0.113.9')).status).toBe(429);
    expect((await guess('203.0.113.10:4711')).status).toBe(401);
  });
});

describe('strangers', () => {
  test('ATK-I1: whoever asks for what is not there pays as whoever guesses, and whoever is known pays from their own', async () => {
    const own = await startApi([], { user_minute_max: 8 });
    try {
      const ways: [method: string, path: string, ask?: Parameters<TestApi['call']>[2]][] = [
        ['GET', '/nothing'],
        ['POST', '/api/v1/nothing', { raw: '{}', headers: { 'x-api-key': 'aurora_key_x' } }],
        ['DELETE', '/api/v1/alerts'], // 405
        ['GET', '/api/v1/ws/alerts'], // a stream, and no upgrade
        ['GET', '/api/v1/alerts?token=x'],
        ['POST', '/api/v1/alerts', { body: {}, headers: { 'content-encoding': 'gzip' } }],
      ];
      const left: unknown[] = [];
      const statuses: number[] = [];
      for (const way of ways) {
        const { status, headers } = await own.call(...way);
        statuses.push(status);
        left.push(headers['x-ratelimit-remaining']);
      }
      expect(statuses).toEqual([404, 404, 405, 400, 401, 415]);
      expect(left).toEqual(['7', '6', '5', '4', '3', '2']);
      const upgrades = ['/api/v1/ws/nothing', '/api/v1/ws/alerts?nonsense=1', '/nothing'];
      for (const [nth, path] of upgrades.entries())
        await expect(own.follow(path)).rejects.toMatchObject({
          status: [404, 422, 429][nth],
          headers: { 'x-ratelimit-limit': '8', 'x-ratelimit-remaining': ['1', '0', '0'][nth] },
        });
      const over = await own.call('GET', '/nothing');
      expect([over.status, over.headers['retry-after']]).toEqual([429, expect.stringMatching(/^\d+$/)]);
      const known = await own.call('GET', '/nothing', { as: 'viewer' });
      expect([known.status, known.headers['x-ratelimit-remaining']]).toEqual([404, '7']);
      await expect(own.follow('/nothing', { as: 'viewer' })).rejects.toMatchObject({
        status: 404,
        headers: { 'x-ratelimit-remaining': '6' },
      });
    } finally {
      await own.stop();
    }
  });

  test('ATK-I1: the page that shows the API is for everybody, within the budget of everybody', async () => {
    const own = await startApi([], { user_minute_max: 3 });
    try {
      const statuses: number[] = [];
      for (const path of ['/docs/', '/docs/static/none', '/api/v1/openapi.json', '/docs/'])
        statuses.push((await own.call('GET', path)).status);
      expect(statuses).toEqual([200, 404, 200, 429]);
      expect((await own.call('GET', '/api/v1/alerts')).status).toBe(401);
    } finally {
      await own.stop();
    }
  });

  test('ATK-I1: nobody who is named like an address pays for what comes from there', async () => {
    const own = await startApi([], { user_minute_max: 5 });
    try {
      await own.signIn('127.0.0.1', 'viewer');
      for (let nth = 0; nth < 6; nth++) await own.call('GET', '/api/v1/openapi.json');
      expect((await own.call('GET', '/api/v1/users/me', { as: '127.0.0.1' })).status).toBe(200);
    } finally {
      await own.stop();
    }
  });

  test('ATK-J2: twenty of their requests a minute are lines, those of whoever is known are all', async () => {
    const own = await startApi([]);
    const lines = () => own.mesh.log.lines.filter(({ text }) => text === 'request');
    try {
      for (let nth = 0; nth < 15; nth++)
        for (const path of ['/nothing', '/health', '/api/v1/alerts']) await own.call('GET', path);
      expect(lines()).toHaveLength(20);
      for (let nth = 0; nth < 25; nth++) await own.call('GET', '/nothing', { as: 'viewer' });
      expect(lines()).toHaveLength(20 + 25);
      expect(lines().at(-1)).toMatchObject({ fields: { route: 'none', status: 404, sub: 'user:viewer' } });
    } finally {
      await own.stop();
    }
  });

  test('ATK-J2: what nobody could look into is no more lines than other requests of theirs', async () => {
    const own = await startApi([]);
    try {
      vi.spyOn(own.records.keys, 'find').mockRejectedValue(new AuroraError(5030, { retry_after_ms: 1_000 }));
      const ask = { headers: { 'x-api-key': 'aurora_key_x' } };
      for (let nth = 0; nth < 30; nth++) expect((await own.call('GET', '/api/v1/alerts', ask)).status).toBe(503);
      const shown = own.mesh.log.lines.filter(({ level, fields }) => level !== 'debug' && 'request_id' in fields);
      expect(shown).toHaveLength(20);
      expect(shown.some(({ level }) => level === 'error')).toBe(true);
    } finally {
      vi.restoreAllMocks();
      await own.stop();
    }
  });

  test('an upgrade says what is left as every answer does, refused or not', async () => {
    const own = await startApi([], { user_minute_max: 5 });
    try {
      await expect(own.follow('/api/v1/ws/approvals', { as: 'viewer' })).rejects.toMatchObject({
        status: 403,
        headers: { 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '4' },
      });
      const headers = { authorization: `Bearer ${own.tokens.get('viewer') ?? ''}` };
      const raw = await openRaw(own.port, headers, '/api/v1/ws/alerts');
      raw.socket.destroy();
      expect(raw.head).toMatch(/^HTTP\/1\.1 101 .*^x-ratelimit-remaining: 3\r$.*^x-ratelimit-reset: \d{10}\r$/ims);
    } finally {
      await own.stop();
    }
  });
});

describe('an event loop that stands still', () => {
  test('ATK-I2: new requests are refused with the time to come again, health is not, and it is over by itself', async () => {
    const own = await startApi([], { lag_ms_max: 50 });
    try {
      const { body, headers } = await ask(503, () => holdUp(200));
      expect([body.error.code, body.error.message]).toEqual(['AURORA-5030', 'Too much at once']);
      expect(headers['retry-after']).toBe('2');
      expect((await own.call('GET', '/health')).status).toBe(200);
      await ask(401, () => undefined);
    } finally {
      await own.stop();
    }

    async function ask(wanted: number, before: () => void): Promise<Answer> {
      for (;;) {
        before();
        const answer = await own.call('GET', '/api/v1/alerts');
        if (answer.status === wanted) return answer;
        expect([401, 503]).toContain(answer.status);
      }
    }
  });

  const holdUp = (ms: number) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };
});

describe('an outage of the database', () => {
  test('PROM-P15 ATK-I2: it is charged to no address: whoever shares one is served as soon as it is over', async () => {
    const own = await startApi([], { user_minute_max: 5 });
    const outage = () => Promise.reject(new AuroraError(5030, { retry_after_ms: 1_000 }));
    try {
      vi.spyOn(own.records.sessions, 'find').mockImplementation(outage);
      vi.spyOn(own.records.keys, 'find').mockImplementation(outage);
      const by_key = { headers: { 'x-api-key': 'aurora_key_x' } };
      for (let nth = 0; nth < 7; nth++) {
        for (const ask of [{ as: 'viewer' }, by_key]) {
          const { status, headers } = await own.call('GET', '/api/v1/alerts', ask);
          expect([status, headers['retry-after']]).toEqual([503, '1']);
          await expect(own.follow('/api/v1/ws/alerts', ask)).rejects.toMatchObject({ status: 503 });
        }
      }
      vi.restoreAllMocks();
      expect((await own.call('GET', '/api/v1/alerts', by_key)).status).toBe(401);
      expect((await own.call('GET', '/api/v1/alerts', { as: 'viewer' })).status).toBe(200);
    } finally {
      vi.restoreAllMocks();
      await own.stop();
    }
  });
});

describe('repetition and versions', () => {
  const post = (as: string, key: string, body: unknown) =>
    api.call('POST', '/api/v1/alerts', { as, body, headers: { 'idempotency-key': key } });

  test('REQ-T06: the same key gives the first answer again; another body is 4090', async () => {
    const first = await post('analyst', 'k-1', alert('once'));
    const again = await post('analyst', 'k-1', alert('once'));
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
    expect([first.headers['idempotency-replayed'], again.headers['idempotency-replayed']]).toEqual([undefined, 'true']);
    expect((await post('analyst', 'k-1', alert('other'))).body.error.code).toBe('AURORA-4090');
    expect((await post('analyst', 'with space', alert('x'))).status).toBe(422);
  });

  test('ATK-D7: a key of somebody else is another key', async () => {
    await post('analyst', 'k-2', alert('of the analyst'));
    const { status, body } = await post('admin', 'k-2', alert('of the admin'));
    expect([status, body.title]).toEqual([201, 'of the admin']);
  });

  test('what failed may be tried again under its key', async () => {
    expect((await post('analyst', 'k-3', { title: 'no severity' })).status).toBe(422);
    expect((await post('analyst', 'k-3', alert('now whole'))).status).toBe(201);
  });

  test('an answer that held a secret is not given again', async () => {
    const ask = {
      as: 'analyst',
      body: { name: 'siem', scopes: ['alerts:write'] },
      headers: { 'idempotency-key': 'k-4' },
    };
    const first = await api.call('POST', '/api/v1/auth/api-keys', ask);
    expect(first.body.api_key).toMatch(/^aurora_key_/);
    const again = await api.call('POST', '/api/v1/auth/api-keys', ask);
    expect([again.status, again.body.error.code]).toEqual([409, 'AURORA-4090']);
    const stored = await api.store.db.selectFrom('answers').selectAll().execute();
    expect(JSON.stringify(stored)).not.toContain(first.body.api_key);
  });

  test.each([
    ['/api/v1/alerts', alert('one transaction'), 201, 'alert_id'],
    ['/api/v1/alerts/bulk', { alerts: [alert('one of two'), alert('two of two'), { title: 'no' }] }, 200, 'items'],
    ['/api/v1/users', { username: 'made-once', role: 'viewer' }, 409, 'username'],
    ['/api/v1/users', { username: 'has-own', role: 'viewer', password: 'a password of their own' }, 201, 'username'],
    ['/api/v1/auth/api-keys', { name: 'made once', scopes: ['alerts:read'] }, 409, 'key_id'],
  ] as const)(
    'PROM-P2 INV5: POST %s keeps its answer in the transaction of its act',
    async (path, body, status, made) => {
      const ask = { as: 'admin', body, headers: { 'idempotency-key': `one-transaction-${status}` } };
      const transactions = vi.spyOn(api.store, 'asOwner');
      const first = await api.call('POST', path, ask);
      expect(transactions).toHaveBeenCalledTimes(1);
      transactions.mockRestore();
      const again = await api.call('POST', path, ask);
      expect(again.status).toBe(status);
      const found = (status === 409 ? again.body.error.detail : again.body) as Record<string, unknown>;
      expect(found[made]).toEqual(first.body[made]);
      if (status !== 409) expect(again.text).toBe(first.text);
      const secret = first.body.api_key ?? first.body.one_time_password ?? undefined;
      const stored = JSON.stringify(await api.store.db.selectFrom('answers').selectAll().execute());
      if (secret !== undefined) expect(stored).not.toContain(secret);
      expect(again.text).not.toContain(secret ?? 'no secret');
    },
  );

  test('of two at once that make a user with a password of their own both are told of it: there is no secret to lose', async () => {
    const body = { username: 'at-once', role: 'viewer', password: 'a password of their own' };
    const ask = { as: 'admin', body, headers: { 'idempotency-key': 'at-once' } };
    const both = await Promise.all([api.call('POST', '/api/v1/users', ask), api.call('POST', '/api/v1/users', ask)]);
    expect(both.map(({ status }) => status)).toEqual([201, 201]);
    expect(both[0]?.text).toBe(both[1]?.text);
    expect(both[0]?.body.one_time_password).toBeNull();
    const other = { ...ask, body: { ...body, role: 'analyst' } };
    expect((await api.call('POST', '/api/v1/users', other)).status).toBe(409);
  });

  test('ATK-B11: of a request that brings a password no digest is kept that whoever has the database could try passwords on', async () => {
    const body = { username: 'brought', role: 'viewer', password: 'a password of their own' };
    const ask = { as: 'admin', body, headers: { 'idempotency-key': 'brought' } };
    const first = await api.call('POST', '/api/v1/users', ask);
    const again = await api.call('POST', '/api/v1/users', ask);
    expect([first.status, again.text, again.headers['idempotency-replayed']]).toEqual([201, first.text, 'true']);
    await post('analyst', 'k-no-secret', alert('no secret in it'));
    const kept = await api.store.db.selectFrom('answers').select(['scope', 'digest']).execute();
    const digestIn = (key: string) => kept.find(({ scope }) => scope.includes(key))?.digest;
    expect(digestIn('"brought"')).toMatch(/^[0-9a-f]{64}$/);
    expect(digestIn('"brought"')).not.toBe(digestOf(body));
    expect(digestIn('k-no-secret')).toBe(digestOf(alert('no secret in it'))); // the same for a release before
  });

  test.each([
    ['as it is kept', (lost: object) => ({ lost })],
    ['as an earlier release kept it', (lost: object) => lost],
  ])('a lost secret is known again %s', async (_how, keptAs) => {
    const headers = { 'idempotency-key': 'kept-as' };
    const ask = { as: 'admin', body: { name: 'kept as', scopes: ['alerts:read'] }, headers };
    const { key_id } = (await api.call('POST', '/api/v1/auth/api-keys', ask)).body;
    const rows = () => api.store.db.selectFrom('answers').selectAll().where('scope', 'like', '%"kept-as"%').execute();
    const [row] = await rows();
    const { lost } = z.object({ lost: Lost }).parse(JSON.parse(row?.body ?? ''));
    const body = JSON.stringify(keptAs(lost));
    await api.store.asOwner((trx) =>
      trx
        .updateTable('answers')
        .set({ body })
        .where('scope', '=', row?.scope ?? '')
        .execute(),
    );
    const again = await api.call('POST', '/api/v1/auth/api-keys', ask);
    expect([again.status, again.body.error.detail]).toEqual([409, lost]);
    expect(lost).toMatchObject({ key_id });
    await api.store.asOwner((trx) =>
      trx
        .deleteFrom('answers')
        .where('scope', '=', row?.scope ?? '')
        .execute(),
    );
  });

  test('whoever lost a secret is told what it belonged to and what to do, and that works', async () => {
    const headers = { 'idempotency-key': 'lost-secret' };
    const make = async (path: string, body: object) => {
      await api.call('POST', path, { as: 'admin', body, headers });
      const { status, body: told } = await api.call('POST', path, { as: 'admin', body, headers });
      const { message, detail } = told.error;
      const { next } = Lost.parse(detail);
      expect([status, message]).toEqual([409, expect.stringMatching(/shown once\. Where it did not arrive: /)]);
      expect(message.endsWith(next)).toBe(true);
      const [, method = '', at = '', sent = 'null'] =
        /\((\w+) (\S+?)(?: with (\{.*?\}))?, or: aurora /.exec(next) ?? [];
      return api.call(method, at, { as: 'admin', ...(sent !== 'null' && { body: JSON.parse(sent) as object }) });
    };
    const revoked = await make('/api/v1/auth/api-keys', { name: 'lost', scopes: ['alerts:read'] });
    expect([revoked.status, revoked.text]).toEqual([200, '{"deleted":true}']);
    const reset = await make('/api/v1/users', { username: 'lost-password', role: 'viewer' });
    expect([reset.status, reset.body.one_time_password]).toEqual([200, expect.stringMatching(/.{12,}/)]);
  });

  test('an alert that was there already is kept with its own status', async () => {
    await api.call('POST', '/api/v1/alerts?on_duplicate=return', { as: 'analyst', body: alert('seen twice') });
    const ask = { as: 'analyst', body: alert('seen twice'), headers: { 'idempotency-key': 'seen-twice' } };
    const first = await api.call('POST', '/api/v1/alerts?on_duplicate=return', ask);
    const again = await api.call('POST', '/api/v1/alerts?on_duplicate=return', ask);
    expect([first.status, again.status, again.text]).toEqual([200, 200, first.text]);
  });

  test('REQ-T06: a duplicate that was refused is refused again under its key, and counted once', async () => {
    const { alert_id } = (await post('analyst', 'k-first', alert('counted'))).body;
    const occurrences = async () => (await api.call('GET', `/api/v1/alerts/${alert_id}`, { as: 'viewer' })).body;
    const first = await post('analyst', 'k-refused', alert('counted'));
    const again = await post('analyst', 'k-refused', alert('counted'));
    for (const { status, body } of [first, again]) {
      expect([status, body.error.code, body.error.detail]).toEqual([
        409,
        'AURORA-4091',
        { alert_id, occurrences: 2, last_seen_at: expect.any(String) as string },
      ]);
    }
    expect(again.body.error).toMatchObject({ message: first.body.error.message, detail: first.body.error.detail });
    expect([first, again].map(({ headers }) => headers['idempotency-replayed'])).toEqual([undefined, 'true']);
    expect(again.body.error.request_id).toBe(again.headers['x-request-id']);
    expect(await occurrences()).toMatchObject({ occurrences: 2 });
    expect((await post('analyst', 'k-refused', alert('other'))).body.error.code).toBe('AURORA-4090');
    expect((await post('analyst', 'k-another', alert('counted'))).status).toBe(409);
    expect(await occurrences()).toMatchObject({ occurrences: 3 });
  });

  test('REQ-T06: what is shown and was edited by nobody ends a 304 too, and no If-Match', async () => {
    const unlessSame = (path: string, etag: string | undefined) =>
      api.call('GET', path, { as: 'viewer', headers: { 'if-none-match': etag ?? '' } });
    const { body } = await post('analyst', 'k-seen', alert('seen on'));
    const path = `/api/v1/alerts/${body.alert_id}`;
    const { headers } = await api.call('GET', path, { as: 'viewer' });
    expect((await unlessSame(path, headers.etag)).status).toBe(304);
    await post('analyst', 'k-seen-again', alert('seen on'));
    const seen = await unlessSame(path, headers.etag);
    expect([seen.status, seen.body]).toMatchObject([200, { occurrences: 2, version: 1 }]);
    const change = { as: 'analyst', body: { status: 'triaged' }, headers: { 'if-match': headers.etag ?? '' } };
    expect((await api.call('PATCH', path, change)).status).toBe(200);

    const settings = '/api/v1/settings/runtime';
    const before = await api.call('GET', settings, { as: 'viewer' });
    expect((await unlessSame(settings, before.headers.etag)).status).toBe(304);
    api.setMode('dry_run');
    const narrowed = await unlessSame(settings, before.headers.etag);
    api.setMode('monitor');
    expect([narrowed.status, narrowed.body.mode]).toEqual([200, 'dry_run']);
    expect(narrowed.body.version).toBe(before.body.version);
  });

  test('REQ-T05: a user is read with the ETag that a change of theirs is compared with', async () => {
    await api.signIn('vera', 'viewer');
    const path = '/api/v1/users/vera';
    const { status, headers, body } = await api.call('GET', path, { as: 'admin' });
    expect([status, body]).toMatchObject([200, { username: 'vera', role: 'viewer', version: 1 }]);
    const promote = (role: string) =>
      api.call('PATCH', path, { as: 'admin', body: { role }, headers: { 'if-match': headers.etag ?? '' } });
    expect((await promote('operator')).status).toBe(200);
    expect((await promote('admin')).body.error.code).toBe('AURORA-4120');
    expect((await api.call('GET', '/api/v1/users/nobody-there', { as: 'admin' })).body.error.code).toBe('AURORA-4040');
    expect((await api.call('GET', '/api/v1/users/me', { as: 'viewer' })).body.username).toBe('viewer');
  });

  test('an ETag saves the body when nothing changed, and a change against an old one is 4120', async () => {
    const { body, headers } = await post('analyst', 'k-5', alert('versioned'));
    const path = `/api/v1/alerts/${body.alert_id}`;
    expect(headers.etag).toBe('"1"');
    const { etag = '' } = (await api.call('GET', path, { as: 'viewer' })).headers;
    expect(etag).toMatch(/^"1-[0-9a-f]{32}"$/);
    const same = await api.call('GET', path, { as: 'viewer', headers: { 'if-none-match': etag } });
    expect([same.status, same.text, same.headers.etag]).toEqual([304, '', etag]);
    const change = (if_match: string) =>
      api.call('PATCH', path, { as: 'analyst', body: { status: 'triaged' }, headers: { 'if-match': if_match } });
    expect((await change('"1"')).headers.etag).toBe('"2"');
    expect((await change('"1"')).body.error.code).toBe('AURORA-4120');
    expect((await change('"2", "3"')).status).toBe(422);
    expect((await change('*')).status).toBe(200);
  });

  test('REQ-T06: whoever acknowledges or deletes may say which version they saw, and changes no other', async () => {
    const { body } = await post('analyst', 'k-stale', alert('acknowledged late'));
    const path = `/api/v1/alerts/${body.alert_id}`;
    const acknowledge = (if_match: string) =>
      api.call('POST', `${path}/acknowledge`, { as: 'analyst', headers: { 'if-match': if_match } });
    await api.call('PATCH', path, { as: 'analyst', body: { severity: 'low' } });
    const stale = await acknowledge('"1"');
    expect([stale.status, stale.body.error.code]).toEqual([412, 'AURORA-4120']);
    expect((await api.call('GET', path, { as: 'viewer' })).body).toMatchObject({ acknowledged: false });
    expect((await acknowledge('"2"')).body).toMatchObject({ acknowledged: true, version: 3 });
    expect((await acknowledge('"2"')).status).toBe(412);

    await api.signIn('leaver', 'viewer');
    const user = '/api/v1/users/leaver';
    const remove = (if_match: string) => api.call('DELETE', user, { as: 'admin', headers: { 'if-match': if_match } });
    await api.call('PATCH', user, { as: 'admin', body: { role: 'operator' } });
    expect((await remove('"1"')).body.error.code).toBe('AURORA-4120');
    const { etag = '' } = (await api.call('GET', user, { as: 'admin' })).headers;
    expect((await remove(etag)).status).toBe(200);
  });

  test('REQ-T06: a proxy that packs weakens every ETag: it is still the same for a GET and for a change, alone or in a list', async () => {
    const { body } = await post('analyst', 'k-weak', alert('behind a proxy'));
    const path = `/api/v1/alerts/${body.alert_id}`;
    const { etag = '' } = (await api.call('GET', path, { as: 'viewer' })).headers;
    const unless = async (named: string) =>
      (await api.call('GET', path, { as: 'viewer', headers: { 'if-none-match': named } })).status;
    for (const named of [etag, `W/${etag}`, `"other", W/${etag}`, `${etag},"other"`, '*']) {
      expect([named, await unless(named)]).toEqual([named, 304]);
    }
    for (const named of ['W/"1"', '"*"', `w/${etag}`, etag.slice(1, -1), '']) {
      expect([named, await unless(named)]).toEqual([named, 200]);
    }
    const change = (if_match: string) =>
      api.call('PATCH', path, { as: 'analyst', body: { status: 'triaged' }, headers: { 'if-match': if_match } });
    expect((await change(`W/${etag}`)).headers.etag).toBe('"2"');
    expect((await change('W/"1"')).body.error.code).toBe('AURORA-4120');
    expect((await change('w/"2"')).status).toBe(422);
  });
});

describe('names that travel', () => {
  test('the request id goes from the header to the log, to the task, to its receipt; the trace to every hop', async () => {
    const request_id = '7d444840-9dc0-11d1-b245-5ffdce74fad2';
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = {
      'x-request-id': request_id,
      traceparent: `00-${trace}-00f067aa0ba902b7-01`,
      tracestate: 'vendor=1',
    };
    const body = { to: { skill: 'echo_text' }, params: { text: 'hi' }, refs: { case_id: 'CASE-1' } };
    const { body: done, status } = await api.call('POST', '/api/v1/orchestrator/dispatch?wait=true', {
      as: 'analyst',
      body,
      headers,
    });
    expect([status, done.result]).toEqual([200, { text: 'hi', by: 'ada' }]);
    const task = await api.mesh.ledger.get(done.task_id);
    expect(task?.traceparent.slice(3, 35)).toBe(trace);
    expect(task?.carried).toMatchObject({
      meta: { request_id, tracestate: 'vendor=1' },
      handoff: { refs: { case_id: 'CASE-1' } },
    });
    const record = await api.call('GET', `/api/v1/orchestrator/tasks/${done.task_id}`, { as: 'viewer' });
    expect(record.body).toMatchObject({ request_id, requested_by: 'user:analyst', refs: { case_id: 'CASE-1' } });
    const at_agent = api.mesh.log.lines.find(({ text }) => text === 'heard');
    expect(at_agent?.fields).toMatchObject({ request_id, task_id: done.task_id, skill: 'echo_text' });
    const line = api.mesh.log.lines.find(
      ({ fields, text }) => text === 'request' && JSON.stringify(fields).includes(request_id),
    );
    expect(line?.fields).toMatchObject({
      route: 'orchestrator.dispatch',
      status: 200,
      trace_id: trace,
      sub: 'user:analyst',
    });
  });

  test('what an agent refuses is found under the id of the request, in the line of the agent and in that of the orchestrator', async () => {
    const request_id = '0a0b0c0d-1111-4222-8333-444455556666';
    const { status } = await api.call('POST', '/api/v1/orchestrator/dispatch?wait=true', {
      as: 'analyst',
      body: { to: { skill: 'echo_text' }, params: {} },
      headers: { 'x-request-id': request_id },
    });
    expect(status).toBe(422);
    const found = api.mesh.log.lines.filter(({ fields }) => JSON.stringify(fields).includes(request_id));
    expect(found.map(({ text, fields }) => ({ text, ...fields }))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ text: 'a request was refused or failed', origin_request_id: request_id }),
        expect.objectContaining({ text: 'a handoff failed', request_id }),
      ]),
    );
  });

  test('ATK-J2: hostile text of a header, a path and a field is escaped and cut, in the log and in the record', async () => {
    // A client refuses most of it in a header: what HTTP lets through is tried there.
    const nasty = `x\r\nlevel=fatal \u001b[31m\u009b31m\u202e\u2028 Bearer ${'canary'.repeat(4)}`;
    const trace = '\u009b31m\u0085';
    const long = `${nasty}${'y'.repeat(1_000_000)}`;
    await api.call('GET', `/api/v1/alerts/${encodeURIComponent(nasty)}`, {
      as: 'viewer',
      headers: { 'user-agent': trace, 'x-request-id': trace, tracestate: trace },
    });
    const failed = await api.call('GET', `/api/v1/test/fail?text=${encodeURIComponent(nasty)}`, { as: 'viewer' });
    expect(failed.status).toBe(500);
    const big = await api.call('POST', '/api/v1/auth/token', { body: { username: long, password: 'x' } });
    expect(big.status).toBeGreaterThanOrEqual(400);
    await api.call('POST', '/api/v1/orchestrator/dispatch?wait=true', {
      as: 'analyst',
      body: { to: { skill: 'echo_text' }, params: { text: nasty } },
    });
    const heard = api.mesh.log.lines.findLast(({ text }) => text === 'heard');
    expect(JSON.stringify(heard?.fields)).toContain('level=fatal'); // it came as far as the log

    const lines: string[] = [];
    const real = pinoLog({ level: 'info', name: 'test', write: (line) => void lines.push(line) });
    for (const { fields, text } of api.mesh.log.lines) real.info(fields, text);
    real.info({ username: long }, 'a field of a megabyte');
    for (const line of lines) {
      expect(line.trimEnd()).not.toMatch(UNSHOWN);
      expect(line.length).toBeLessThan(65_536);
      expect(line).not.toContain('canarycanary');
      expect(JSON.parse(line)).toHaveProperty('msg');
    }
    const { body } = await api.call('GET', '/api/v1/audit?action=session.begin', { as: 'admin' });
    expect(JSON.stringify(body)).not.toMatch(/[\r\n\u001b]/);
  });
});

/** Sends bytes and answers what came back until the other end closes. */
function rawly(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const wire = connect(api.port, '127.0.0.1', () => wire.write(bytes));
    let said = '';
    wire.setEncoding('utf8');
    wire.on('data', (chunk: string) => (said += chunk));
    wire.on('close', () => resolve(said));
    wire.on('error', reject);
  });
}
