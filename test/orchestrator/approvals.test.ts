/** Approvals: asked, answered and used over a real record; what is refused stands on it (wire.md 8, INV13). */
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, type Agent } from '../../mesh/index.ts';
import { createLedger } from '../../orchestrator/index.ts';
import { createPolicy, PolicyRules, type Policy } from '../../orchestrator/policy.ts';
import { ApprovalPage, skill } from '../../protocol/index.ts';
import { actionHashOf, actionOf, effectsBegun, objectionToUse, type BoundAction } from '../../orchestrator/approval.ts';
import { toEnd, withEffects } from '../../orchestrator/ending.ts';
import type { TaskRow } from '../../orchestrator/ledger.ts';
import type { NotifyWaiting } from '../../orchestrator/notices.ts';
import { manualClock, silentLog, type ManualClock } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import {
  acceptTask,
  acting,
  ask,
  desksOfTests,
  lease,
  outcomeOf,
  recordOf,
  use,
  vote,
  type Desk,
} from '../support/approvals.ts';
import { settled } from '../support/drive.ts';
import { startMesh } from '../support/mesh.ts';

const desk = desksOfTests();
const never = new AbortController().signal;

describe('asking', () => {
  test('a task that acts waits, people are told what exactly it is, and one other person lets it go on', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    const approval = await ask(at, task);
    expect(task.state).toBe('auth_required');
    expect(approval).toMatchObject({
      state: 'pending',
      needed: 1,
      params: { endpoint: 'ws-7' },
      targets: ['ws-7'],
      requester: ['operator:bob'],
      expires_at: '2026-01-01T00:30:00.000Z',
    });
    const { approval_id, action_hash } = approval;
    expect(at.told[0]?.value).toMatchObject({ state: 'auth_required', approval_id, action_hash, targets: ['ws-7'] });
    const answered = at.approvals.answered(task, never);
    expect(await outcomeOf(answered)).toBe('waiting');
    await vote(at, approval, 'operator:eve');
    expect(await outcomeOf(answered)).toBe('granted');
    expect(task).toMatchObject({
      state: 'submitted',
      approvals: [{ state: 'granted', votes: [{ by: 'operator:eve' }] }],
    });
    expect(await at.approvals.permit(task, { agent_id: 'responder', traits: acting() })).toBe('allowed');
    expect(await recordOf(at)).toEqual(['approval_asked', 'approval_voted', 'approval_granted']);
  });

  test('the time of the task stands still while people think, also in the record (wire.md 7)', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    at.clock.advance(10_000);
    const approval = await ask(at, task);
    at.clock.advance(600_000);
    await vote(at, approval, 'operator:eve');
    expect(task.due - at.clock.monotonic()).toBe(50_000);
    expect(Date.parse(task.deadline) - at.clock.now()).toBe(50_000);
  });

  test('what policy lets pass has an approval of its own, so that using one is always the same road', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    const approval = await ask(at, task, acting({ action_class: 'low' }));
    expect([approval.state, approval.needed, task.state]).toEqual(['granted', 0, 'submitted']);
    expect(await use(at, task, approval, { fence: await lease(at, task) })).toMatchObject({ first: true });
  });

  test('what only reads, and what runs in dry_run or monitor, asks nobody and can use nothing (ATK-F9)', async () => {
    const at = await desk();
    for (const mode of ['dry_run', 'monitor'] as const) {
      const task = await acceptTask(at, { task_id: mode, mode });
      expect(await at.approvals.permit(task, { agent_id: 'responder', traits: acting() })).toBe('allowed');
      expect(task.approvals).toBeUndefined();
      const fence = await lease(at, task);
      const forged = { approval_id: `approval_1_${mode}`, action_hash: 'h' };
      await expect(use(at, task, forged, { fence })).rejects.toMatchObject({ code: 4031 });
      expect(await recordOf(at, mode)).toEqual(['refused 4031 responder isolate:ws-7']);
    }
    const reading = await acceptTask(at, { task_id: 'reading', key: undefined });
    expect(await at.approvals.permit(reading, { agent_id: 'a', traits: acting({ action_class: 'read' }) })).toBe(
      'allowed',
    );
  });

  test('a skill that acts needs an idempotency key (wire.md 7)', async () => {
    const at = await desk();
    const order = { requester: 'operator:bob', mode: 'active' as const, has_key: false, traits: acting() };
    expect(() => at.approvals.admit(order)).toThrow(/idempotency_key/);
    expect(() => at.approvals.admit({ ...order, mode: 'monitor' })).not.toThrow();
    const task = await acceptTask(at, { key: undefined });
    await expect(ask(at, task)).rejects.toMatchObject({ code: -32602 });
  });

  test('the sixth question within a minute needs a second person, the eleventh is refused until it is over (ATK-F10)', async () => {
    const at = await desk();
    const order = { requester: 'operator:bob', mode: 'active' as const, has_key: true, traits: acting() };
    const needed: number[] = [];
    for (let nth = 1; nth <= 10; nth++) {
      at.approvals.admit(order);
      needed.push((await ask(at, await acceptTask(at, { task_id: `t${nth}` }))).needed);
      at.clock.advance(1_000);
    }
    expect(needed).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    expect(() => at.approvals.admit(order)).toThrow(expect.objectContaining({ code: 4290, retry_after_ms: 50_000 }));
    expect(() => at.approvals.admit({ ...order, requester: 'operator:ann' })).not.toThrow();
    expect(() => at.approvals.admit({ ...order, traits: acting({ action_class: 'low' }) })).not.toThrow();
    at.clock.advance(50_000);
    expect(() => at.approvals.admit(order)).not.toThrow();
  });

  test('nobody is held up by a notifier that hangs, and what waits meanwhile is told at once (ATK-F10)', async () => {
    const told: string[][] = [];
    const hang = (approvals: readonly { task_id: string }[]) => {
      told.push(approvals.map(({ task_id }) => task_id));
      return new Promise<void>(() => undefined);
    };
    const at = await desk({ notify: hang });
    for (const task_id of ['t1', 't2', 't3']) await ask(at, await acceptTask(at, { task_id }));
    await settled();
    expect(told).toEqual([['t1']]);
    at.clock.advance(10_000);
    await settled();
    expect(told).toEqual([['t1'], ['t2', 't3']]);
  });
});

