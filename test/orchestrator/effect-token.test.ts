/** The token of a granted effect: what is signed, how long it counts, and that the receiver of docs/effect-receiver.md takes nothing else. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, digestOf } from '../../mesh/index.ts';
import { ApprovalPage, skill } from '../../protocol/index.ts';
import { memoryInbox, recordedEffects, systemClock, toIso } from '../../seams/index.ts';
import { acceptTask, ask, desksOfTests, lease, ORCHESTRATOR, use, vote, type Desk } from '../support/approvals.ts';
import { identityOf, startMesh } from '../support/mesh.ts';

type ClaimsOf = (
  authorization: string,
  order: object,
  public_key: string,
  now_ms: number,
) => Record<string, unknown> & { exp: number };

const desk = desksOfTests();
const folder = mkdtempSync(join(tmpdir(), 'receiver-'));
let claimsOf: ClaimsOf;

beforeAll(async () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'effect-receiver.md'), 'utf8');
  const [, code = ''] = /```js receiver\n(.*?)```/s.exec(page) ?? [];
  const file = join(folder, 'receiver.mjs');
  writeFileSync(file, code);
  ({ claimsOf } = (await import(/* @vite-ignore */ file)) as { claimsOf: ClaimsOf });
});
afterAll(() => rmSync(folder, { recursive: true }));

const effect = { kind: 'isolate', target: 'ws-7', desired: { state: 'contained', isolation: 'full' } };

/** A granted task, the message that its agent sends, and the token that it was given for it. */
async function granted(at: Desk, more: Parameters<typeof acceptTask>[1] = {}, desired: object = effect.desired) {
  const task = await acceptTask(at, more);
  const approval = await ask(at, task);
  await vote(at, approval, 'operator:eve');
  const fence = await lease(at, task);
  const { approval_id } = approval;
  const { token = '' } = await use(at, task, approval, {
    fence,
    effect_sha256: digestOf({ ...effect, desired }),
  });
  const order = {
    ...effect,
    desired,
    effect_key: 'isolate:ws-7',
    task_id: task.task_id,
    approval_id,
    fence,
    agent_id: 'responder',
  };
  return { task, approval, fence, token, order, authorization: `Bearer ${token}` };
}

