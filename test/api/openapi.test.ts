/** The document: valid, and the same as the table, the server, and the list of what was asked for. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openApiOf } from '../../api/index.ts';
import { routeList, streamList } from '../../protocol/index.ts';
import { startApi, type TestApi } from '../support/api.ts';

const document = openApiOf(routeList, streamList, '0.1.0');
const list = join(import.meta.dirname, '..', '..', '..', 'shared', 'requirements.md');

test('it is valid OpenAPI 3.1, as it stands in JSON', async () => {
  const spec = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
  const { valid, errors } = await new Validator().validate(spec);
  expect([valid, errors]).toEqual([true, undefined]);
});

test('every route and every stream of the table is in it, and nothing else', () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const known = [
    ...routeList.map(([, { method, path }]) => `${method} ${path}`),
    ...streamList.map(([, { path }]) => `GET ${path}`),
  ];
  expect(described.sort()).toEqual(known.sort());
});

test('a stream says what its upgrade is refused with: over the budget, and for an agent that does not exist', () => {
  for (const [, { path }] of streamList) {
    const { responses } = z.object({ responses: Responses }).parse(document.paths[path]?.['get']);
    expect(Object.keys(responses)).toEqual(['101', '401', '403', '404', '422', '429', '503']);
    expect(responses['404']?.description.includes('AURORA-4043')).toBe(path.includes('{agent_id}'));
  }
});
const Responses = z.record(z.string(), z.object({ description: z.string() }));

test('ATK-D4: a route that tells less to whoever may not read says both forms, and which permission decides', () => {
  const described = Described.parse(document.paths['/api/v1/alerts/{alert_id}/acknowledge']?.['post']);
  expect([described['x-aurora'].permission, described['x-aurora'].shows]).toEqual(['alerts:write', 'alerts:read']);
  const [whole, told] = described.responses['200'].content['application/json'].schema.oneOf;
  expect(whole?.required).toContain('raw_log');
  expect(told?.required).toEqual(['alert_id', 'status', 'acknowledged', 'occurrences', 'version', 'hidden']);
});
const Described = z.object({
  'x-aurora': z.object({ permission: z.string(), shows: z.string() }),
  responses: z.object({
    200: z.object({
      content: z.object({
        'application/json': z.object({
          schema: z.object({ oneOf: z.array(z.object({ required: z.array(z.string()) })).length(2) }),
        }),
      }),
    }),
  }),
});

/** Rows of the list that a later release brings. */
const later = (id: number): boolean =>
  (id >= 3 && id <= 6) || (id >= 20 && id <= 73) || (id >= 79 && id <= 92) || (id >= 97 && id <= 102);

describe('what was asked for', () => {
  const text = existsSync(list) ? readFileSync(list, 'utf8') : undefined;
  if (text === undefined) console.error('SKIP the list of endpoints: it is not beside the project');

  test.skipIf(text === undefined)('method, path and permission of every row are those of the table', () => {
    const rows = endpointsIn(text ?? '');
    expect(rows.length).toBeGreaterThan(20);
    const kept = new Map(routeList.flatMap(([, route]) => route.keeps.map((id) => [id, route] as const)));
    for (const { id, method, path, permission } of rows) {
      const route = kept.get(id);
      expect([id, route?.method, route?.path, route?.permission]).toEqual([id, method, path, permission]);
    }
    const all = Array.from({ length: 105 }, (_, index) => index + 1).filter((id) => !later(id));
    const missing = all.map((id) => `E${String(id).padStart(3, '0')}`).filter((id) => !kept.has(id));
    expect(missing).toEqual([]);
  });

  test.skipIf(text === undefined)('the five streams are those of the list', () => {
    const paths = [...(text ?? '').matchAll(/(E1(?:0[6-9]|10)) (\/ws\/[\w{}/-]+)/g)].map(([, id, path]) => [
      id,
      `/api/v1${path}`,
    ]);
    const own = streamList.flatMap(([, { keeps, path }]) => keeps.map((id) => [id, path]));
    expect(own.sort()).toEqual(paths.sort());
    expect(own).toHaveLength(5);
  });
});

describe('as it is served', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.stop());

  test('it needs no login, and the page that shows it loads nothing from elsewhere', async () => {
    const { status, body } = await api.call('GET', '/api/v1/openapi.json');
    expect([status, Object.keys(body.paths).length]).toEqual([200, Object.keys(document.paths).length]);
    const page = await api.call('GET', '/docs/');
    expect([page.status, page.headers['content-type']]).toEqual([200, expect.stringContaining('text/html')]);
    const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source = '']) => source);
    expect(sources.length).toBeGreaterThan(2);
    expect(sources.filter((source) => /^(?:https?:)?\/\//.test(source))).toEqual([]);
    for (const source of sources) {
      const { status: found } = await api.call('GET', new URL(source, 'http://x/docs/').pathname);
      expect([source, found]).toEqual([source, 200]);
    }
  });
});

/** Rows with an explicit id, method, path and permission; those that abbreviate a path are told by the ids alone. */
function endpointsIn(text: string): { id: string; method: string; path: string; permission: string }[] {
  return [...text.matchAll(/(E\d{3}) (GET|POST|PUT|PATCH|DELETE) `?(\/[\w{}/-]+)`? [^[·]*\[([\w:]+)\]/g)]
    .map(([, id = '', method = '', path = '', permission = '']) => ({ id, method, path, permission }))
    .filter(({ id }) => !later(Number(id.slice(1))))
    .map(({ permission, path, ...row }) => ({
      ...row,
      path: path === '/metrics' ? path : `/api/v1${path}`,
      permission: /^(read|write)$/.test(permission) ? `investigations:${permission}` : permission,
    }));
}