describe('answering', () => {
  test('the requester cannot approve, and the attempt is on record (INV13)', async () => {
    const at = await desk();
    const task = await acceptTask(at, { from: 'triage' });
    const approval = await ask(at, task);
    expect(approval.requester).toEqual(['operator:bob', 'triage']);
    await expect(vote(at, approval, 'operator:bob')).rejects.toMatchObject({ code: 4030 });
    await expect(vote(at, approval, 'triage')).rejects.toMatchObject({ code: 4030 });
    expect(task.state).toBe('auth_required');
    expect(await recordOf(at)).toEqual(['approval_asked', 'refused 4030 operator:bob', 'refused 4030 triage']);
  });

  test('one name is one person, whichever key it is shown with: neither as requester nor twice (INV13)', async () => {
    const at = await desk();
    const own = await acceptTask(at, {
      from: 'user:bob',
      actor: { sub: 'user:bob', scopes: ['*'], tenant: 'default' },
    });
    const approval = await ask(at, own);
    await expect(vote(at, approval, 'operator:bob')).rejects.toMatchObject({ code: 4030 });
    await expect(vote(at, approval, 'user:BOB')).rejects.toMatchObject({ code: 4030 });
    expect(own.state).toBe('auth_required');

    const two = await ask(at, await acceptTask(at, { task_id: 't2' }), acting({ action_class: 'irreversible' }));
    expect(await vote(at, two, 'operator:eve')).toMatchObject({ state: 'pending' });
    await expect(vote(at, two, 'user:eve')).rejects.toMatchObject({ code: 4090 });
    expect(await vote(at, two, 'user:ann')).toMatchObject({ state: 'granted' });
  });

  test('an agent is no person, whatever it is called', async () => {
    const at = await desk();
    const approval = await ask(at, await acceptTask(at, { from: 'eve' }));
    expect(await vote(at, approval, 'operator:eve')).toMatchObject({ state: 'granted' });
  });

  test('only those whom the policy names decide', async () => {
    const at = await desk({ rules: { approvers: ['operator:eve'] } });
    const task = await acceptTask(at);
    const approval = await ask(at, task);
    await expect(vote(at, approval, 'operator:mallory')).rejects.toMatchObject({ code: 4030 });
    expect(await vote(at, approval, 'operator:eve')).toMatchObject({ state: 'granted' });
    expect(await recordOf(at)).toContain('refused 4030 operator:mallory');
  });

  test('whom the policy names is that person, whichever key they decide with', async () => {
    const at = await desk({ rules: { approvers: ['operator:anna'] } });
    const approval = await ask(at, await acceptTask(at));
    for (const by of ['user:ann', 'anna']) {
      await expect(vote(at, approval, by)).rejects.toMatchObject({ code: 4030 });
    }
    expect(await vote(at, approval, 'user:anna')).toMatchObject({ state: 'granted' });
  });

  test('what cannot be undone needs two different people', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    const approval = await ask(at, task, acting({ action_class: 'irreversible' }));
    expect(await vote(at, approval, 'operator:eve')).toMatchObject({ state: 'pending' });
    await expect(vote(at, approval, 'operator:eve')).rejects.toMatchObject({ code: 4090 });
    expect(task.state).toBe('auth_required');
    expect(await vote(at, approval, 'operator:ann')).toMatchObject({ state: 'granted' });
    expect(await recordOf(at)).toEqual([
      'approval_asked',
      'approval_voted',
      'refused 4090 operator:eve',
      'approval_voted',
      'approval_granted',
    ]);
  });

  test('the first decision wins, also when two come at once', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    const approval = await ask(at, task);
    const both = await Promise.allSettled([
      vote(at, approval, 'operator:eve', 'reject', 'a nurse works on it'),
      vote(at, approval, 'operator:ann'),
    ]);
    expect(both).toMatchObject([{ value: { state: 'rejected' } }, { reason: { code: 4090 } }]);
    await expect(at.approvals.answered(task, never)).rejects.toMatchObject({
      code: 4031,
      message: 'Rejected by operator:eve: a nurse works on it',
    });
  });

  test('a vote for what the person did not see counts nothing (ATK-F6)', async () => {
    const at = await desk();
    const approval = await ask(at, await acceptTask(at));
    await expect(vote(at, { ...approval, action_hash: 'f'.repeat(64) }, 'operator:eve')).rejects.toMatchObject({
      code: 4090,
    });
    expect(await recordOf(at)).toEqual(['approval_asked', 'refused 4090 operator:eve']);
  });

  test('an unknown approval does not exist', async () => {
    const at = await desk();
    const approval = await ask(at, await acceptTask(at));
    for (const approval_id of ['approval_2_task_1', 'approval_1_task_2', 'x', '']) {
      await expect(vote(at, { ...approval, approval_id }, 'operator:eve')).rejects.toMatchObject({ code: 4040 });
    }
  });

  test('nobody answers: 4080 after half an hour, and a vote after it counts nothing (ATK-F7)', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    const approval = await ask(at, task);
    const answered = at.approvals.answered(task, never);
    answered.catch(() => undefined);
    for (let minute = 1; minute < 30; minute++) {
      at.clock.advance(60_000);
      await settled();
    }
    expect(await outcomeOf(answered)).toBe('waiting');
    at.clock.advance(60_000);
    await settled();
    await expect(answered).rejects.toMatchObject({ code: 4080 });
    const late = { code: 4090, message: 'This approval is expired already' };
    await expect(vote(at, approval, 'operator:eve')).rejects.toMatchObject(late);
    expect(await recordOf(at)).toEqual(['approval_asked', 'refused 4090 operator:eve']);
    await at.ledger.settle('task_1', { state: 'failed', error: { code: 4080, message: 'late' } });
    expect(task).toMatchObject({ state: 'failed', outcome: 'expired', approvals: [{ state: 'expired' }] });
  });

  test('the wall rules: set forward, the question expires within a minute (FLT-X32)', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    await ask(at, task);
    const answered = at.approvals.answered(task, never);
    answered.catch(() => undefined);
    await settled();
    at.clock.jumpWall(3_600_000);
    at.clock.advance(60_000);
    await expect(answered).rejects.toMatchObject({ code: 4080 });
  });

  test('a cancelled task leaves no question open', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    const approval = await ask(at, task);
    await at.ledger.settle('task_1', { state: 'canceled', error: { code: 4990, message: 'c' } });
    expect(task.approvals).toMatchObject([{ state: 'void' }]);
    await expect(vote(at, approval, 'operator:eve')).rejects.toMatchObject({ code: 4090 });
  });
});

