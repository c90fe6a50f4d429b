/** The first use of the product: an alert is posted, looked at by specialists, followed live, answered, and what acts is approved. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agents } from '../../agents/index.ts';
import { memoryLink } from '../../mesh/index.ts';
import { overLink, type LinkOwner } from '../../mesh/link.ts';
import { PolicyRules } from '../../orchestrator/index.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { echoAgent } from '../support/echo.ts';
import { createResponder } from '../support/responder.ts';

const { responder, isolated } = createResponder();
let api: TestApi;
const waiting: (() => void)[] = [];

beforeAll(async () => {
  const patient = echoAgent('patient', async (text, ctx) => {
    ctx.progress.thought(`thinking about ${text}`);
    await ctx.progress.tool('look', text, () => text);
    if (text.startsWith('wait')) await new Promise<void>((resolve) => void waiting.push(resolve));
    return text;
  });
  api = await startApi([await agents['threat-intel']!(), await agents['web-security']!(), responder, patient]);
});
afterAll(() => api.stop());

const dispatch = (as: string, body: object, query = '', headers = {}) =>
  api.call('POST', `/api/v1/orchestrator/dispatch${query}`, { as, body, headers });
/** The same owner, heard. */
const hearing = (owner: LinkOwner, hear: (text: string) => void): LinkOwner => ({
  onText(text) {
    hear(text);
    owner.onText(text);
  },
  onDrain: () => owner.onDrain?.(),
  onClose: (code, reason) => owner.onClose(code, reason),
});
/** Work that waits, when its agent has begun it. */
async function held(text: string) {
  const waiter = dispatch('analyst', echo(text), '?wait=true');
  const stream = await api.follow('/api/v1/ws/agent-thoughts?after_seq=0', { as: 'viewer' });
  const { data } = await stream.until(({ data: said }) => said?.['text'] === `thinking about ${text}`);
  stream.close();
  const task_id = String(data['task_id']);
  return { waiter, task_id, path: `/api/v1/orchestrator/tasks/${task_id}/cancel` };
}
/** Who cancelled a task, by the audit record. */
async function cancelsOf(task_id: string) {
  const { body } = await api.call('GET', '/api/v1/audit?action=task.cancel', { as: 'admin' });
  return body.items.filter(({ target }) => target === task_id);
}
const echo = (text: string) => ({ to: { skill: 'echo_text' }, params: { text } });

