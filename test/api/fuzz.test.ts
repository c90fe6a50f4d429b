/** Requests made from the schemas of the document, whole and broken: whatever comes, no answer is a fault of ours. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { pathNames, queryNames, routeList, type RouteSpec } from '../../protocol/index.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { echoAgent } from '../support/echo.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi([echoAgent('ada')]);
});
afterAll(() => api.stop());

/** What would end the session that asks, lock its user out, or leave nothing but 429. */
const spared = new Set([
  'auth.logout',
  'users.changePassword',
  'users.remove',
  'users.update',
  'system.updateSettings',
]);
const routes = routeList.filter(([name]) => !spared.has(name));

test('2 000 requests, valid and broken, get no 5xx but what is documented, and every refusal is the envelope', async () => {
  const seen = new Map<number, number>();
  const one = fc
    .constantFrom(...routes)
    .chain(([name, route]) => requestTo(route).map((asked) => ({ name, route, asked })));
  await fc.assert(
    fc.asyncProperty(one, async ({ name, route, asked }) => {
      const { status, body, text, headers } = await api.call(route.method, asked.path, {
        as: 'admin',
        ...(asked.body !== undefined && { body: asked.body }),
      });
      seen.set(status, (seen.get(status) ?? 0) + 1);
      const about = `${name} ${route.method} ${asked.path} ${JSON.stringify(asked.body)} -> ${status} ${text.slice(0, 200)}`;
      const documented = [route.status ?? 200, ...(route.also ?? []), 304];
      expect(documented.includes(status) || (status >= 400 && status < 500) || status === 503, about).toBe(true);
      if (status >= 400) expect(body.error.request_id, about).toBe(headers['x-request-id']);
    }),
    { numRuns: 2_000, seed: 4711, endOnFailure: true },
  );
  // The generator reaches both sides of the door: requests that are carried out, and ones that are refused.
  const good = [...seen].filter(([status]) => status < 300).reduce((sum, [, count]) => sum + count, 0);
  expect(good).toBeGreaterThan(200);
  expect(seen.get(422) ?? 0).toBeGreaterThan(300);
}, 240_000);

/** A path with its query, and a body: as the schema says, or with one member of another kind. */
function requestTo(route: RouteSpec): fc.Arbitrary<{ path: string; body: unknown }> {
  const schema = z.toJSONSchema(route.input, { io: 'input', unrepresentable: 'any' });
  const members = Object.entries(schema.properties ?? {});
  const whole = fc.record(Object.fromEntries(members.map(([name, each]) => [name, fromSchema(each)])), {
    requiredKeys: schema.required ?? [],
  });
  const names = members.map(([name]) => name);
  const broken =
    names.length === 0
      ? whole
      : fc
          .tuple(whole, fc.constantFrom(...names, 'unheard_of'), fc.jsonValue({ maxDepth: 3 }))
          .map(([made, name, value]) => ({ ...made, [name]: value }));
  return fc.oneof({ weight: 3, arbitrary: whole }, { weight: 2, arbitrary: broken }).map((input) => {
    const given = new Map<string, unknown>(Object.entries(input));
    const take = (name: string) => {
      const value = given.get(name);
      given.delete(name);
      return value;
    };
    const path = pathNames(route.path).reduce(
      (text, name) => text.replace(`{${name}}`, encodeURIComponent(textOf(take(name) ?? 'x')) || 'x'),
      route.path,
    );
    const query = new URLSearchParams();
    for (const name of queryNames(route)) {
      const value = take(name);
      if (value !== undefined) query.append(name, textOf(value));
    }
    const body = route.method === 'GET' || route.method === 'DELETE' ? undefined : Object.fromEntries(given);
    return { path: query.size === 0 ? path : `${path}?${query.toString()}`, body };
  });
}

/** Halves of characters cannot be put into an address by anybody. */
const textOf = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.from(text).toString().slice(0, 300);
};

type Schema = z.core.JSONSchema.JSONSchema | boolean;

/** Values that a schema mostly takes: patterns and refinements are met now and then, which is what is wanted. */
function fromSchema(schema: Schema | readonly Schema[], depth = 0): fc.Arbitrary<unknown> {
  if (typeof schema === 'boolean' || Array.isArray(schema) || depth > 5) return fc.jsonValue({ maxDepth: 1 });
  const one = schema as z.core.JSONSchema.JSONSchema;
  if (one.const !== undefined) return fc.constant(one.const);
  if (one.enum) return fc.constantFrom(...one.enum);
  const ways = one.anyOf ?? one.oneOf;
  if (ways) return fc.oneof(...ways.map((way) => fromSchema(way, depth + 1)));
  switch (one.type) {
    case 'integer':
      return fc.integer({ min: Math.max(one.minimum ?? 0, -1_000), max: Math.min(one.maximum ?? 1_000, 2_000) });
    case 'number':
      return fc.double({ min: one.minimum ?? 0, max: one.maximum ?? 10, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'string':
      if (one.format === 'date-time') return fc.constant('2026-01-01T00:00:00Z');
      if (one.pattern !== undefined)
        return fc.oneof(fc.stringMatching(new RegExp(one.pattern)), fc.string({ maxLength: 30 }));
      return fc.string({
        unit: 'grapheme',
        minLength: one.minLength ?? 0,
        maxLength: Math.min(one.maxLength ?? 40, 40 + (one.minLength ?? 0)),
      });
    case 'array':
      return fc.array(fromSchema(one.items ?? true, depth + 1), {
        minLength: one.minItems ?? 0,
        maxLength: (one.minItems ?? 0) + 3,
      });
    case 'object': {
      const members = Object.entries(one.properties ?? {}).map(([name, each]): [string, fc.Arbitrary<unknown>] => [
        name,
        fromSchema(each, depth + 1),
      ]);
      if (members.length === 0)
        return fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
      return fc.record<Record<string, unknown>>(Object.fromEntries(members), { requiredKeys: one.required ?? [] });
    }
    case 'null':
      return fc.constant(null);
    case undefined:
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}