describe('using', () => {
  const granted = async (at: Desk, more: Parameters<typeof acceptTask>[1] = {}, traits = acting()) => {
    const task = await acceptTask(at, more);
    const approval = await ask(at, task, traits);
    await vote(at, approval, 'operator:eve');
    return { task, approval, fence: await lease(at, task) };
  };

  test('once: the same effect again is not the first, another effect on the target is refused (ATK-F5)', async () => {
    const at = await desk();
    const { task, approval, fence } = await granted(at, {}, acting({ effect_kinds: ['isolate', 'wipe'] }));
    const both = await Promise.all([use(at, task, approval, { fence }), use(at, task, approval, { fence })]);
    expect(both.map(({ first }) => first)).toEqual([true, false]);
    await expect(use(at, task, approval, { fence, kind: 'wipe' })).rejects.toMatchObject({ code: 4090 });
    expect((await recordOf(at)).slice(3)).toEqual(['approval_consumed', 'refused 4090 responder wipe:ws-7']);
  });

  test('an approval for one endpoint is none for another (ATK-F5)', async () => {
    const at = await desk();
    const { task, approval, fence } = await granted(at);
    await expect(use(at, task, approval, { fence, target: 'ws-8' })).rejects.toMatchObject({ code: 4031 });
    expect((await recordOf(at)).at(-1)).toBe('refused 4031 responder isolate:ws-8');
  });

  test('nor one of another task: that is on the record of the one who tried (ATK-F5)', async () => {
    const at = await desk();
    const { approval } = await granted(at);
    const other = await granted(at, { task_id: 'task_2' });
    await expect(use(at, other.task, approval, { fence: 1 })).rejects.toMatchObject({ code: 4040 });
    expect((await recordOf(at, 'task_2')).at(-1)).toBe('refused 4040 responder isolate:ws-7');
    expect(await recordOf(at)).not.toContain('refused 4040 responder isolate:ws-7');
  });

  test('not after it expired (ATK-F5)', async () => {
    const at = await desk();
    const { task, approval, fence } = await granted(at);
    at.clock.advance(1_800_000);
    await expect(use(at, task, approval, { fence })).rejects.toMatchObject({ code: 4080 });
    expect((await recordOf(at)).at(-1)).toBe('refused 4080 responder isolate:ws-7');
  });

  test('used in time, it stays good for the same effect, and for no other (wire.md 8)', async () => {
    const at = await desk();
    const params = { endpoints: ['ws-1', 'ws-2'] };
    const traits = acting({ targets: ['/endpoints'] });
    const { task, approval, fence } = await granted(at, { params }, traits);
    await use(at, task, approval, { fence, target: 'ws-1' });
    at.clock.advance(1_800_000);
    await at.ledger.release('task_1', fence, 'link_lost');
    expect(await at.approvals.permit(task, { agent_id: 'responder', traits })).toBe('allowed');
    const again = await lease(at, task);
    expect(await use(at, task, approval, { fence: again, target: 'ws-1' })).toMatchObject({ first: false });
    await expect(use(at, task, approval, { fence: again, target: 'ws-2' })).rejects.toMatchObject({ code: 4080 });
    expect(task.approvals).toHaveLength(1);
  });

  test.each(['monitor', 'dry_run'] as const)(
    'not while the fleet is in %s, also what was granted in active (INV14)',
    async (stricter) => {
      let mode: 'active' | 'monitor' | 'dry_run' = 'active';
      const at = await desk({ mode: () => mode });
      const { task, approval, fence } = await granted(at);
      mode = stricter;
      await expect(use(at, task, approval, { fence })).rejects.toMatchObject({ code: 4031 });
      expect((await recordOf(at)).at(-1)).toBe('refused 4031 responder isolate:ws-7');
      mode = 'active';
      expect(await use(at, task, approval, { fence })).toMatchObject({ first: true });
      mode = stricter;
      await expect(use(at, task, approval, { fence })).rejects.toMatchObject({ code: 4031 });
    },
  );

  test('not before it was given', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    const approval = await ask(at, task);
    await expect(use(at, task, approval)).rejects.toMatchObject({ code: 4032 });
    expect((await recordOf(at)).at(-1)).toBe('refused 4032 responder isolate:ws-7');
  });

  test('not under a lease that was given on, nor by another agent (INV7)', async () => {
    const at = await desk();
    const { task, approval } = await granted(at);
    await at.ledger.release('task_1', 1, 'link_lost');
    await expect(use(at, task, approval, { fence: 1 })).rejects.toMatchObject({ code: 4090 });
    expect(await lease(at, task)).toBe(2);
    await expect(use(at, task, approval, { fence: 1 })).rejects.toMatchObject({ code: 4090 });
    await expect(use(at, task, approval, { fence: 2, agent_id: 'rogue' })).rejects.toMatchObject({ code: 4090 });
    expect(await use(at, task, approval, { fence: 2 })).toMatchObject({ first: true });
    expect((await recordOf(at)).filter((line) => line.startsWith('refused'))).toHaveLength(3);
  });

  test('not after the end of the task, also when end and use come together', async () => {
    const at = await desk();
    const { task, approval, fence } = await granted(at);
    const end = at.ledger.settle('task_1', { state: 'canceled', error: { code: 4990, message: 'c' } });
    await expect(use(at, task, approval, { fence })).rejects.toMatchObject({ code: 4090 });
    await end;
    await expect(use(at, task, approval, { fence })).rejects.toMatchObject({ code: 4090 });
    expect((await recordOf(at)).slice(3)).toEqual(Array(2).fill('refused 4090 responder isolate:ws-7'));
  });

  test('each of several approved targets once', async () => {
    const at = await desk();
    const params = { endpoints: ['ws-1', 'ws-2'] };
    const { task, approval, fence } = await granted(at, { params }, acting({ targets: ['/endpoints'] }));
    for (const target of ['ws-1', 'ws-2']) {
      expect(await use(at, task, approval, { fence, target })).toMatchObject({ first: true });
    }
    await expect(use(at, task, approval, { fence, target: 'ws-3' })).rejects.toMatchObject({ code: 4031 });
  });

  test('a flood of refusals is counted, and no longer written down', async () => {
    const at = await desk();
    const { task, approval, fence } = await granted(at);
    for (let nth = 0; nth < 100; nth++) await use(at, task, approval, { fence, target: 'x' }).catch(() => undefined);
    expect((await recordOf(at)).filter((line) => line.startsWith('refused'))).toHaveLength(64);
    expect(at.metrics.of('approvals_refused_total')).toBe(100);
  });
});