describe('an investigation', () => {
  test('REQ-E016 REQ-E076 REQ-E075 REQ-E107 REQ-E108 REQ-E109: an alert is investigated, and three streams tell how', async () => {
    const thoughts = await api.follow('/api/v1/ws/agent-thoughts', { as: 'viewer' });
    const receipts = await api.follow('/ws/investigation-receipts', { as: 'viewer' });
    const calls = await api.follow('/api/v1/ws/agents/web-security/tool-calls', { as: 'viewer' });
    const others = await api.follow('/api/v1/ws/agents/threat-intel/tool-calls', { as: 'viewer' });
    const posted = await api.call('POST', '/api/v1/alerts', {
      as: 'analyst',
      body: {
        title: 'Odd requests',
        severity: 'medium',
        source: 'nginx',
        raw_log: '203.0.113.9 - - [10/Oct/2025:13:55:36 +0000] "GET /../../etc/passwd HTTP/1.1" 404 12',
      },
    });
    const request_id = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const begun = await api.call('POST', '/api/v1/agents/investigate', {
      as: 'analyst',
      body: { alert_id: posted.body.alert_id, reason: 'it looks odd' },
      headers: { 'x-request-id': request_id },
    });
    expect(begun.status).toBe(202);
    const { investigation_id } = begun.body;

    const receipt = await receipts.until(({ data }) => data?.['investigation_id'] === investigation_id);
    expect(receipt).toMatchObject({
      type: 'receipt',
      id: investigation_id,
      data: {
        agent_id: 'orchestrator',
        state: 'completed',
        verdict: 'suspicious',
        requested_by: 'user:analyst',
        alert_id: posted.body.alert_id,
        result_path: `/api/v1/investigations/${investigation_id}`,
        request_id,
      },
    });
    const thought = await thoughts.until(
      ({ type, data }) => type === 'thought' && data['investigation_id'] === investigation_id,
    );
    expect(thought.data).toMatchObject({ alert_id: posted.body.alert_id, step: 1 });
    const call = await calls.until(({ type }) => type === 'tool_call');
    expect(call.data).toMatchObject({ agent_id: 'web-security', investigation_id, outcome: 'ok' });
    await others.until(({ type }) => type === 'tool_call');
    for (const [agent_id, stream] of Object.entries({ 'web-security': calls, 'threat-intel': others }))
      for (const { data } of stream.events()) expect(data).toMatchObject({ agent_id }); // each stream is that of one agent
    for (const stream of [thoughts, receipts, calls, others]) stream.close();

    const { body } = await api.call('GET', `/api/v1/investigations/${investigation_id}`, { as: 'viewer' });
    expect(body).toMatchObject({
      state: 'completed',
      kind: 'alert',
      verdict: 'suspicious',
      alert_id: posted.body.alert_id,
      request_id,
      result: { findings: expect.any(Array) as unknown, steps: expect.any(Array) as unknown },
    });
    const remembered = await api.call('GET', '/api/v1/agents/web-security/tool-calls?limit=1', { as: 'viewer' });
    expect(remembered.body.items).toMatchObject([{ call_id: call.id }]);
  });

  test('REQ-E074 REQ-T05: investigations are listed in pages, and their whole record is read', async () => {
    for (const text of ['one', 'two', 'three']) {
      const input = { text: `Report ${text}: 198.51.100.7 beacons` };
      await api.call('POST', '/api/v1/agents/investigate', { as: 'analyst', body: { input } });
    }
    const first = await api.call('GET', '/api/v1/investigations?limit=2', { as: 'viewer' });
    const second = await api.call('GET', `/api/v1/investigations?limit=2&cursor=${first.body.next_cursor ?? ''}`, {
      as: 'viewer',
    });
    const ids = [...first.body.items, ...second.body.items].map(({ investigation_id }) => investigation_id);
    expect(new Set(ids).size).toBe(4);
    const record = await api.call('GET', `/api/v1/investigations/${String(ids[3])}/events`, { as: 'viewer' });
    expect(record.body.items[0]).toMatchObject({ type: 'accepted', seq: 1 });
    expect((await api.call('GET', '/api/v1/investigations?cursor=nothing', { as: 'viewer' })).status).toBe(422);
    expect((await api.call('GET', '/api/v1/investigations/nothing', { as: 'viewer' })).status).toBe(404);
  });

  test('an alert that does not exist, both ways of asking at once, and an unknown input are refused before anything begins', async () => {
    const ask = (body: object) => api.call('POST', '/api/v1/agents/investigate', { as: 'analyst', body });
    expect((await ask({ alert_id: 'ALRT-2020-00001' })).body.error.code).toBe('AURORA-4042');
    expect((await ask({})).status).toBe(422);
    expect((await ask({ alert_id: 'ALRT-2026-00001', input: { text: 'x' } })).status).toBe(422);
    expect((await ask({ input: { text: 'x', base64: 'eA==' } })).status).toBe(422);
  });

  test('REQ-E076: what a sensor said of an alert goes along; what no specialist reads of it is named', async () => {
    const said = {
      mitre_techniques: ['T1059.001'],
      asset_type: 'server',
      affected_assets: ['db-1'],
      metadata: { run: 'odd' },
    };
    const about = { title: 'Odd shell', severity: 'low', source: 'edr' };
    const posted = await api.call('POST', '/api/v1/alerts', { as: 'analyst', body: { ...about, ...said } });
    const receipts = await api.follow('/api/v1/ws/investigation-receipts', { as: 'viewer' });
    const { alert_id } = posted.body;
    const begun = await api.call('POST', '/api/v1/agents/investigate', { as: 'analyst', body: { alert_id } });
    const { investigation_id } = begun.body;
    await receipts.until(({ data }) => data?.['investigation_id'] === investigation_id);
    receipts.close();

    const { params } = (await api.mesh.ledger.get(investigation_id))!;
    const { input } = params as { input: { text: string } };
    expect(JSON.parse(input.text)).toEqual({
      ...about,
      ...said,
      alert_id,
      iocs: [],
      created_at: expect.any(String) as string,
    });
    const { body } = await api.call('GET', `/api/v1/investigations/${investigation_id}`, { as: 'viewer' });
    const { not_checked } = body.result as { not_checked: { what: string }[] };
    const named = not_checked.map(({ what }) => what);
    expect(named).toContain("the alert's fields asset_type, affected_assets, metadata");
  });

  test('ATK-E4: a viewer gets no grant for bytes, and can do nothing with those of an analyst', async () => {
    const ref = { sha256: 'a'.repeat(64), size: 8, media_type: 'text/plain', name: 'x' };
    const path = '/api/v1/blobs/grant';
    expect(await api.call('POST', path, { as: 'viewer', body: ref })).toMatchObject({ status: 403 });
    expect(await api.call('POST', path, { as: 'analyst', body: ref })).toMatchObject({ status: 200 });
    const body = { input: { name: 'x', ref } };
    const asked = await api.call('POST', '/api/v1/agents/investigate', { as: 'viewer', body });
    expect([asked.status, asked.body.error.code]).toEqual([403, 'AURORA-4030']);
  });

  test('an alert larger than a frame is investigated as well', async () => {
    const line = '203.0.113.9 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 200 12\n';
    const posted = await api.call('POST', '/api/v1/alerts', {
      as: 'analyst',
      body: { title: 'Many lines', severity: 'low', source: 'nginx', raw_log: line.repeat(3_000) },
    });
    const begun = await api.call('POST', '/api/v1/agents/investigate', {
      as: 'analyst',
      body: { alert_id: posted.body.alert_id },
    });
    expect(begun.status).toBe(202);
  });
});