describe('what the orchestrator signs for an effect (wire.md 4, ATK-E5)', () => {
  test('is bound to agent, task, fence, approval, params and message, and ends soon', async () => {
    const at = await desk();
    const { task, approval, fence, order, authorization } = await granted(at);
    const claims = claimsOf(authorization, order, ORCHESTRATOR.pin.public_key, at.clock.now());
    const now_s = Math.floor(at.clock.now() / 1_000);
    expect(claims).toEqual({
      iss: 'orchestrator',
      aud: 'effects:responder',
      sub: 'responder',
      iat: now_s,
      exp: now_s + 60, // what the task has left
      jti: expect.stringMatching(/^grant_/) as string,
      task_id: task.task_id,
      fence,
      approval_id: approval.approval_id,
      action_hash: approval.action_hash,
      skill: 'contain_endpoint',
      params_sha256: digestOf(task.params),
      effect_key: 'isolate:ws-7',
      effect_sha256: digestOf(effect),
    });
  });

  test.each([
    { ports: { '443': 'closed', '22': 'closed', '80': 'open' } },
    { '10': 1, '9': { b: [{ '2': 'x', '1': 'y', a: null }], a: true }, é: 'ü', a: 0.5, B: 1e21 },
    { a: { '': [] }, '-1': {}, '01': '\u2028"' },
  ])('counts for %j, whatever order an object keeps', async (desired) => {
    const at = await desk();
    const { order, authorization } = await granted(at, {}, desired);
    const { public_key } = ORCHESTRATOR.pin;
    expect(claimsOf(authorization, order, public_key, at.clock.now())['task_id']).toBe('task_1');
    const changed = { ...order, desired: { ...desired, more: 1 } };
    expect(() => claimsOf(authorization, changed, public_key, at.clock.now())).toThrow('another one');
  });

  test('lasts two minutes at most, and each use has one of its own', async () => {
    const at = await desk();
    const long = { due: at.clock.monotonic() + 900_000, deadline: toIso(at.clock.now() + 900_000) };
    const { task, approval, fence, order, authorization, token } = await granted(at, long);
    const public_key = ORCHESTRATOR.pin.public_key;
    const { exp } = claimsOf(authorization, order, public_key, at.clock.now());
    expect(exp * 1_000).toBe(at.clock.now() + 120_000);
    expect(() => claimsOf(authorization, order, public_key, exp * 1_000)).toThrow('expired');
    const again = await use(at, task, approval, { fence, effect_sha256: digestOf(effect) });
    expect(again.first).toBe(false);
    expect(again.token).not.toBe(token);
    expect(claimsOf(`Bearer ${again.token}`, order, public_key, at.clock.now())['task_id']).toBe(task.task_id);
  });

  test.each([
    ['another target', { target: 'dc-1' }],
    ['another state', { desired: { state: 'released' } }],
    ['another task', { task_id: 'task_2' }],
    ['another fence', { fence: 7 }],
    ['another approval', { approval_id: 'approval_9_task_1' }],
    ['another agent', { agent_id: 'rogue' }],
    ['another effect', { effect_key: 'isolate:dc-1' }],
  ])('does not count for %s', async (_what, change) => {
    const at = await desk();
    const { order, authorization } = await granted(at);
    const judge = () => claimsOf(authorization, { ...order, ...change }, ORCHESTRATOR.pin.public_key, at.clock.now());
    expect(judge).toThrow('another one');
  });

  test('does not count altered, unsigned, or signed by somebody else', async () => {
    const at = await desk();
    const { order, token } = await granted(at);
    const [head = '', claims = '', signature = ''] = token.split('.');
    const forged = Buffer.from(claims, 'base64url').toString().replace('"fence":1', '"fence":2');
    const parts = [head, Buffer.from(forged).toString('base64url'), signature];
    const none = Buffer.from('{"alg":"none","typ":"aurora-effect+jwt"}').toString('base64url');
    const { public_key } = ORCHESTRATOR.pin;
    const now = at.clock.now();
    for (const bad of [
      parts.join('.'),
      `${none}.${claims}.`,
      `${none}.${claims}.${signature}`,
      `${head}.${claims}.`,
      '',
    ])
      expect(() => claimsOf(`Bearer ${bad}`, order, public_key, now)).toThrow('not signed');
    const stranger = identityOf('orchestrator', 'orchestrator').pin.public_key;
    expect(() => claimsOf(`Bearer ${token}`, order, stranger, now)).toThrow('not signed');
  });
});

test('a driver is handed a token that proves exactly what people allowed, from ask to effect (ATK-E5)', async () => {
  const contain = skill({
    id: 'contain_endpoint',
    title: 'Contain',
    description: 'Contains an endpoint.',
    tags: ['act'],
    effect: 'idempotent',
    action_class: 'high',
    targets: ['/endpoint'],
    effect_kinds: ['isolate'],
    params: z.object({ endpoint: z.string() }),
    result: z.object({ applied: z.boolean() }),
  });
  const act = contain.implement(async ({ endpoint }, ctx) => {
    const { applied } = await ctx.effects.apply({ kind: 'isolate', target: endpoint, desired: { state: 'contained' } });
    return { applied };
  });
  const responder = defineAgent({ id: 'responder', name: 'R', description: 'Acts.', skills: [act] });
  const effects = recordedEffects();
  const mesh = await startMesh([responder], {
    operators: ['operator:eve'],
    orchestrator: { mode: 'active' },
    host: { effects, inbox: memoryInbox(systemClock) },
  });
  await mesh.online(1);
  const params = { endpoint: 'ws-7' };
  const ask = { to: { skill: 'contain_endpoint' }, params, options: { idempotency_key: 'k', on_approval: 'return' } };
  await expect(mesh.operator.request('handoff', ask)).rejects.toMatchObject({ code: 4032 });
  const { items } = ApprovalPage.parse(await mesh.as('operator:eve').request('approval/list', {}));
  const { approval_id = '', action_hash = '' } = items[0] ?? {};
  await mesh.as('operator:eve').request('approval/decide', { approval_id, action_hash, decision: 'approve' });
  expect(await mesh.operator.request('handoff', ask)).toEqual({ applied: true });
  const [{ token, ...order } = { token: undefined }] = effects.orders;
  const claims = claimsOf(`Bearer ${token}`, order, mesh.pin.public_key, Date.now());
  expect(claims).toMatchObject({ approval_id, action_hash, params_sha256: digestOf(params), sub: 'responder' });
});
