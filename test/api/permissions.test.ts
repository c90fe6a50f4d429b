/** Every route and stream against everybody: made from the table, so that what is new is tried as well (ATK-D1). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admits, pathNames, permissionsOf, routeList, streamList, type RouteSpec } from '../../protocol/index.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { echoAgent } from '../support/echo.ts';

const roles = ['admin', 'analyst', 'operator', 'viewer'] as const;
let api: TestApi;
beforeAll(async () => {
  api = await startApi([echoAgent('ada')]);
});
afterAll(() => api.stop());

const addressOf = ({ path }: Pick<RouteSpec, 'path'>): string =>
  pathNames(path).reduce((text, name) => text.replace(`{${name}}`, 'nobody-there'), path);
const ends_the_session = new Set(['auth.logout', 'auth.token', 'auth.refresh']);

describe('ATK-D1 REQ-P01 REQ-P07 REQ-P09 REQ-P11: who gets through which door', () => {
  test.each([...routeList])('%s', async (name, route) => {
    const path = addressOf(route);
    const nobody = await api.call(route.method, path);
    const is_public = route.permission === 'PUB';
    if (!ends_the_session.has(name)) expect(nobody.status === 401).toBe(!is_public);
    for (const role of roles) {
      if (ends_the_session.has(name)) continue;
      const may = admits(route.permission, { role, permissions: permissionsOf(role) });
      // A door that opens still leads to a room where nobody of that name is, or where something is missing.
      const { status } = await api.call(route.method, path, { as: role });
      expect([role, status === 403]).toEqual([role, !may]);
      expect(status).not.toBe(500);
    }
  });

  // Told here once more: the table above judges doors by what a role holds, and would follow a mistake in it.
  const READABLE = [
    'alerts',
    'cases',
    'siem',
    'edr',
    'playbooks',
    'soar',
    'investigations',
    'network',
    'agents',
    'chat',
    'system',
  ];
  test.each([
    [
      'admin',
      ['alerts', 'cases', 'siem', 'edr', 'soar', 'investigations', 'network', 'agents', 'chat', 'system'],
      true,
    ],
    ['analyst', ['alerts', 'cases', 'siem', 'investigations', 'network', 'chat'], true],
    ['operator', ['edr', 'soar'], false],
    ['viewer', [], false],
  ] as const)(
    'REQ-P01 REQ-P07 REQ-P09 REQ-P11: a person who is %s may read everything, and write %j',
    (role, areas, decides) => {
      const sees = [...READABLE, ...(role === 'viewer' ? [] : ['approvals'])].map((area) => `${area}:read`);
      const writes = areas.map((area) => `${area}:write`);
      const held = [...sees, ...writes, ...(decides ? ['approvals:decide'] : [])];
      expect([...permissionsOf(role)].sort()).toEqual(held.sort());
    },
  );

  test('a key without scopes for it is refused everywhere but at doors that ask only who it is', async () => {
    const { body } = await api.call('POST', '/api/v1/auth/api-keys', {
      as: 'admin',
      body: { name: 'k', scopes: ['edr:read'] },
    });
    for (const [name, route] of routeList) {
      if (route.permission === 'PUB' || name === 'users.changePassword' || name.startsWith('auth.')) continue;
      const { status } = await api.call(route.method, addressOf(route), { headers: { 'x-api-key': body.api_key } });
      expect([name, status === 403]).toEqual([name, route.permission !== 'AUTH']);
    }
  });
});

describe('ATK-D4: who may follow which stream', () => {
  test.each([...streamList])('%s', async (_name, spec) => {
    const path = spec.path.replace('{agent_id}', 'ada');
    await expect(api.follow(path)).rejects.toMatchObject({ status: 401 });
    for (const role of roles) {
      const may = permissionsOf(role).includes(spec.shows);
      if (may) {
        const stream = await api.follow(path, { as: role });
        stream.close();
        expect((await stream.closed).code).toBe(1005);
      } else {
        await expect(api.follow(path, { as: role })).rejects.toMatchObject({ status: 403 });
      }
    }
  });

  test('a viewer sees no approvals, over HTTP as little as on the stream', async () => {
    expect((await api.call('GET', '/api/v1/approvals', { as: 'viewer' })).status).toBe(403);
    await expect(api.follow('/api/v1/ws/approvals', { as: 'viewer' })).rejects.toMatchObject({ status: 403 });
  });

  test('who is demoted while following is thrown out with 4003', async () => {
    const bearer = await api.signIn('frank', 'analyst');
    const stream = await api.follow('/api/v1/ws/approvals', { headers: { authorization: `Bearer ${bearer}` } });
    await api.call('PATCH', '/api/v1/users/frank', { as: 'admin', body: { role: 'viewer' } });
    expect((await stream.closed).code).toBe(4003);
  });
});

test('ATK-D5 REQ-E105: metrics are for those who are signed in; the documents and health for everybody', async () => {
  expect((await api.call('GET', '/metrics')).status).toBe(401);
  const { status, headers, text } = await api.call('GET', '/metrics', { as: 'viewer' });
  expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('text/plain')]);
  expect(text).not.toMatch(/viewer|user:/);
  for (const path of ['/docs/', '/health', '/health/liveness', '/health/readiness', '/api/v1/openapi.json']) {
    expect((await api.call('GET', path)).status).toBe(200);
  }
});

test('ATK-D8 REQ-E103 REQ-E104: the mode is set by system:write alone, at its version, and stands on the record', async () => {
  const set = (as: string, mode: string, headers = {}) =>
    api.call('PATCH', '/api/v1/settings/runtime', { as, body: { mode }, headers });
  for (const role of ['analyst', 'operator', 'viewer']) expect((await set(role, 'active')).status).toBe(403);
  await api.call('GET', '/api/v1/alerts', { as: 'viewer', headers: { 'x-aurorasoc-mode': 'active' } });
  const { body, headers } = await api.call('GET', '/api/v1/settings/runtime', { as: 'viewer' });
  expect(body).toMatchObject({ mode: 'monitor', configured_mode: 'monitor' });
  const changed = await set('admin', 'dry_run', { 'if-match': headers.etag });
  expect([changed.status, changed.body.mode, changed.headers['x-aurorasoc-mode']]).toEqual([200, 'dry_run', 'monitor']);
  expect((await api.call('GET', '/health')).headers['x-aurorasoc-mode']).toBe('dry_run');
  expect((await set('admin', 'monitor', { 'if-match': headers.etag })).status).toBe(412);
  const audit = await api.call('GET', '/api/v1/audit?action=settings.change&limit=1', { as: 'admin' });
  expect(audit.body.items[0]).toMatchObject({ actor: 'user:admin', detail: { after: { mode: 'dry_run' } } });
  await set('admin', 'monitor');
});
