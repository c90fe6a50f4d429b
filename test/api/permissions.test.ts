/** Every route and stream against everybody: made from the table, so that what is new is tried as well (ATK-D1). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
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

describe('ATK-D4: whoever may act and not read is told what goes on, and nothing of what is there', () => {
  const readers = routeList.filter(([, { method }]) => method === 'GET');
  const isWrite = (_name: string, { method, permission }: RouteSpec) => method !== 'GET' && permission.includes(':');
  /** Of a route whose answer is a record that others read under a permission of their own: that permission. */
  const readingOf = ({ output }: RouteSpec): string | undefined =>
    readers.find(([, { output: read }]) => output === read || output === itemOf(read))?.[1].permission;

  test('every route that answers a record names the permission to read it', () => {
    const named = routeList.filter((row) => isWrite(...row)).map(([name, spec]) => [name, spec.shows?.permission]);
    const needed = routeList.filter((row) => isWrite(...row)).map(([name, spec]) => [name, readingOf(spec)]);
    expect(named).toEqual(needed);
    expect(named.filter(([, permission]) => permission !== undefined)).toEqual([
      ['alerts.create', 'alerts:read'],
      ['alerts.update', 'alerts:read'],
      ['alerts.acknowledge', 'alerts:read'],
      ['investigations.cancel', 'investigations:read'],
      ['orchestrator.cancel', 'investigations:read'],
      ['approvals.approve', 'approvals:read'],
      ['approvals.reject', 'approvals:read'],
      ['agents.drain', 'agents:read'],
      ['agents.resume', 'agents:read'],
      ['system.updateSettings', 'system:read'],
    ]);
  });

  const keyWith = async (...scopes: string[]) => {
    const asked = { as: 'admin', body: { name: scopes.join(' '), scopes } };
    return { 'x-api-key': (await api.call('POST', '/api/v1/auth/api-keys', asked)).body.api_key };
  };

  test('an alert is posted, changed and acknowledged by a key that reads none, and read by none that may only write', async () => {
    const sensor = await keyWith('alerts:write');
    const secret = { title: 'Mail of the board', severity: 'high', source: 'test', raw_log: 'a-secret-line' };
    const { body: kept } = await api.call('POST', '/api/v1/alerts', { as: 'analyst', body: secret });
    const told = { alert_id: kept.alert_id, status: 'new', acknowledged: false, occurrences: 2, version: 1 };
    const hidden = 'alerts:read';
    const path = `/api/v1/alerts/${kept.alert_id}`;
    const seen = { title: secret.title, severity: 'low', source: 'test' };
    const again = await api.call('POST', '/api/v1/alerts?on_duplicate=return', { headers: sensor, body: seen });
    expect([again.status, again.body]).toEqual([200, { ...told, hidden }]);
    const triaged = { headers: { ...sensor, 'if-match': String(again.headers.etag) }, body: { status: 'triaged' } };
    const changed = await api.call('PATCH', path, triaged);
    expect(changed.body).toEqual({ ...told, status: 'triaged', version: 2, hidden });
    expect(changed.headers.etag).toBe('"2"');
    const seenBy = await api.call('POST', `${path}/acknowledge`, { headers: sensor });
    expect(seenBy.body).toEqual({ ...told, status: 'triaged', acknowledged: true, version: 3, hidden });
    const fresh = await api.call('POST', '/api/v1/alerts', { headers: sensor, body: { ...secret, title: 'Another' } });
    expect([fresh.status, Object.keys(fresh.body)]).toEqual([201, [...Object.keys(told), 'hidden']]);
    const both = await keyWith('alerts:write', 'alerts:read');
    expect((await api.call('POST', `${path}/acknowledge`, { headers: both })).body).toMatchObject(secret);
  });

  test('what somebody was answered in full is told in part to a key of theirs that repeats the request', async () => {
    const [whole, part] = [await keyWith('alerts:write', 'alerts:read'), await keyWith('alerts:write')];
    const body = { title: 'Told once', severity: 'low', source: 'test' };
    const ask = async (key: object) =>
      api.call('POST', '/api/v1/alerts', { body, headers: { ...key, 'idempotency-key': 'told-once' } });
    const [first, second, third] = [await ask(whole), await ask(part), await ask(whole)];
    expect([second.status, second.headers['idempotency-replayed']]).toEqual([201, 'true']);
    expect(second.body).toMatchObject({ alert_id: first.body.alert_id, hidden: 'alerts:read' });
    expect(second.text).not.toContain('Told once');
    expect(third.text).toBe(first.text);
  });

  test('a task and an investigation are cancelled by a key that reads none of them', async () => {
    const key = await keyWith('investigations:write');
    const asked = { as: 'analyst', body: { to: { skill: 'echo_text' }, params: { text: 'a-secret-word' } } };
    const { task_id } = (await api.call('POST', '/api/v1/orchestrator/dispatch?wait=true', asked)).body;
    const told = await api.call('POST', `/api/v1/orchestrator/tasks/${task_id}/cancel`, { headers: key, body: {} });
    expect(told.body).toEqual({ task_id, state: 'completed', hidden: 'investigations:read' });
    const input = { name: 'x.txt', text: 'a-secret-word' };
    const looked = await api.call('POST', '/api/v1/agents/investigate', { as: 'analyst', body: { input } });
    const { investigation_id } = looked.body;
    const path = `/api/v1/investigations/${investigation_id}/cancel`;
    const { body } = await api.call('POST', path, { headers: key, body: {} });
    expect(Object.keys(body)).toEqual(['investigation_id', 'state', 'hidden']);
    const whole = await api.call('POST', path, { as: 'analyst', body: {} });
    expect(whole.body).toMatchObject({ investigation_id, requested_by: 'user:analyst' });
  });

  test('the fleet and the settings are changed by a key that reads neither', async () => {
    const key = { headers: await keyWith('agents:write', 'system:write') };
    const drained = await api.call('POST', '/api/v1/agents/ada/drain', key);
    expect(drained.body).toEqual({ agent_id: 'ada', health: 'draining', hidden: 'agents:read' });
    const resumed = await api.call('POST', '/api/v1/agents/ada/resume', key);
    expect(resumed.body).toEqual({ agent_id: 'ada', health: 'online', hidden: 'agents:read' });
    const { body } = await api.call('PATCH', '/api/v1/settings/runtime', { ...key, body: { mode: 'monitor' } });
    expect(body).toEqual({ mode: 'monitor', version: expect.any(Number) as number, hidden: 'system:read' });
  });
});

/** What a list is of. */
const itemOf = (output: z.ZodType): z.ZodType | undefined => {
  const items: unknown = output instanceof z.ZodObject ? output.shape['items'] : undefined;
  return items instanceof z.ZodArray && items.element instanceof z.ZodType ? items.element : undefined;
};

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