describe('the binding', () => {
  const text = fc.string({ maxLength: 12 });
  const action: fc.Arbitrary<BoundAction> = fc.record({
    tenant: text,
    task_id: text,
    agent_id: text,
    skill: text,
    params: fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
    policy_version: text,
    requester: fc.array(text, { minLength: 1, maxLength: 3 }),
  });
  const field = fc.constantFrom<keyof BoundAction>(
    'tenant',
    'task_id',
    'agent_id',
    'skill',
    'params',
    'policy_version',
    'requester',
  );

  test('whatever of an action changes, its hash changes; what does not, does not (ATK-F5)', () => {
    fc.assert(
      fc.property(action, action, field, (one, other, key) => {
        const changed = { ...one, [key]: other[key] };
        const is_same = JSON.stringify(canonical(one[key])) === JSON.stringify(canonical(other[key]));
        expect(actionHashOf(changed) === actionHashOf(one)).toBe(is_same);
        expect(actionHashOf({ ...JSON.parse(JSON.stringify(one)) } as BoundAction)).toBe(actionHashOf(one));
      }),
    );
  });

  test('whatever of a granted task is not as it was approved, the effect is refused (ATK-F5)', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    const approval = await ask(at, task);
    await vote(at, approval, 'operator:eve');
    const { approval_id, action_hash, policy_version } = approval;
    const asked = {
      use: { approval_id, action_hash, effect_key: 'isolate:ws-7' },
      agent_id: 'responder',
      now: at.clock.now(),
      policy_version,
      mode: 'active' as const,
    };
    const kept = task.approvals![0];
    expect(objectionToUse(task, kept, asked)).toBeUndefined();
    const changes: fc.Arbitrary<Partial<TaskRow>> = fc.oneof(
      fc.record({ params: fc.dictionary(text, fc.jsonValue({ maxDepth: 1 })) }),
      fc.record({ skill: text }),
      fc.record({ task_id: text }),
      fc.record({ from: text }),
      fc.record({ actor: fc.record({ sub: text, tenant: text, scopes: fc.constant<string[]>(['*']) }) }),
    );
    fc.assert(
      fc.property(changes, (change) => {
        expect(objectionToUse(Object.assign({ ...task }, change), kept, asked)?.code).toBe(4090);
      }),
    );
    fc.assert(
      fc.property(text, (other) => {
        for (const change of [
          { agent_id: other },
          { policy_version: other },
          { use: { ...asked.use, action_hash: other } },
        ])
          expect(objectionToUse(task, kept, { ...asked, ...change })?.code).toBe(4090);
      }),
    );
  });
});

