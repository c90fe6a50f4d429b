/** The route table: whole, without two meanings of one address, and describable as it stands. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { admits, pathNames, permissionsOf, queryNames, routeList, streamList } from '../../protocol/index.ts';

test('no two routes share method and path, whatever their parameters are called', () => {
  const addresses = routeList.map(([, { method, path }]) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
  expect(new Set(addresses).size).toBe(addresses.length);
  expect(addresses.length).toBeGreaterThan(40);
});

test('no requirement is kept by two routes or streams', () => {
  const kept = [...routeList.map(([, spec]) => spec), ...streamList.map(([, spec]) => spec)].flatMap(({ keeps }) =>
    keeps.filter((id) => id.startsWith('E')),
  );
  expect(kept.filter((id, index) => kept.indexOf(id) !== index)).toEqual([]);
});

describe.each([...routeList])('%s', (_name, spec) => {
  test('names its parameters in its input, and what stands in the query is text, number, boolean or one of a few', () => {
    const { properties = {} } = z.toJSONSchema(spec.input, { io: 'input', unrepresentable: 'any' });
    expect(Object.keys(properties)).toEqual(expect.arrayContaining([...pathNames(spec.path), ...queryNames(spec)]));
    for (const name of queryNames(spec)) {
      const schema = properties[name];
      expect(typeof schema === 'object' && (schema.enum !== undefined || typeof schema.type === 'string')).toBe(true);
    }
  });

  test('refuses what it does not know, rather than dropping it', () => {
    const issues = spec.input.safeParse({ never_heard_of: 1 }).error?.issues ?? [];
    expect(issues.map(({ code }) => code)).toContain('unrecognized_keys');
  });

  test('says in one sentence what it does', () => {
    expect(spec.summary).toMatch(/^[A-Z].*\.$/);
  });
});

test('REQ-P12: an administrator holds everything, and nobody else gets through an administrator’s door', () => {
  const admin = { role: 'admin', permissions: permissionsOf('admin') } as const;
  const analyst = { role: 'analyst', permissions: permissionsOf('analyst') } as const;
  expect(routeList.filter(([, { permission }]) => !admits(permission, admin))).toEqual([]);
  expect(admits('Admin', analyst)).toBe(false);
});

test('REQ-P13 REQ-P14: everybody passes PUB, only somebody passes AUTH', () => {
  const key = { role: 'api_service', permissions: [] } as const;
  expect([admits('PUB', undefined), admits('AUTH', undefined), admits('AUTH', key)]).toEqual([true, false, true]);
});
