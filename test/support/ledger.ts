/** What every ledger must hold to, whatever it is made of: run it with a maker of empty ledgers. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TaskRow } from '../../orchestrator/index.ts';
import { TaskState } from '../../protocol/index.ts';
import { manualClock, type Clock } from '../../seams/index.ts';
import type { ModelLedger } from './model-ledger.ts';

/** Bounds that the maker must respect. */
export interface ContractLimits {
  open_max: number;
  finished_max: number;
}

/** The contract as tests. */
export function ledgerContract(
  make: (clock: Clock, limits: ContractLimits) => ModelLedger | Promise<ModelLedger>,
): void {
  const fresh = (limits: Partial<ContractLimits> = {}) =>
    Promise.resolve(make(manualClock(), { open_max: 1_000, finished_max: 1_000, ...limits }));

  test('what was accepted is found by its id, its key, its parent and its root', async () => {
    const ledger = await fresh();
    await ledger.accept(row('root', { key: { scope: 's', digest: 'd' } }), BOUNDS);
    await ledger.accept(row('child', { root_id: 'root', parent_id: 'root' }), BOUNDS);
    expect(await ledger.get('root')).toMatchObject({ task_id: 'root', state: 'submitted' });
    expect(await ledger.byKey('s')).toMatchObject({ task_id: 'root' });
    expect(await ledger.childrenOf('root')).toMatchObject([{ task_id: 'child' }]);
    expect(await ledger.list({ root_id: 'root', limit: 10 })).toMatchObject([
      { task_id: 'child' },
      { task_id: 'root' },
    ]);
    expect([await ledger.get('x'), await ledger.byKey('x'), await ledger.childrenOf('x')]).toEqual([
      undefined,
      undefined,
      [],
    ]);
  });

  test('of many that come with one idempotency key at once, one is accepted', async () => {
    const ledger = await fresh();
    const orders = Array.from({ length: 20 }, (_, nth) => row(`t${nth}`, { key: { scope: 's', digest: 'd' } }));
    const answers = await Promise.all(orders.map((order) => ledger.accept(order, BOUNDS)));
    expect(answers.filter((answer) => answer === 'accepted')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'duplicate')).toHaveLength(19);
    expect(await ledger.byKey('s')).toMatchObject({ task_id: `t${answers.indexOf('accepted')}` });
  });

  test('fan-out, family and open tasks are bounded, also for those that come at once', async () => {
    const count = (answers: readonly string[], wanted: string) => answers.filter((answer) => answer === wanted).length;
    const family = await fresh();
    await family.accept(row('root'), BOUNDS);
    const child = (nth: number) => row(`c${nth}`, { root_id: 'root', parent_id: 'root' });
    const children = await Promise.all(Array.from({ length: 6 }, (_, nth) => family.accept(child(nth), BOUNDS)));
    expect([count(children, 'accepted'), count(children, 'fan_out')]).toEqual([4, 2]);
    const below = (nth: number) => row(`g${nth}`, { root_id: 'root', parent_id: 'c0' });
    const grandchildren = await Promise.all(Array.from({ length: 4 }, (_, nth) => family.accept(below(nth), BOUNDS)));
    expect([count(grandchildren, 'accepted'), count(grandchildren, 'family')]).toEqual([1, 3]);

    const small = await fresh({ open_max: 3 });
    const roots = await Promise.all(Array.from({ length: 5 }, (_, nth) => small.accept(row(`r${nth}`), BOUNDS)));
    expect([count(roots, 'accepted'), count(roots, 'full')]).toEqual([3, 2]);
    await small.settle('r0', { state: 'completed', result: 1 });
    expect(await small.accept(row('r9'), BOUNDS)).toBe('accepted');
  });

  test('fences count up from 1, and an attempt carries its routing onto the row', async () => {
    const ledger = await fresh();
    await ledger.accept(row('t'), BOUNDS);
    expect(await ledger.lease('t', LEASE)).toMatchObject({
      attempt: 1,
      fence: 1,
      agent_id: 'ada',
      instance_id: 'ada-1',
    });
    expect(await ledger.get('t')).toMatchObject({ state: 'working', agent_id: 'ada', hop: 1, path: ['ada'] });
    await ledger.release('t', 1, 'link_lost');
    expect(await ledger.lease('t', { ...LEASE, instance_id: 'ada-2' })).toMatchObject({ attempt: 2, fence: 2 });
    const { attempts = [] } = (await ledger.get('t')) ?? {};
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['link_lost', undefined]);
  });

  test('a stale fence changes nothing (PROM-P5)', async () => {
    const ledger = await fresh();
    await ledger.accept(row('t'), BOUNDS);
    await ledger.lease('t', LEASE);
    await ledger.release('t', 1, 'link_lost');
    await ledger.lease('t', LEASE);
    expect(await ledger.settle('t', { state: 'completed', result: 'late' }, 1)).toBe(false);
    expect(await ledger.get('t')).toMatchObject({ state: 'working' });
    expect(await ledger.settle('t', { state: 'completed', result: 'true' }, 2)).toBe(true);
    expect(await ledger.get('t')).toMatchObject({ state: 'completed', result: 'true' });
  });

  test('a task that is final is not leased again, and nobody settles what does not exist', async () => {
    const ledger = await fresh();
    await ledger.accept(row('t'), BOUNDS);
    await ledger.settle('t', { state: 'canceled', error: { code: 4990, message: 'c' } });
    expect(await ledger.lease('t', LEASE)).toBeUndefined();
    expect(await ledger.lease('x', LEASE)).toBeUndefined();
    expect(await ledger.settle('x', { state: 'completed', result: 1 })).toBe(false);
  });

  test('whatever is done in whatever order: the first end stays, and fences never repeat (PROM-P5)', async () => {
    const act = fc.oneof(
      fc.constant({ do: 'lease' as const }),
      fc.record({ do: fc.constant('release' as const), fence: fc.integer({ min: 1, max: 4 }) }),
      fc.record({
        do: fc.constant('settle' as const),
        fence: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
        state: fc.constantFrom('failed' as const, 'canceled' as const, 'rejected' as const),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        const ledger = await fresh();
        await ledger.accept(row('t'), BOUNDS);
        const fences: number[] = [];
        let first_end: string | undefined;
        let is_leased = false;
        for (const one of acts) {
          if (one.do === 'lease') {
            fences.push(...[(await ledger.lease('t', LEASE))?.fence ?? []].flat());
            is_leased = true;
          }
          if (one.do === 'release') {
            await ledger.release('t', one.fence, 'link_lost');
            if (one.fence === fences.at(-1)) is_leased = false;
          }
          if (one.do !== 'settle') continue;
          const is_first = await ledger.settle(
            't',
            { state: one.state, error: { code: 5000, message: '' } },
            one.fence,
          );
          const is_due = first_end === undefined && (one.fence === undefined || one.fence === fences.at(-1));
          expect(is_first).toBe(is_due);
          if (is_first) first_end = one.state;
        }
        expect(fences).toEqual(fences.map((_, index) => index + 1));
        const task = await ledger.get('t');
        expect(task?.state).toBe(first_end ?? (is_leased ? 'working' : 'submitted'));
        if (first_end !== undefined && fences.length > 0) expect(task?.attempts.at(-1)?.outcome).toBeDefined();
      }),
    );
  });

  test('pages follow one another without hole or repetition, newest first, filtered by state', async () => {
    const ledger = await fresh();
    for (let nth = 1; nth <= 25; nth++) {
      await ledger.accept(row(`t${String(nth).padStart(2, '0')}`), BOUNDS);
      if (nth % 2 === 0) await ledger.settle(`t${String(nth).padStart(2, '0')}`, { state: 'completed', result: nth });
    }
    const seen: string[] = [];
    for (let before: string | undefined; ; before = seen.at(-1)) {
      const page = await ledger.list({ limit: 7, ...(before !== undefined && { before }) });
      if (page.length === 0) break;
      seen.push(...page.map(({ task_id }) => task_id));
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `t${String(25 - index).padStart(2, '0')}`));
    expect(await ledger.list({ state: 'completed', limit: 100 })).toHaveLength(12);
    expect(await ledger.list({ before: 'no such task', limit: 100 })).toEqual([]);
    expect(TaskState.options).toContain('submitted');
  });
}

/** A task that was just asked for. */
export const row = (task_id: string, more: Partial<TaskRow> = {}): TaskRow => ({
  task_id,
  root_id: task_id,
  parent_id: undefined,
  from: 'operator:test',
  agent_id: '',
  skill: 'echo_text',
  params: {},
  reason: undefined,
  hop: 0,
  path: [],
  mode: 'monitor',
  priority: 5,
  actor: { sub: 'operator:test', scopes: ['*'], tenant: 'default' },
  due: 60_000,
  deadline: '2026-01-01T00:01:00.000Z',
  traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  effect: 'read',
  state: 'submitted',
  attempts: [],
  key: undefined,
  ...more,
});

const BOUNDS = { fan_out_max: 4, root_tasks_max: 6 };
const LEASE = {
  agent_id: 'ada',
  instance_id: 'ada-1',
  hop: 1,
  path: ['ada'],
  actor: { sub: 'operator:test', scopes: ['effect:read'], tenant: 'default' },
  effect: 'read' as const,
};