describe('the kinds of effects', () => {
  test('a skill that declares none has the one that it is called like: nothing else was shown (ATK-F5)', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    const approval = await ask(at, task, acting({ effect_kinds: [] }));
    expect(approval.effect_kinds).toEqual(['contain_endpoint']);
    await vote(at, approval, 'operator:eve');
    const fence = await lease(at, task);
    await expect(use(at, task, approval, { fence, kind: 'isolate' })).rejects.toMatchObject({
      code: 4031,
      message: expect.stringContaining('contain_endpoint declares its effect_kinds') as string,
    });
    expect(await use(at, task, approval, { fence, kind: 'contain_endpoint' })).toMatchObject({ first: true });
  });

  test('of several that are declared each may be, but only one for each target', async () => {
    const at = await desk();
    const task = await acceptTask(at, { params: { endpoint: ['ws-7', 'ws-8'] } });
    const approval = await ask(at, task, acting({ effect_kinds: ['isolate', 'tag'] }));
    await vote(at, approval, 'operator:eve');
    const fence = await lease(at, task);
    expect(await use(at, task, approval, { fence, kind: 'tag' })).toMatchObject({ first: true });
    expect(await use(at, task, approval, { fence, target: 'ws-8' })).toMatchObject({ first: true });
    await expect(use(at, task, approval, { fence })).rejects.toMatchObject({ code: 4090 });
  });

  test('what an earlier release began without saying which kinds goes on, and nothing else is begun', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    const approval = await ask(at, task);
    await vote(at, approval, 'operator:eve');
    const fence = await lease(at, task);
    await use(at, task, approval, { fence });
    task.approvals = task.approvals!.map((one) => ({ ...one, effect_kinds: [] }));
    expect(await use(at, task, approval, { fence })).toMatchObject({ first: false });
    task.approvals = task.approvals.map((one) => ({ ...one, consumed: [] }));
    await expect(use(at, task, approval, { fence })).rejects.toMatchObject({ code: 4031 });
  });
});

describe('after an upgrade, under a policy of another version', () => {
  /** A granted task whose approval says that it was given by an earlier release, and binds its version. */
  const earlier = async (at: Desk) => {
    const task = await acceptTask(at);
    const approval = await ask(at, task);
    await vote(at, approval, 'operator:eve');
    await lease(at, task);
    const policy_version = 'of an earlier release';
    const action_hash = actionHashOf(actionOf(task, 'responder', policy_version));
    task.approvals = [{ ...approval, ...task.approvals![0]!, policy_version, action_hash, effect_kinds: [] }];
    return { task, old: task.approvals[0]! };
  };
  const beginUnder = ({ task, old }: Awaited<ReturnType<typeof earlier>>) => {
    const consumed = [{ effect_key: 'isolate:ws-7', at: old.asked_at }];
    task.approvals = task.approvals!.map((one) => ({ ...one, consumed }));
  };

  test('what it began goes on under its own version, and nothing else is begun (ATK-F5)', async () => {
    const at = await desk();
    const before = await earlier(at);
    const { task, old } = before;
    await expect(use(at, task, old)).rejects.toMatchObject({ code: 4090 });
    beginUnder(before);
    expect(await use(at, task, old)).toMatchObject({ first: false });
    await expect(use(at, task, old, { target: 'ws-8' })).rejects.toMatchObject({ code: 4090 });
    Object.assign(task, { params: { endpoint: 'ws-8' } });
    await expect(use(at, task, old)).rejects.toMatchObject({ code: 4090 });
  });

  test('what it began goes on under new rules, but not where they protect its target (ATK-F4)', async () => {
    const under = (rules: Parameters<typeof PolicyRules.parse>[0]) => createPolicy(PolicyRules.parse(rules));
    let now = under({});
    const policy: Policy = {
      get version() {
        return now.version;
      },
      decide: (action) => now.decide(action),
      isProtected: (target) => now.isProtected?.(target) ?? false,
    };
    const at = await desk({ policy });
    const task = await acceptTask(at);
    const approval = await ask(at, task);
    await vote(at, approval, 'operator:eve');
    const fence = await lease(at, task);
    expect(await use(at, task, approval, { fence })).toMatchObject({ first: true });
    now = under({ targets_max: 6, protected_assets: ['ws-8'] });
    expect(await use(at, task, approval, { fence })).toMatchObject({ first: false });
    now = under({ protected_assets: ['ws-7.corp.example'] });
    await expect(use(at, task, approval, { fence })).rejects.toMatchObject({
      code: 4031,
      message: expect.stringContaining('protected by now') as string,
    });
    expect(await recordOf(at)).toContain('refused 4031 responder isolate:ws-7');
  });

  test('asked anew, it is told that the effect was begun before: it does not act twice (wire.md 8)', async () => {
    const at = await desk();
    const before = await earlier(at);
    const { task, old } = before;
    beginUnder(before);
    await at.ledger.release('task_1', 1, 'orchestrator_lost');
    const anew = await ask(at, task);
    expect(anew.approval_id).not.toBe(old.approval_id);
    await vote(at, anew, 'operator:eve');
    const fence = await lease(at, task);
    expect(await use(at, task, anew, { fence })).toMatchObject({ first: false });
    expect(await use(at, task, anew, { fence })).toMatchObject({ first: false });
    expect(effectsBegun(task)).toMatchObject([{ effect_key: 'isolate:ws-7' }]);
  });
});

