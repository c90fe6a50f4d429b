/** Users who are deleted, disabled or demoted while a question waits: their word does not count any more (ATK-B4, ATK-D6). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PolicyRules } from '../../orchestrator/index.ts';
import { ApprovalPage } from '../../protocol/index.ts';
import { startApi, type Answer, type TestApi } from '../support/api.ts';
import { createResponder } from '../support/responder.ts';

const { responder, isolated } = createResponder();
let api: TestApi;
let count = 0;
beforeAll(async () => {
  api = await startApi([responder], {
    mode: 'active',
    orchestrator: {
      rules: PolicyRules.parse({
        needed: { high: 2 },
        approvals_minute_max: 100,
        targets_hour_max: 100,
        second_approver_from: 100,
      }),
    },
  });
  for (const name of ['anna', 'fred']) await api.signIn(name, 'analyst');
});
afterAll(() => api.stop());

async function ask(as: string): Promise<Answer['body']> {
  count += 1;
  const { body } = await api.call('POST', '/api/v1/orchestrator/dispatch?wait=true&on_approval=return', {
    as,
    body: { to: { skill: 'isolate_host' }, params: { host: `ws-${count}` } },
    headers: { 'idempotency-key': `key-${count}` },
  });
  return body;
}
const approve = (as: string, { approval_id, action_hash }: Answer['body']['approval']) =>
  api.call('POST', `/api/v1/approvals/${approval_id}/approve`, { as, body: { action_hash } });
/** What people are asked now. */
const pending = async () =>
  ApprovalPage.parse((await api.call('GET', '/api/v1/approvals?state=pending&limit=200', { as: 'analyst' })).body)
    .items;
const stateOf = async (task_id: string) =>
  (await api.call('GET', `/api/v1/orchestrator/tasks/${task_id}?`, { as: 'analyst' })).body.state;

const leaving: [string, (name: string) => Promise<Answer>][] = [
  ['deleted', (name) => api.call('DELETE', `/api/v1/users/${name}`, { as: 'admin' })],
  ['disabled', (name) => api.call('PATCH', `/api/v1/users/${name}`, { as: 'admin', body: { disabled: true } })],
  ['demoted', (name) => api.call('PATCH', `/api/v1/users/${name}`, { as: 'admin', body: { role: 'viewer' } })],
];

test.each(leaving)('what a user asked for who was %s since is not done, whoever approves it', async (how, leave) => {
  const name = `asker-${how}`;
  await api.signIn(name, 'analyst');
  const { task_id, approval } = await ask(name);
  await leave(name);
  const answer = await approve('anna', approval);
  expect([answer.status, answer.body.error.code]).toEqual([403, 'AURORA-4031']);
  await expect.poll(() => stateOf(task_id)).toBe('rejected');
  expect(isolated).toEqual([]);
});

test.each(leaving)('the yes of a user who was %s since is no first of two', async (how, leave) => {
  const name = `voter-${how}`;
  await api.signIn(name, 'analyst');
  const { task_id, approval } = await ask('fred');
  expect((await approve(name, approval)).body.state).toBe('pending');
  await leave(name);
  const answer = await approve('anna', approval);
  expect([answer.status, answer.body.state]).toEqual([200, 'pending']);
  expect(await stateOf(task_id)).toBe('auth_required');
  expect(isolated).toEqual([]);
});

test('a new user of the same name inherits no yes', async () => {
  await api.signIn('twice', 'analyst');
  const { approval } = await ask('fred');
  await approve('twice', approval);
  await api.call('DELETE', '/api/v1/users/twice', { as: 'admin' });
  await api.signIn('twice', 'analyst');
  expect((await approve('anna', approval)).body.state).toBe('pending');
  expect((await approve('twice', approval)).body.state).toBe('granted');
});

test('ATK-D4: who rejected an action, and what they wrote, is for those who may read approvals', async () => {
  const receipts = await api.follow('/api/v1/ws/investigation-receipts', { as: 'viewer' });
  const { task_id, approval } = await ask('fred');
  const { approval_id, action_hash } = approval;
  const vote = { action_hash, note: 'a nurse works on it' };
  await api.call('POST', `/api/v1/approvals/${approval_id}/reject`, { as: 'anna', body: vote });
  const receipt = await receipts.until(({ id }) => id === task_id);
  const task = `/api/v1/orchestrator/tasks/${task_id}`;
  const history = '/api/v1/orchestrator/history?state=rejected';
  const readBy = async (as: string) =>
    Promise.all([task, `${task}/events`, history].map(async (path) => (await api.call('GET', path, { as })).text));
  for (const text of await readBy('analyst')) expect(text).toContain('Rejected by user:anna: a nurse works on it');
  const hidden = [...(await readBy('viewer')), JSON.stringify(receipt)];
  for (const text of hidden) expect(text).not.toMatch(/user:anna|nurse|rejected_by/);
  expect(receipt.data['error']).toEqual({ code: 4031, message: 'Rejected' });
});