describe('a dispatch', () => {
  test('REQ-E077: without waiting it answers the task, with waiting the result', async () => {
    const accepted = await dispatch('analyst', echo('a'));
    expect(accepted.status).toBe(202);
    expect(['submitted', 'working']).toContain(accepted.body.state);
    const done = await dispatch('analyst', echo('b'), '?wait=true');
    expect([done.status, done.body.result]).toEqual([200, { text: 'b', by: 'patient' }]);
  });

  test('ATK-H8: a cursor that names nothing is refused, not answered with an empty list', async () => {
    await dispatch('analyst', echo('listed'), '?wait=true');
    for (const path of ['/api/v1/approvals?state=pending&', '/api/v1/approvals?', '/api/v1/orchestrator/history?']) {
      const { status, body } = await api.call('GET', `${path}cursor=garbage`, { as: 'analyst' });
      expect([path, status, body.error?.code]).toEqual([path, 422, 'AURORA-4220']);
      expect(body.error?.message).toMatch(/^Validation failed: \/cursor take /);
      expect(body.error?.detail).toMatchObject({ issues: [{ path: '/cursor' }] });
    }
    for (const method of ['task/list', 'approval/list']) {
      const asked = api.mesh.operator.request(method, { cursor: 'garbage' }, { timeout_ms: 5_000 });
      await expect(asked).rejects.toMatchObject({ code: -32602 });
    }
  });

  test('REQ-T06 ATK-H8: a cursor says nothing to whoever has it, and is taken by its own question alone', async () => {
    const { task_id } = (await dispatch('analyst', echo('paged'), '?wait=true')).body;
    await dispatch('analyst', echo('paged too'), '?wait=true');
    const ask = (path: string) => api.call('GET', path, { as: 'analyst' });
    const history = '/api/v1/orchestrator/history?limit=1';
    const events = `/api/v1/orchestrator/tasks/${task_id}/events?limit=1`;
    for (const [list, other] of [
      [history, `${history}&state=completed`],
      [events, history],
    ] as const) {
      const { body } = await ask(list);
      const behind = `&cursor=${body.next_cursor ?? ''}`;
      expect((await ask(`${list}${behind}`)).body.items).not.toEqual(body.items);
      expect([list, (await ask(`${other}${behind}`)).status]).toEqual([list, 422]);
    }
    const bare = [`${history}&cursor=${task_id}`, `${events}&cursor=1`, `/api/v1/investigations?cursor=${task_id}`];
    for (const path of [...bare, `/api/v1/approvals?cursor=approval_1_${task_id}`])
      expect([path, (await ask(path)).status]).toEqual([path, 422]);
  });

  test('REQ-E078: the history tells who asked for what, and what became of it', async () => {
    const { body } = await dispatch('analyst', echo('c'), '?wait=true');
    const history = await api.call('GET', '/api/v1/orchestrator/history?limit=1', { as: 'viewer' });
    expect(history.body.items).toMatchObject([
      { task_id: body.task_id, state: 'completed', requested_by: 'user:analyst', skill: 'echo_text' },
    ]);
    const since = await api.call('GET', '/api/v1/orchestrator/history?since=2999-01-01T00:00:00Z', { as: 'viewer' });
    expect(since.body.items).toEqual([]);
    for (const text of ['9999-12-31T23:59:59-23:59', '0000-01-01T00:00:00%2B23:59']) {
      const { status, body } = await api.call('GET', `/api/v1/orchestrator/history?since=${text}`, { as: 'viewer' });
      expect([status, body.error.message]).toEqual([422, expect.stringContaining('since')]);
    }
    const hours_east = await api.call('GET', '/api/v1/orchestrator/history?since=2000-01-01T00:00:00%2B01:00', {
      as: 'viewer',
    });
    expect(hours_east.body.items).toContainEqual(expect.objectContaining({ task_id: body.task_id }));
  });

  test('an alert that is stored is an alert: a kind beside it is refused, not passed over', async () => {
    const body = { alert_id: 'ALRT-2026-00001', kind: 'email' };
    const { status, body: said } = await api.call('POST', '/api/v1/agents/investigate', { as: 'analyst', body });
    expect(status).toBe(422);
    expect(said).toMatchObject({ error: { detail: { issues: [{ path: '/kind' }] } } });
  });

  test('REQ-T04: a task is cancelled, and whoever waits for it is told so', async () => {
    const { waiter, task_id, path } = await held('wait');
    expect((await api.call('POST', path, { as: 'viewer' })).status).toBe(403);
    const cancelled = await api.call('POST', path, { as: 'analyst', body: { reason: 'enough' } });
    expect(cancelled.body.state).toBe('canceled');
    expect((await waiter).body).toMatchObject({ state: 'canceled' });
    for (const go of waiting.splice(0)) go();
    await api.call('POST', path, { as: 'admin', body: { reason: 'over already' } });
    expect(await cancelsOf(task_id)).toMatchObject([
      { actor: 'user:analyst', target: task_id, outcome: 'done', detail: { reason: 'enough' } },
    ]);
  });

  test('a cancel that could not be written down is, when whoever cancelled asks again', async () => {
    const { waiter, task_id, path } = await held('wait, and be recorded');
    const { audit } = api.records;
    const write = audit.write.bind(audit);
    audit.write = () => Promise.reject(new Error('the disk is full'));
    expect((await api.call('POST', path, { as: 'analyst' })).status).toBe(500);
    audit.write = write;
    expect((await waiter).body).toMatchObject({ state: 'canceled' });
    expect(await cancelsOf(task_id)).toEqual([]);
    expect((await api.call('POST', path, { as: 'analyst' })).status).toBe(200);
    expect(await cancelsOf(task_id)).toMatchObject([{ actor: 'user:analyst' }]);
    for (const go of waiting.splice(0)) go();
  });

  test('a task that ends before its cancel comes to it is recorded as cancelled by nobody', async () => {
    const { waiter, task_id, path } = await held('wait, and end meanwhile');
    const { ledger } = api.mesh;
    const get = ledger.get.bind(ledger);
    ledger.get = async (asked) => {
      ledger.get = get;
      const row = await get(asked);
      const before = row && { ...row }; // as it was
      for (const go of waiting.splice(0)) go();
      expect((await waiter).body).toMatchObject({ state: 'completed' });
      return before;
    };
    expect((await api.call('POST', path, { as: 'analyst' })).body.state).toBe('completed');
    expect(await cancelsOf(task_id)).toEqual([]);
  });

  test('nobody for the skill is 4043, params that the skill refuses are 4220, and its own error keeps its code', async () => {
    expect((await dispatch('analyst', { to: { skill: 'no_such_skill' } })).body.error.code).toBe('AURORA-4043');
    const wrong = await dispatch('analyst', { to: { skill: 'echo_text' }, params: {} }, '?wait=true');
    expect([wrong.status, wrong.body.error.code]).toEqual([422, 'AURORA-4220']);
    expect((await dispatch('analyst', { to: { nobody: 1 } })).status).toBe(422);
  });

  test('the same key joins the same task, however one waits for it, and hears how it is now', async () => {
    const headers = { 'idempotency-key': 'd-1' };
    const first = await dispatch('analyst', echo('once'), '', headers);
    const { task_id } = first.body;
    const again = await dispatch('analyst', echo('once'), '?wait=true', headers);
    expect([again.status, again.body]).toEqual([
      200,
      { task_id, state: 'completed', result: { text: 'once', by: 'patient' } },
    ]);
    expect([first, again].map(({ headers: said }) => said['idempotency-replayed'])).toEqual([undefined, 'true']);
    const unwaited = await dispatch('analyst', echo('once'), '', headers);
    expect([unwaited.status, unwaited.body]).toEqual([202, { task_id, state: 'completed' }]);
    const kept = await dispatch('analyst', echo('once'), '?wait=true&on_approval=return', headers);
    expect(kept.body).toEqual(again.body);
    for (const other of [echo('other'), { ...echo('once'), deadline_ms: 5_000 }]) {
      expect((await dispatch('analyst', other, '', headers)).status).toBe(409);
    }
  });

  test('the same key is the same investigation, also when its alert was edited since, and it tells how it is now', async () => {
    const posted = await api.call('POST', '/api/v1/alerts', {
      as: 'analyst',
      body: { title: 'Repeated', severity: 'low', source: 'test', iocs: [{ type: 'ip', value: '198.51.100.9' }] },
    });
    const { alert_id } = posted.body;
    const ask = () =>
      api.call('POST', '/api/v1/agents/investigate', {
        as: 'analyst',
        body: { alert_id },
        headers: { 'idempotency-key': 'i-1' },
      });
    const receipts = await api.follow('/ws/investigation-receipts', { as: 'viewer' });
    const { investigation_id } = (await ask()).body;
    await receipts.until(({ type, id }) => type === 'receipt' && id === investigation_id);
    receipts.close();
    await api.call('PATCH', `/api/v1/alerts/${alert_id}`, { as: 'analyst', body: { title: 'Edited' } });
    const again = await ask();
    expect([again.status, again.body]).toEqual([202, { investigation_id, state: 'completed' }]);
    expect(again.headers['idempotency-replayed']).toBe('true');
  });

  test('PROM-P2: a dispatch and an investigation under one key are two tasks, and a key of an earlier release finds its own', async () => {
    const headers = { 'idempotency-key': 'both-ways' };
    const input = { name: 'note', text: '45.33.32.156' };
    const ask = () => api.call('POST', '/api/v1/agents/investigate', { as: 'analyst', body: { input }, headers });
    const dispatched = await dispatch('analyst', echo('both ways'), '', headers);
    const asked = await ask();
    expect([dispatched.status, asked.status]).toEqual([202, 202]);
    expect(asked.body.investigation_id).not.toBe(dispatched.body.task_id);
    expect((await ask()).body.investigation_id).toBe(asked.body.investigation_id);

    // As the release before kept it: without the operation, and without the answer that the API remembers.
    const to = { agent_id: 'orchestrator', skill: 'investigate' };
    const old = { 'idempotency-key': 'of-old' };
    const before = await dispatch('analyst', { to, params: { input } }, '', old);
    const now = await api.call('POST', '/api/v1/agents/investigate', { as: 'analyst', body: { input }, headers: old });
    expect(now.body.investigation_id).toBe(before.body.task_id);
  });

  test('who hangs up leaves the others under the same key waiting for the task', async () => {
    const headers = { 'idempotency-key': 'hung-up', 'content-type': 'application/json' };
    const leaves = new AbortController();
    const first = fetch(`${api.url}/api/v1/orchestrator/dispatch?wait=true`, {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${api.tokens.get('analyst') ?? ''}` },
      body: JSON.stringify(echo('wait')),
      signal: leaves.signal,
    }).catch((reason: unknown) => reason);
    await expect.poll(() => waiting.length).toBe(1);
    const stays = dispatch('analyst', echo('wait'), '?wait=true', headers);
    leaves.abort();
    expect(await first).toMatchObject({ name: 'AbortError' });
    // Somebody else's request, answered meanwhile: whoever left is gone by then.
    expect((await dispatch('analyst', echo('wait'), '', headers)).body.state).toBe('working');
    for (const go of waiting.splice(0)) go();
    const { status, body } = await stays;
    expect([status, body.result]).toEqual([200, { text: 'wait', by: 'patient' }]);
  });

  test('a mode can only be narrower than the one in force', async () => {
    const { body } = await dispatch('analyst', { ...echo('m'), mode: 'active' }, '?wait=true');
    expect((await api.mesh.ledger.get(body.task_id))?.mode).toBe('monitor');
  });

  test('ATK-E4 ATK-E8: the user’s rights go along, cut to what they hold; the user’s token does not', async () => {
    const { body } = await dispatch('analyst', echo('rights'), '?wait=true');
    const task = await api.mesh.ledger.get(body.task_id);
    expect(task?.actor).toEqual({ sub: 'user:analyst', scopes: ['effect:read'], tenant: 'default' });
    const record = await api.mesh.ledger.history(body.task_id);
    expect(JSON.stringify(record)).not.toContain(api.tokens.get('analyst'));

    const key = await api.call('POST', '/api/v1/auth/api-keys', {
      as: 'analyst',
      body: { name: 'reader', scopes: ['investigations:write'] },
    });
    const acted = await api.call('POST', '/api/v1/orchestrator/dispatch?wait=true', {
      headers: { 'x-api-key': key.body.api_key },
      body: { to: { skill: 'isolate_host' }, params: { host: 'ws-1' } },
    });
    expect([acted.status, acted.body.error.code]).toEqual([403, 'AURORA-4030']);
  });
});

test('ATK-E8: no credential of a user is in any frame between orchestrator and agents, whatever it came with', async () => {
  const wire: string[] = [];
  const acting = createResponder();
  const own = await startApi([await agents['threat-intel']!(), await agents['web-security']!(), acting.responder], {
    mode: 'active',
    link(url) {
      const [near, far] = memoryLink({ dialled: new URL(url).host });
      const seen = overLink(near, {
        attach: (owner) => near.attach(hearing(owner, (text) => void wire.push(text))),
        send(text) {
          wire.push(text);
          near.send(text);
        },
      });
      return [seen, far];
    },
  });
  try {
    const session = await own.records.sessions.begin(
      { sub: 'user:analyst' },
      (await own.records.users.find('analyst'))!,
    );
    const refreshed = await own.call('POST', '/api/v1/auth/refresh', {
      body: { refresh_token: session.refresh_token },
    });
    const bearer = refreshed.body.access_token;
    const made = await own.call('POST', '/api/v1/auth/api-keys', {
      as: 'analyst',
      body: { name: 'all', scopes: ['alerts:write', 'alerts:read', 'investigations:write'] },
    });
    const { ticket } = (await own.call('POST', '/api/v1/ws/ticket', { as: 'analyst' })).body;
    const secrets = [bearer, made.body.api_key, ticket, session.refresh_token, refreshed.body.refresh_token];
    const ways = [{ authorization: `Bearer ${bearer}` }, { 'x-api-key': made.body.api_key }];
    for (const [nth, way] of ways.entries()) {
      const headers = { ...way, cookie: `session=${bearer}`, 'idempotency-key': `key-${nth}`, baggage: `t=${bearer}` };
      const raw_log = '203.0.113.9 - - [10/Oct/2025:13:55:36 +0000] "GET /../../etc/passwd HTTP/1.1" 404 12';
      const body = { title: `Odd ${nth}`, severity: 'medium', source: 'nginx', raw_log };
      const posted = await own.call('POST', '/api/v1/alerts', { headers, body });
      const begun = await own.call('POST', '/api/v1/agents/investigate', {
        headers: { ...headers, 'idempotency-key': `investigate-${nth}` },
        body: { alert_id: posted.body.alert_id },
      });
      expect(begun.status).toBe(202);
      const url = '/api/v1/orchestrator/dispatch?wait=true&on_approval=return';
      const acted = { to: { skill: 'isolate_host' }, params: { host: `ws-${nth}` } };
      const asked = await own.call('POST', url, {
        headers: { ...headers, 'idempotency-key': `act-${nth}` },
        body: acted,
      });
      if (asked.status !== 202) continue; // a key that may not act
      const { approval_id, action_hash } = asked.body.approval;
      const path = `/api/v1/approvals/${approval_id}/approve`;
      expect((await own.call('POST', path, { as: 'admin', body: { action_hash } })).status).toBe(200);
    }
    await expect.poll(() => own.mesh.orchestrator.health().tasks_open, { timeout: 20_000 }).toBe(0);
    expect(acting.isolated).toEqual(['ws-0']);

    const said = wire.join('\n');
    // What was asked is there, in every kind of frame: the capture sees what there is.
    for (const there of ['203.0.113.9', '"isolate_host"', 'user:analyst', '$/progress']) expect(said).toContain(there);
    for (const secret of [...secrets, own.tokens.get('admin') ?? '']) {
      expect(secret.length).toBeGreaterThan(20);
      // A JWT neither whole nor by its parts: its claims are as good as a name, its signature as good as a key.
      for (const part of [secret, ...secret.split('.').slice(1), Buffer.from(secret).toString('base64').slice(4, 40)])
        expect(said).not.toContain(part);
    }
    expect(said).not.toMatch(/authorization|x-api-key|eyJ[\w-]{10,}\.eyJ/i);
  } finally {
    await own.stop();
  }
});

test('REQ-X13: params that do not fit are told at one place, whether the door, a link or an agent refuses them', async () => {
  const bad = { to: { skill: 'echo_text' }, params: { text: 3 } };
  const issues = [{ path: '/text', message: 'Invalid input: expected string, received number' }];
  const waited = await dispatch('analyst', bad, '?wait=true');
  expect([waited.status, waited.body.error.message]).toEqual([422, `Validation failed: /text ${issues[0]?.message}`]);
  expect(waited.body.error.detail).toEqual({ task_id: expect.any(String) as string, issues });
  const told: unknown = await api.mesh.operator.request('handoff', bad).catch((reason: unknown) => reason);
  expect(told).toMatchObject({ code: -32602 });
  expect(told).toHaveProperty('detail', { task_id: expect.any(String) as string, issues });
  const { body } = await dispatch('analyst', { ...bad, params: 3 });
  expect(body.error.detail).toMatchObject({ issues: [{ path: '/params' }] });
});

describe('what acts', () => {
  test('outside mode active it is a preview, and says so to whoever waited, on its record and on its receipt', async () => {
    const receipts = await api.follow('/api/v1/ws/investigation-receipts', { as: 'analyst' });
    const done = await dispatch('analyst', { to: { skill: 'isolate_host' }, params: { host: 'ws-0' } }, '?wait=true');
    expect(done.body).toMatchObject({ state: 'completed', simulated: true });
    const { task_id } = done.body;
    const record = await api.call('GET', `/api/v1/orchestrator/tasks/${task_id}`, { as: 'analyst' });
    expect(record.body).toMatchObject({ mode: 'monitor', simulated: true });
    const receipt = await receipts.until(({ id }) => id === task_id);
    expect(receipt.data).toMatchObject({ simulated: true });
    receipts.close();
  });

  test('REQ-T01 REQ-E110 REQ-X05 ATK-D6: it is asked about, not by whoever asked for it, and only once', async () => {
    api.setMode('active');
    try {
      const stream = await api.follow('/api/v1/ws/approvals', { as: 'operator' });
      const body = { to: { skill: 'isolate_host' }, params: { host: 'ws-7' }, reason: 'it beacons' };
      const unkeyed = await dispatch('analyst', body, '?wait=true');
      expect([unkeyed.status, unkeyed.body.error.message]).toEqual([422, expect.stringContaining('Idempotency-Key')]);
      expect(unkeyed.body.error.detail).toMatchObject({ issues: [{ path: '/options/idempotency_key' }] });

      const headers = { 'idempotency-key': 'act-1' };
      const asked = await dispatch('analyst', body, '?wait=true&on_approval=return', headers);
      expect([asked.status, asked.body.state]).toEqual([202, 'auth_required']);
      const { approval_id, action_hash } = asked.body.approval;
      expect(asked.body.approval_id).toBe(approval_id); // 4032 is 202 with approval_id (wire.md 9)
      const requested = await stream.until(({ type, id }) => type === 'approval.requested' && id === approval_id);
      expect(requested.data).toMatchObject({ state: 'pending', params: { host: 'ws-7' }, targets: ['ws-7'] });

      const decide = (as: string, what: string, hash = action_hash) =>
        api.call('POST', `/api/v1/approvals/${approval_id}/${what}`, { as, body: { action_hash: hash } });
      expect((await decide('analyst', 'approve')).status).toBe(403);
      expect((await decide('operator', 'approve')).status).toBe(403);
      expect((await decide('admin', 'approve', '0'.repeat(64))).body.error.code).toBe('AURORA-4090');
      const both = await Promise.all([decide('admin', 'approve'), decide('admin', 'reject')]);
      expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
      await stream.until(({ type, id }) => type === 'approval.decided' && id === approval_id);
      stream.close();
      const read = await api.call('GET', `/api/v1/approvals/${approval_id}`, { as: 'analyst' });
      expect(read.body).toMatchObject({ votes: [{ by: 'user:admin' }] });
      const list = await api.call('GET', '/api/v1/approvals', { as: 'analyst' });
      expect(list.body.items.map(({ approval_id: id }) => id)).toContain(approval_id);
    } finally {
      api.setMode('monitor');
    }
  });

  test('whoever was answered with the question repeats the call after the yes, and the same task goes on to its end', async () => {
    api.setMode('active');
    try {
      const body = { to: { skill: 'isolate_host' }, params: { host: 'ws-10' } };
      const repeat = (query: string) => dispatch('analyst', body, query, { 'idempotency-key': 'act-3' });
      const asked = await repeat('?wait=true&on_approval=return');
      const { task_id, approval } = asked.body;
      expect((await repeat('')).body).toEqual({ task_id, state: 'auth_required' });
      await api.call('POST', `/api/v1/approvals/${approval.approval_id}/approve`, {
        as: 'admin',
        body: { action_hash: approval.action_hash },
      });
      for (const query of ['?wait=true', '?wait=true&on_approval=return']) {
        const resumed = await repeat(query);
        expect([resumed.status, resumed.body]).toEqual([
          200,
          { task_id, state: 'completed', result: { done: 'ws-10' } },
        ]);
      }
      expect(isolated.filter((host) => host === 'ws-10')).toHaveLength(1);
    } finally {
      api.setMode('monitor');
    }
  });

  test('whoever waits is answered when somebody rejects: 403 4031, and nothing was done', async () => {
    api.setMode('active');
    try {
      const stream = await api.follow('/api/v1/ws/approvals', { as: 'operator' });
      const body = { to: { skill: 'isolate_host' }, params: { host: 'ws-8' } };
      const waiter = dispatch('admin', body, '?wait=true', { 'idempotency-key': 'act-2' });
      const { data } = await stream.until(
        ({ type, data: said }) => type === 'approval.requested' && JSON.stringify(said).includes('ws-8'),
      );
      stream.close();
      await api.call('POST', `/api/v1/approvals/${String(data['approval_id'])}/reject`, {
        as: 'analyst',
        body: { action_hash: data['action_hash'], note: 'not on a Friday' },
      });
      const { status, body: refused } = await waiter;
      expect([status, refused.error.code]).toEqual([403, 'AURORA-4031']);
      expect(isolated).not.toContain('ws-8');
    } finally {
      api.setMode('monitor');
    }
  });

  test('REQ-X10 REQ-T12: nobody answered in time: 408 4080, not to be repeated', async () => {
    const own = await startApi([responder], {
      mode: 'active',
      orchestrator: { rules: PolicyRules.parse({ approval_ms: 1_000 }) },
    });
    try {
      const { status, body } = await own.call('POST', '/api/v1/orchestrator/dispatch?wait=true', {
        as: 'analyst',
        body: { to: { skill: 'isolate_host' }, params: { host: 'ws-9' } },
        headers: { 'idempotency-key': 'late' },
      });
      expect([status, body.error.code, body.error.retryable]).toEqual([408, 'AURORA-4080', false]);
    } finally {
      await own.stop();
    }
  });
});

test('PROM-P13 ATK-I2: who waits while the process leaves is answered: with the result of what ends in time, else with the task', async () => {
  const finish: (() => void)[] = [];
  const slow = echoAgent('slow', async (text) => {
    await new Promise<void>((resolve) => void finish.push(resolve));
    return text;
  });
  const own = await startApi([responder, slow], { mode: 'active' });
  const waiter = (body: object, key: string) =>
    own.call('POST', '/api/v1/orchestrator/dispatch?wait=true', {
      as: 'analyst',
      body,
      headers: { 'idempotency-key': key },
    });
  const followed = await own.follow('/api/v1/ws/approvals', { as: 'operator' });
  const ends = waiter(echo('in time'), 'ends');
  const asks = waiter({ to: { skill: 'isolate_host' }, params: { host: 'ws-10' } }, 'asks');
  await expect.poll(() => finish.length).toBe(1);
  const requested = await followed.until(({ type }) => type === 'approval.requested');
  const drained = own.mesh.orchestrator.drain(25_000);
  const readiness = await own.call('GET', '/health/readiness');
  expect([readiness.status, readiness.headers['retry-after']]).toEqual([503, '1']);
  const late = await waiter(echo('late'), 'late');
  expect([late.status, late.headers['retry-after']]).toEqual([503, '1']);
  for (const go of finish) go();
  await drained;
  const ended = await ends;
  expect([ended.status, ended.body.result]).toEqual([200, { text: 'in time', by: 'slow' }]);
  await own.stop();
  const { status, body } = await asks;
  expect([status, body.state, body.approval.approval_id]).toEqual([202, 'auth_required', requested.id]);
  expect(body.task_id).toEqual(expect.any(String));
});

describe('the fleet', () => {
  test('REQ-T02 REQ-E093: agents are listed with health and load, and tell what they can be asked', async () => {
    const list = await api.call('GET', '/api/v1/agents', { as: 'viewer' });
    expect(list.body.items.map(({ agent_id, health }) => [agent_id, health])).toEqual([
      ['patient', 'online'],
      ['responder', 'online'],
      ['threat-intel', 'online'],
      ['web-security', 'online'],
    ]);
    const ids: unknown[][] = [];
    let cursor = '';
    for (let pages = 0; pages < 3; pages++) {
      const page = await api.call('GET', `/api/v1/agents?limit=2${cursor}`, { as: 'viewer' });
      ids.push(page.body.items.map(({ agent_id }) => agent_id));
      if (page.body.next_cursor === null) break;
      cursor = `&cursor=${page.body.next_cursor}`;
    }
    expect(ids).toEqual([
      ['patient', 'responder'],
      ['threat-intel', 'web-security'],
    ]);
    expect((await api.call('GET', '/api/v1/agents?cursor=garbage', { as: 'viewer' })).status).toBe(422);
    const one = await api.call('GET', '/api/v1/agents/responder', { as: 'viewer' });
    expect(one.body).toMatchObject({ card: { skills: [{ skill_id: 'isolate_host', action_class: 'high' }] } });
    const tools = await api.call('GET', '/api/v1/agents/patient/tools', { as: 'viewer' });
    expect(tools.body.items).toMatchObject([{ name: 'echo_text', input_schema: { required: ['text'] } }]);
  });

  const drainedInStore = async () =>
    (await api.store.db.selectFrom('settings').select('name').where('name', 'like', 'drained:%').execute()).map(
      ({ name }) => name,
    );

  test('a drained agent gets nothing new, says so, and works again when it is resumed', async () => {
    expect((await api.call('POST', '/api/v1/agents/patient/drain', { as: 'operator' })).status).toBe(403);
    const drained = await api.call('POST', '/api/v1/agents/patient/drain', { as: 'admin' });
    expect(drained.body).toMatchObject({ health: 'draining' });
    expect(await drainedInStore()).toEqual(['drained:patient']);
    const refused = await dispatch('analyst', echo('now'));
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    await api.call('POST', '/api/v1/agents/patient/resume', { as: 'admin' });
    expect(await drainedInStore()).toEqual([]);
    expect((await dispatch('analyst', echo('now'), '?wait=true')).status).toBe(200);
    expect((await api.call('POST', '/api/v1/agents/nobody/drain', { as: 'admin' })).status).toBe(404);
  });

  test('REQ-E094 REQ-E095 REQ-E096: what is not configured is said to be so', async () => {
    expect((await api.call('GET', '/api/v1/mcp/health', { as: 'viewer' })).body).toMatchObject({
      configured: false,
      servers: [],
    });
    expect((await api.call('GET', '/api/v1/inference/status', { as: 'viewer' })).body).toMatchObject({
      configured: false,
      endpoints: [],
    });
    expect((await api.call('GET', '/api/v1/agents/responder/tool-calls', { as: 'viewer' })).body.items).toEqual([]);
  });

  test('REQ-R22 REQ-R23 REQ-R24 REQ-T03: probes tell the parts, and the cause when no work is taken', async () => {
    const health = await api.call('GET', '/health');
    expect(health.body).toMatchObject({
      overall_status: 'healthy',
      checks: { database: { status: 'healthy' }, agents: { status: 'healthy' } },
    });
    expect((await api.call('GET', '/health/liveness')).body).toMatchObject({ status: 'alive' });
    expect((await api.call('GET', '/health/readiness')).body).toMatchObject({ status: 'ready', causes: [] });
    const own = await startApi([], {
      orchestrator: { storeHealth: () => ({ state: 'degraded', cause: 'the disk is full', since: '' }) },
    });
    try {
      const unhealthy = await own.call('GET', '/health');
      expect([unhealthy.status, unhealthy.headers['retry-after']]).toEqual([503, '1']);
      expect(unhealthy.body).toMatchObject({
        overall_status: 'unhealthy',
        checks: { database: { message: 'the disk is full' } },
      });
      const ready = await own.call('GET', '/health/readiness');
      expect([ready.status, ready.text]).toEqual([503, expect.stringContaining('the disk is full')]);
    } finally {
      await own.stop();
    }
  });
});

test('REQ-E015 REQ-E017 REQ-E018 REQ-E019 REQ-E106 REQ-T06: alerts are listed, read, changed and acknowledged, and the stream tells it', async () => {
  const stream = await api.follow('/api/v1/ws/alerts', { as: 'viewer' });
  const body = { title: 'Told', severity: 'high', source: 'told', iocs: [{ type: 'ip', value: '203.0.113.77' }] };
  const posted = await api.call('POST', '/api/v1/alerts', { as: 'analyst', body });
  const path = `/api/v1/alerts/${posted.body.alert_id}`;
  await api.call('PATCH', path, { as: 'analyst', body: { severity: 'critical', assignee: 'analyst' } });
  await api.call('POST', `${path}/acknowledge`, { as: 'analyst' });
  await api.call('POST', '/api/v1/alerts?on_duplicate=return', { as: 'analyst', body });
  await stream.until(({ type }) => type === 'alert.seen_again');
  expect(stream.events().map(({ type, id }) => [type, id])).toEqual(
    ['alert.created', 'alert.updated', 'alert.acknowledged', 'alert.seen_again'].map((type) => [
      type,
      posted.body.alert_id,
    ]),
  );
  stream.close();
  expect((await api.call('GET', path, { as: 'viewer' })).body).toMatchObject({
    severity: 'critical',
    acknowledged: true,
  });
  const list = await api.call('GET', '/api/v1/alerts?source=told&severity=critical&acknowledged=true', {
    as: 'viewer',
  });
  expect(list.body.items).toMatchObject([{ alert_id: posted.body.alert_id, occurrences: 2 }]);
  for (const query of [
    'limit=0',
    'limit=-1',
    'limit=1e9',
    'limit=NaN',
    'limit=201',
    'cursor=x',
    'sort=title',
    'acknowledged=maybe',
    'limit=1&limit=2',
    'nothing=1',
  ]) {
    expect([query, (await api.call('GET', `/api/v1/alerts?${query}`, { as: 'viewer' })).status]).toEqual([query, 422]);
  }
  const bulk = await api.call('POST', '/api/v1/alerts/bulk', {
    as: 'analyst',
    body: { alerts: [body, { title: 'x' }, { ...body, title: 'New' }] },
  });
  expect(bulk.body).toMatchObject({ created: 1, duplicates: 1, refused: 1 });
});