describe('in the middle of work', () => {
  test('an agent asks for another action, waits for it, and uses it; its own lease goes on', async () => {
    const at = await desk();
    const task = await acceptTask(at, { skill: 'plan_response' });
    const fence = await lease(at, task);
    const asked = { skill: 'execute_step', params: { endpoint: 'ws-9' }, reason: 'r', wait: true };
    const requested = { ...asked, fence, agent_id: 'responder', traits: acting() };
    const approval = await at.approvals.request(task, requested);
    expect([task.state, approval.state, approval.origin]).toEqual(['working', 'pending', 'work']);
    expect(approval.expires_at).toBe(task.deadline);
    expect(await at.approvals.request(task, requested)).toEqual(approval);
    const waiting = at.approvals.granted(task, approval.approval_id, never);
    await vote(at, approval, 'operator:eve');
    expect(await waiting).toMatchObject({ state: 'granted' });
    expect(await use(at, task, approval, { fence, target: 'ws-9' })).toMatchObject({ first: true });
    expect(task).toMatchObject({ state: 'working', deadline: '2026-01-01T00:01:00.000Z' });
  });

  test('under a fence that was given on, nothing is asked (INV7)', async () => {
    const at = await desk();
    const task = await acceptTask(at);
    await lease(at, task);
    const asked = { params: { endpoint: 'ws-9' }, reason: 'r', wait: true, agent_id: 'responder', traits: acting() };
    await expect(at.approvals.request(task, { ...asked, fence: 9 })).rejects.toMatchObject({ code: 4990 });
    expect(task.approvals).toBeUndefined();
  });
});