test('ATK-D4: a dispatch that waits, or is repeated, tells who rejected it to those who may read approvals alone', async () => {
  const scopes = ['investigations:write', 'edr:write'];
  const made = await api.call('POST', '/api/v1/auth/api-keys', { as: 'admin', body: { name: 'soar', scopes } });
  const waiting = (host: string, headers: Record<string, string>, as?: string) =>
    api.call('POST', '/api/v1/orchestrator/dispatch?wait=true', {
      ...(as !== undefined && { as }),
      body: { to: { skill: 'isolate_host' }, params: { host } },
      headers: { 'idempotency-key': `waits-${host}`, ...headers },
    });
  const reject = async (host: string) => {
    const ofHost = async () => (await pending()).find(({ params }) => params['host'] === host);
    await expect.poll(ofHost).toBeTruthy();
    const { approval_id, action_hash } = (await ofHost())!;
    const body = { action_hash, note: 'a nurse works on it' };
    expect((await api.call('POST', `/api/v1/approvals/${approval_id}/reject`, { as: 'anna', body })).status).toBe(200);
  };
  const key = { 'x-api-key': made.body.api_key };
  const [hidden] = await Promise.all([waiting('ws-key', key), reject('ws-key')]);
  const again = await waiting('ws-key', key);
  for (const { status, text } of [hidden, again]) {
    expect([status, text]).toEqual([403, expect.stringContaining('approvals:read')]);
    expect(text).not.toMatch(/user:anna|nurse|rejected_by/);
  }
  const [read] = await Promise.all([waiting('ws-fred', {}, 'fred'), reject('ws-fred')]);
  expect(read.text).toContain('Rejected by user:anna: a nurse works on it');
});

test('ATK-D4: on the record of a task a viewer sees that people were asked, and not what', async () => {
  const { task_id, approval } = await ask('fred');
  await approve('anna', approval);
  await approve('fred', approval);
  const path = `/api/v1/orchestrator/tasks/${task_id}/events`;
  const [read, hidden] = await Promise.all(['analyst', 'viewer'].map((as) => api.call('GET', path, { as })));
  expect(read?.text).toContain(approval.action_hash);
  expect(hidden?.body.items).toHaveLength(read?.body.items.length ?? 0);
  expect(hidden?.text).not.toMatch(
    new RegExp(`${approval.action_hash}|${approval.approval_id}|user:anna|policy_version`),
  );
  const about = hidden?.body.items.filter(({ type }) => String(type).startsWith('approval_') || type === 'audit');
  expect(about?.map(({ type, payload }) => [type, payload])).toEqual([
    ['approval_asked', { hidden: 'approvals:read' }],
    ['approval_voted', { hidden: 'approvals:read' }],
    ['audit', { hidden: 'approvals:read' }],
  ]);
});

test('one user who waits for many tasks leaves places to others: what is over their share is answered at once', async () => {
  for (const name of ['many', 'other']) await api.signIn(name, 'analyst');
  const waiting = (as: string, nth: number) =>
    api.call('POST', '/api/v1/orchestrator/dispatch?wait=true', {
      as,
      body: { to: { skill: 'isolate_host' }, params: { host: `${as}-${nth}` } },
      headers: { 'idempotency-key': `${as}-${nth}` },
    });
  const many = Array.from({ length: 33 }, (_, nth) => waiting('many', nth));
  const first = await Promise.race(many);
  expect([first.status, Object.keys(first.body)]).toEqual([202, ['task_id', 'state']]);
  const other = waiting('other', 0);
  const open = async () =>
    (await pending()).filter(({ params }) => ['many-', 'other-'].some((who) => String(params['host']).startsWith(who)));
  await expect.poll(async () => (await open()).length).toBe(34);
  for (const { approval_id, action_hash } of await open()) {
    await api.call('POST', `/api/v1/approvals/${approval_id}/reject`, { as: 'analyst', body: { action_hash } });
  }
  expect((await other).status).toBe(403);
  expect((await Promise.all(many)).map(({ status }) => status).sort()).toEqual([202, ...Array<number>(32).fill(403)]);
}, 30_000);