describe('after a restart', () => {
  const inFolder = async (run: (file: string) => Promise<void>) => {
    const folder = mkdtempSync(join(tmpdir(), 'aurora-approvals-'));
    await run(join(folder, 'ledger.db')).finally(() => rmSync(folder, { recursive: true, force: true }));
  };
  /** What a new process finds: the same file, `down_ms` later, on a monotonic clock that starts anew. */
  const restarted = async (before: Desk, file: string, down_ms: number, rules = {}, notify?: NotifyWaiting) => {
    const now = before.clock.now();
    await before.store.close();
    const at = await desk({ file, clock: manualClock(now + down_ms), rules, ...(notify && { notify }) });
    const [recovered] = await at.ledger.recover();
    return { at, task: recovered!.task };
  };

  test('a question waits on with the rest of its time, and the first of two votes still counts (FLT-X40)', () =>
    inFolder(async (file) => {
      const before = await desk({ file });
      const asked = await ask(before, await acceptTask(before), acting({ action_class: 'irreversible' }));
      await vote(before, asked, 'operator:eve');
      const { at, task } = await restarted(before, file, 1_200_000);
      expect(task).toMatchObject({ state: 'auth_required', approvals: [{ state: 'pending', votes: [{}] }] });
      const answered = at.approvals.answered(task, never);
      expect(await outcomeOf(answered)).toBe('waiting');
      await vote(at, asked, 'operator:ann');
      await answered;
      expect(task.due - at.clock.monotonic()).toBe(60_000);
    }));

  test('a question that expired meanwhile is 4080, and nothing is done (FLT-X40, ATK-F7)', () =>
    inFolder(async (file) => {
      const before = await desk({ file });
      await ask(before, await acceptTask(before));
      const { at, task } = await restarted(before, file, 1_800_000);
      await expect(at.approvals.answered(task, never)).rejects.toMatchObject({ code: 4080 });
    }));

  test('a grant is still there, is used once, and a use from before is not the first again (FLT-X40)', () =>
    inFolder(async (file) => {
      const before = await desk({ file });
      const task_before = await acceptTask(before);
      const asked = await ask(before, task_before);
      await vote(before, asked, 'operator:eve');
      await use(before, task_before, asked, { fence: await lease(before, task_before) });
      const { at, task } = await restarted(before, file, 1_000);
      await at.ledger.release('task_1', 1, 'orchestrator_lost');
      expect(await at.approvals.permit(task, { agent_id: 'responder', traits: acting() })).toBe('allowed');
      expect(await use(at, task, asked, { fence: await lease(at, task) })).toMatchObject({ first: false });
    }));

  test('under other rules nobody can answer the old question: it is asked anew (ATK-F5)', () =>
    inFolder(async (file) => {
      const before = await desk({ file });
      const old = await ask(before, await acceptTask(before));
      const { at, task } = await restarted(before, file, 1_000, { protected_assets: ['dc-*'] });
      await expect(vote(at, old, 'operator:eve')).rejects.toMatchObject({ code: 4090 });
      const anew = await ask(at, task);
      expect(task.approvals).toMatchObject([{ state: 'void' }, { state: 'pending' }]);
      expect(await vote(at, anew, 'operator:eve')).toMatchObject({ state: 'granted' });
    }));

  test('people are reminded of what waits, and not of what nobody can approve any more', () =>
    inFolder(async (file) => {
      const before = await desk({ file });
      await ask(before, await acceptTask(before));
      const told: string[] = [];
      const notify = (all: readonly { approval_id: string }[]) =>
        void told.push(...all.map(({ approval_id }) => approval_id));
      const { at, task } = await restarted(before, file, 1_000, {}, notify);
      at.approvals.remind(task);
      await settled();
      expect(told).toEqual(['approval_1_task_1']);
      const { at: later, task: outdated } = await restarted(at, file, 1_000, { protected_assets: ['dc-*'] }, notify);
      later.approvals.remind(outdated);
      await settled();
      expect(told).toHaveLength(1);
      await ask(later, outdated);
      await settled();
      expect(told.slice(1)).toEqual(['approval_2_task_1']);
    }));

  test('a question of earlier rules can be rejected, and nothing is asked after that', () =>
    inFolder(async (file) => {
      const before = await desk({ file });
      const old = await ask(before, await acceptTask(before));
      const { at, task } = await restarted(before, file, 1_000, { protected_assets: ['dc-*'] });
      const answered = at.approvals.answered(task, never);
      answered.catch(() => undefined);
      expect(await vote(at, old, 'operator:eve', 'reject')).toMatchObject({ state: 'rejected' });
      await expect(answered).rejects.toMatchObject({ code: 4031 });
      await at.approvals.askAnew(task, { agent_id: 'responder', traits: acting() });
      expect(task.approvals).toHaveLength(1);
    }));

  test('asked anew, a task keeps the time that it had, also when the new rules ask nobody', () =>
    inFolder(async (file) => {
      const before = await desk({ file });
      await ask(before, await acceptTask(before));
      const { at, task } = await restarted(before, file, 600_000, { needed: { medium: 0 } });
      const answered = at.approvals.answered(task, never);
      expect([at.approvals.isOutdated(task), await outcomeOf(answered)]).toEqual([true, 'waiting']);
      await at.approvals.askAnew(task, { agent_id: 'responder', traits: acting({ action_class: 'medium' }) });
      await answered;
      expect(task).toMatchObject({ state: 'submitted', approvals: [{ state: 'void' }, { state: 'granted' }] });
      expect(task.due - at.clock.monotonic()).toBe(60_000);
    }));

  test('once something was begun, a question that nobody answers does not claim that nothing was done', () =>
    inFolder(async (file) => {
      const before = await desk({ file });
      const task_before = await acceptTask(before);
      const asked = await ask(before, task_before);
      await vote(before, asked, 'operator:eve');
      await use(before, task_before, asked, { fence: await lease(before, task_before) });
      const { at, task } = await restarted(before, file, 1_000, { protected_assets: ['dc-*'] });
      await at.ledger.release('task_1', 1, 'orchestrator_lost');
      await ask(at, task);
      at.clock.advance(1_800_000);
      const refusal = await at.approvals.answered(task, never).catch((reason: unknown) => reason);
      expect(refusal).toMatchObject({ code: 4080, message: expect.not.stringContaining('nothing was done') as string });
      expect(withEffects(task, toEnd(refusal, { aborted: false, reason: undefined }))).toMatchObject({
        error: {
          code: 4080,
          message: expect.stringContaining('may have happened: isolate:ws-7') as string,
          detail: { effects_begun: [{ effect_key: 'isolate:ws-7' }] },
        },
      });
    }));

  test('the hour of the blast radius goes on (ATK-F4)', () =>
    inFolder(async (file) => {
      const before = await desk({ file, rules: { targets_hour_max: 2 } });
      for (const endpoint of ['ws-1', 'ws-2'])
        await ask(before, await acceptTask(before, { task_id: endpoint, params: { endpoint } }));
      const { at } = await restarted(before, file, 60_000, { targets_hour_max: 2 });
      const third = await acceptTask(at, { task_id: 'third', params: { endpoint: 'ws-3' } });
      await expect(ask(at, third)).rejects.toMatchObject({ code: 4031 });
    }));

  test('what was withdrawn, rejected or ran out leaves the hour free, before a restart and after it (ATK-F4)', () =>
    inFolder(async (file) => {
      const rules = { targets_hour_max: 2 };
      const before = await desk({ file, rules });
      const asking = async (at: Desk, endpoint: string) =>
        ask(at, await acceptTask(at, { task_id: endpoint, params: { endpoint } }));
      await asking(before, 'expired');
      before.clock.advance(1_800_000);
      await asking(before, 'withdrawn');
      await before.ledger.settle('withdrawn', {
        state: 'canceled',
        error: { code: 4990, message: 'asked by its owner' },
      });
      await vote(before, await asking(before, 'rejected'), 'operator:eve', 'reject');
      await vote(before, await asking(before, 'granted'), 'operator:eve');
      await asking(before, 'pending');
      await expect(asking(before, 'third')).rejects.toMatchObject({ code: 4031 });
      const { at } = await restarted(before, file, 60_000, rules);
      await expect(asking(at, 'fourth')).rejects.toMatchObject({ code: 4031 });
      await at.ledger.settle('pending', { state: 'canceled', error: { code: 4990, message: 'asked by its owner' } });
      expect(await asking(at, 'fifth')).toMatchObject({ state: 'pending' });
    }));
});

test('a question outlives its orchestrator: answered after the restart, the same agent does it, with the time it had (FLT-X40)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-approvals-'));
  const file = join(folder, 'ledger.db');
  const ran: string[] = [];
  const told: string[][] = [];
  const start = async (clock: ManualClock) => {
    const endOfTurn = (run: () => void) => queueMicrotask(run);
    const store = await openStore({ file, durability: 'full', clock, log: silentLog, endOfTurn });
    const ledger = createLedger(store, clock);
    const notify = (waiting: readonly { approval_id: string }[]) =>
      void told.push(waiting.map(({ approval_id }) => approval_id));
    const own = { ledger, storeHealth: store.health, epoch: Number(store.epoch), mode: 'active' as const, notify };
    const agents = ['responder', 'responder-two'].map((id) => containing(id, () => ran.push(id)));
    const mesh = await startMesh(agents, { clock, operators: ['operator:eve'], orchestrator: own });
    await mesh.online(2);
    return { mesh, store, ledger };
  };
  const first = await start(manualClock());
  const options = { idempotency_key: 'k', on_approval: 'return', deadline_ms: 30_000 };
  const order = { to: { skill: 'contain_endpoint' }, params: { endpoint: 'ws-7' }, options };
  await expect(first.mesh.operator.request('handoff', order)).rejects.toMatchObject({ code: 4032 });
  const [asked] = await first.ledger.list({ with_approvals: 'open', limit: 1 });
  const { agent_id } = asked!.approvals![0]!;
  await first.store.close();

  const told_once = told.splice(0);
  const second = await start(manualClock(Date.UTC(2026, 0, 1, 0, 10)));
  const { items } = ApprovalPage.parse(await second.mesh.operator.request('approval/list', { state: 'pending' }));
  expect(items).toMatchObject([{ task_id: asked!.task_id, params: { endpoint: 'ws-7' }, agent_id }]);
  // Whoever was not reached before the crash hears of it from the next process.
  expect([told_once, told]).toEqual([[[items[0]?.approval_id]], [[items[0]?.approval_id]]]);
  expect(ran).toEqual([]);
  const { approval_id, action_hash } = items[0]!;
  await second.mesh.as('operator:eve').request('approval/decide', { approval_id, action_hash, decision: 'approve' });
  expect(await second.mesh.operator.request('handoff', order)).toEqual({});
  expect(ran).toEqual([agent_id]);
  expect(await second.ledger.get(asked!.task_id)).toMatchObject({
    state: 'completed',
    deadline: '2026-01-01T00:10:30.000Z',
  });
  expect(await second.store.verifyChain()).toMatchObject({ ok: true });
  await second.store.close();
  rmSync(folder, { recursive: true, force: true });
});

test('under other rules a question is asked anew as soon as its agent is there, and its task goes on (FLT-X40)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-approvals-'));
  const ran: string[] = [];
  const start = async (clock: ManualClock, rules: Parameters<typeof PolicyRules.parse>[0]) => {
    const endOfTurn = (run: () => void) => queueMicrotask(run);
    const file = join(folder, 'ledger.db');
    const store = await openStore({ file, durability: 'full', clock, log: silentLog, endOfTurn });
    const ledger = createLedger(store, clock);
    const orchestrator = {
      ledger,
      storeHealth: store.health,
      epoch: Number(store.epoch),
      mode: 'active' as const,
      rules: PolicyRules.parse(rules),
    };
    const agents = [containing('responder', () => ran.push('responder'))];
    const mesh = await startMesh(agents, { clock, operators: ['operator:eve'], orchestrator });
    await mesh.online(1);
    return { mesh, store, ledger };
  };
  const first = await start(manualClock(), {});
  const options = { idempotency_key: 'k', on_approval: 'return', deadline_ms: 30_000 };
  const order = { to: { skill: 'contain_endpoint' }, params: { endpoint: 'ws-7' }, options };
  await expect(first.mesh.operator.request('handoff', order)).rejects.toMatchObject({ code: 4032 });
  await first.store.close();

  const second = await start(manualClock(Date.UTC(2026, 0, 1, 0, 10)), { protected_assets: ['dc-*'] });
  const eve = second.mesh.as('operator:eve');
  await until(async () => pendingOf(await eve.request('approval/list', { state: 'pending' })).includes('approval_2_'));
  const { items } = ApprovalPage.parse(await eve.request('approval/list', {}));
  expect(items).toMatchObject([{ state: 'pending', budget_ms: 30_000 }, { state: 'void' }]);
  const { approval_id, action_hash } = items[0]!;
  await eve.request('approval/decide', { approval_id, action_hash, decision: 'approve' });
  expect(await second.mesh.operator.request('handoff', order)).toEqual({});
  expect(ran).toEqual(['responder']);
  await second.store.close();
  rmSync(folder, { recursive: true, force: true });
});

const pendingOf = (page: unknown): string =>
  ApprovalPage.parse(page)
    .items.map(({ approval_id }) => approval_id)
    .join(' ');

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    if (await isSo()) return;
    await settled();
  }
  throw new Error('it did not come to that');
}

const TURNS_MAX = 10_000;

const containing = (id: string, ran: () => void): Agent =>
  defineAgent({
    id,
    name: id,
    description: 'Acts.',
    skills: [
      skill({
        id: 'contain_endpoint',
        title: 'Contain',
        description: 'Isolates an endpoint.',
        tags: [],
        effect: 'idempotent',
        action_class: 'high',
        targets: ['/endpoint'],
        params: z.object({ endpoint: z.string() }),
        result: z.object({}),
      }).implement(() => {
        ran();
        return {};
      }),
    ],
  });

/** JSON with its keys in order. */
const canonical = (value: unknown): unknown =>
  typeof value !== 'object' || value === null
    ? value
    : Array.isArray(value)
      ? value.map(canonical)
      : Object.entries(value)
          .sort(([left], [right]) => (left < right ? -1 : 1))
          .map(([key, item]) => [key, canonical(item)]);
