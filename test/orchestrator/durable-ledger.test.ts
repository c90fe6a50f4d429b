/** The durable ledger: the same answers as the one in memory, the same tasks after a restart, and nothing run twice that must not. */
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLedger } from '../../orchestrator/durable-ledger.ts';
import { createLedgerReads } from '../../orchestrator/ledger-reads.ts';
import type { Ledger, TaskEnd, TaskRow } from '../../orchestrator/ledger.ts';
import { manualClock, silentLog, toIso, type Clock, type ManualClock } from '../../seams/index.ts';
import { openStore, type Store } from '../../store/index.ts';
import { ledgerContract, row, type ContractLimits } from '../support/ledger.ts';
import { modelLedger, type ModelLedger } from '../support/model-ledger.ts';
import { describeWithPostgres, startCluster, type Cluster } from '../support/postgres.ts';

const BOUNDS = { fan_out_max: 3, root_tasks_max: 5 };
let folder: string;
let clock: ManualClock;
let store: Store;

const open = (file = join(folder, 'ledger.db')) => openStore({ file, durability: 'full', clock, log: silentLog });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aurora-ledger-'));
  clock = manualClock();
  store = await open();
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What a new process finds: another store on the same file, another ledger, a monotonic clock that starts anew. */
async function restart(down_ms = 0) {
  await store.close();
  clock = manualClock(clock.now() + down_ms);
  store = await open();
  const ledger = createLedger(store, clock);
  return { ledger, recovered: await ledger.recover() };
}

const task = (task_id: string, more: Partial<TaskRow> = {}): TaskRow => ({
  task_id,
  root_id: task_id,
  parent_id: undefined,
  from: 'operator:alice',
  agent_id: '',
  skill: 'analyze_threat',
  params: { iocs: [{ type: 'ip', value: '192.0.2.1' }] },
  reason: undefined,
  hop: 0,
  path: ['orchestrator'],
  mode: 'monitor',
  priority: 5,
  actor: { sub: 'alice', scopes: ['effect:read'], tenant: 'default' },
  due: clock.monotonic() + 60_000,
  deadline: toIso(clock.now() + 60_000),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  created_at: toIso(clock.now()),
  updated_at: toIso(clock.now()),
  effect: 'read',
  state: 'submitted',
  attempts: [],
  key: undefined,
  ...more,
});
const to = (instance_id: string, effect: TaskRow['effect'] = 'read') => ({
  agent_id: 'threat-intel',
  instance_id,
  hop: 1,
  path: ['orchestrator', 'threat-intel'],
  actor: { sub: 'alice', scopes: ['effect:read'], tenant: 'default' },
  effect,
});
const done: TaskEnd = { state: 'completed', result: { verdict: 'malicious' } };
const lost: TaskEnd = { state: 'failed', error: { code: 5030, message: 'Service unavailable' } };

/** Pages for whoever asks from outside, on either database. */
function pageContract(make: (clock: Clock, limits: ContractLimits) => Promise<Ledger>): void {
  test('a page ends where its bytes do, goes on without hole, and holds one task at least (PROM-P8)', async () => {
    const ledger = await make(manualClock(), { open_max: 100, finished_max: 0 });
    const sizes = [10, 600, 600, 5_000, 10, 10, 600];
    for (const [nth, bytes] of sizes.entries()) {
      await ledger.accept(row(`t${nth}`, { params: { pad: 'x'.repeat(bytes) } }), {
        fan_out_max: 9,
        root_tasks_max: 9,
      });
      await ledger.settle(`t${nth}`, { state: 'canceled', error: { code: 4990, message: 'c' } });
    }
    const pages: string[][] = [];
    for (let next: string | null | undefined; next !== null;) {
      const page = await ledger.page({ limit: 3, bytes_max: 4_000, ...(next !== undefined && { before: next }) });
      pages.push(page.rows.map(({ task_id }) => task_id));
      next = page.next;
    }
    expect(pages).toEqual([['t6', 't5', 't4'], ['t3'], ['t2', 't1', 't0']]);
  });
}

describe('the durable ledger', () => {
  const opened: Store[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });
  const make = async (own: Clock, limits: ContractLimits): Promise<Ledger> => {
    const memory = await openStore({ file: ':memory:', durability: 'full', clock: own, log: silentLog });
    opened.push(memory);
    return createLedger(memory, own, limits);
  };
  ledgerContract(make);
  pageContract(make);
});

describeWithPostgres('the durable ledger on PostgreSQL', () => {
  let cluster: Cluster;
  let held: Store | undefined;

  beforeAll(async () => {
    cluster = await startCluster();
    fc.configureGlobal({ numRuns: 20 }); // each run opens the store anew
  });
  afterAll(async () => {
    fc.resetConfigureGlobal();
    await held?.close();
    await cluster.remove();
  });
  const make = async (own: Clock, limits: ContractLimits): Promise<Ledger> => {
    await held?.close();
    if (held) await cluster.query('TRUNCATE tasks, events, keys');
    const database = { kind: 'postgres' as const, url: cluster.url };
    held = await openStore({ database, durability: 'full', clock: own, log: silentLog });
    return createLedger(held, own, limits);
  };
  ledgerContract(make);
  pageContract(make);
});

test('PROM-P1: the plain road is kept, folds back to the same row, and costs two transactions', async () => {
  const ledger = createLedger(store, clock);
  const row = task('task_1', { key: { scope: 'alice handoff 1', digest: 'abc' } });
  expect(await ledger.accept(row, BOUNDS, to('i1'))).toBe('accepted');
  clock.advance(5);
  expect(row.attempts).toMatchObject([{ attempt: 1, fence: 1, instance_id: 'i1' }]);
  expect(row).toMatchObject({ state: 'working', agent_id: 'threat-intel', hop: 1 });
  expect(await ledger.settle('task_1', done, 1)).toBe(true);
  expect(store.counts).toEqual({ transactions: 2, events: 4 });
  const { ledger: next, recovered } = await restart();
  expect(recovered).toEqual([]);
  const found = await next.get('task_1');
  expect({ ...found, due: row.due }).toEqual(row);
  expect(await next.byKey('alice handoff 1')).toEqual(found);
});

test('PROM-P5 INV4 INV7: the first end wins; a late result is kept beside it', async () => {
  const ledger = createLedger(store, clock);
  await ledger.accept(task('task_1'), BOUNDS);
  await ledger.lease('task_1', to('i1'));
  await ledger.release('task_1', 1, 'link_lost');
  await ledger.lease('task_1', to('i2'));
  expect(await ledger.settle('task_1', done, 1)).toBe(false);
  expect(await ledger.settle('task_1', lost)).toBe(true);
  expect(await ledger.settle('task_1', done, 2)).toBe(false);
  expect(await ledger.get('task_1')).toMatchObject({
    state: 'failed',
    attempts: [{ outcome: 'link_lost' }, { outcome: 'failed' }],
  });
  const types = (await ledger.history('task_1')).map(({ type }) => type);
  expect(types).toEqual(['accepted', 'queued', 'leased', 'released', 'leased', 'late_result', 'failed', 'late_result']);
  expect(await store.verifyChain()).toMatchObject({ ok: true });
});

test('INV5: of two with the same key one is accepted, in the same turn, later, and after a restart', async () => {
  const ledger = createLedger(store, clock);
  const key = { scope: 'alice handoff 1', digest: 'abc' };
  const both = await Promise.all([
    ledger.accept(task('task_1', { key }), BOUNDS),
    ledger.accept(task('task_2', { key }), BOUNDS),
  ]);
  expect(both).toEqual(['accepted', 'duplicate']);
  const { ledger: next } = await restart();
  expect(await next.accept(task('task_3', { key }), BOUNDS)).toBe('duplicate');
  expect(await next.byKey(key.scope)).toMatchObject({ task_id: 'task_1' });
});

test('bounds are judged before the write, so that no race gets past them, and a refused task leaves no row', async () => {
  const ledger = createLedger(store, clock, { open_max: 4, finished_max: 10 });
  const child = (id: string) => task(id, { root_id: 'task_1', parent_id: 'task_1' });
  await ledger.accept(task('task_1'), BOUNDS);
  const ids = ['task_2', 'task_3', 'task_4', 'task_5'];
  expect(await Promise.all(ids.map((id) => ledger.accept(child(id), BOUNDS)))).toEqual([
    'accepted',
    'accepted',
    'accepted',
    'fan_out',
  ]);
  expect(await ledger.accept(task('task_6'), BOUNDS)).toBe('full');
  await ledger.settle('task_2', lost);
  expect(await ledger.accept(task('task_7'), BOUNDS)).toBe('accepted');
  expect((await ledger.childrenOf('task_1')).map(({ task_id }) => task_id)).toEqual(['task_2', 'task_3', 'task_4']);
  expect(await ledger.get('task_5')).toBeUndefined();
});

describe('PROM-P8: what is at hand is bounded by its size', () => {
  const large = { text: 'x'.repeat(60_000) };
  const small = { text: 'x' };

  test('finished tasks go, the oldest first, when their results are too much together; they stay in the store', async () => {
    const ledger = createLedger(store, clock, { finished_bytes_max: 150_000 });
    const rows = ['t1', 't2', 't3'].map((id) => task(id));
    for (const each of rows) {
      await ledger.accept(each, BOUNDS);
      await ledger.lease(each.task_id, to('i1'));
      await ledger.settle(each.task_id, { state: 'completed', result: large }, 1);
    }
    const found = await Promise.all(rows.map(({ task_id }) => ledger.get(task_id)));
    expect(found.map((each, nth) => each === rows[nth])).toEqual([false, true, true]);
    expect(found.map((each) => each?.result)).toEqual([large, large, large]);
  });

  test('one that is too large by itself goes at once, and so does one that grows by what came too late', async () => {
    const ledger = createLedger(store, clock, { finished_bytes_max: 50_000 });
    const [own, late] = [task('own'), task('late')];
    for (const each of [own, late]) await ledger.accept(each, BOUNDS, to('i1'));
    await ledger.settle('own', { state: 'completed', result: large }, 1);
    expect(await ledger.get('own')).not.toBe(own);
    await ledger.settle('late', lost);
    expect(await ledger.get('late')).toBe(late);
    await ledger.settle('late', { state: 'completed', result: large }, 1);
    expect(await ledger.get('late')).not.toBe(late);
  });

  test('open tasks are full where their params are too much together, before anything is kept; an end makes room', async () => {
    const ledger = createLedger(store, clock, { open_bytes_max: 100_000 });
    expect(await ledger.accept(task('t1', { params: large }), BOUNDS)).toBe('accepted');
    expect(await ledger.accept(task('t2', { params: large }), BOUNDS)).toBe('full');
    expect(await ledger.get('t2')).toBeUndefined();
    expect(await ledger.accept(task('t3', { params: small }), BOUNDS)).toBe('accepted');
    const many = { junk: Array<object>(1_000).fill({}) }; // 3 KB of text, and 100 of memory
    expect(await ledger.accept(task('t4', { params: many }), BOUNDS)).toBe('full');
    await ledger.settle('t1', lost);
    expect(await ledger.accept(task('t5', { params: large }), BOUNDS)).toBe('accepted');
    await store.close();
    store = await open();
    const next = createLedger(store, clock, { open_bytes_max: 100_000 });
    expect((await next.recover()).map(({ task: { task_id } }) => task_id)).toEqual(['t3', 't5']);
    expect(await next.accept(task('t6', { params: large }), BOUNDS)).toBe('full');
    await next.settle('t5', lost);
    expect(await next.accept(task('t7', { params: large }), BOUNDS)).toBe('accepted');
  });

  test('what is written down at once is bounded, and has room again once it is kept', async () => {
    const ledger = createLedger(store, clock, { writing_chars_max: 100_000 });
    const accept = (task_id: string) => ledger.accept(task(task_id, { params: large }), BOUNDS);
    expect(await Promise.all([accept('t1'), accept('t2')])).toEqual(['accepted', 'full']);
    expect(await ledger.get('t2')).toBeUndefined();
    expect(await accept('t3')).toBe('accepted');
    await expect(Promise.all([accept('t1'), accept('t4')])).rejects.toThrow('t1 was accepted before');
    expect(await accept('t5')).toBe('accepted');
  });

  test('after a restart they are read in pages of so many bytes, one at least, and all are found', async () => {
    const ledger = createLedger(store, clock);
    const ids = ['t1', 't2', 't3', 't4'];
    for (const id of ids) await ledger.accept(task(id, { params: id === 't2' ? large : small }), BOUNDS);
    const reads = createLedgerReads(store.db);
    const pages: string[][] = [];
    for (let last = 0; ;) {
      const page = await reads.openAfter(last, { limit: 3, bytes_max: 20_000 });
      const end = page.at(-1);
      if (!end) break;
      pages.push(page.map(({ task_id }) => task_id));
      last = end.position;
    }
    expect(pages).toEqual([['t1'], ['t2'], ['t3', 't4']]);
    const { recovered } = await restart();
    expect(recovered.map(({ task: { task_id } }) => task_id)).toEqual(ids);
    expect(recovered.every(({ task: { params }, asked }) => asked.params === params)).toBe(true); // held once
  });
});

test('PROM-P4 PROM-P6: after a restart roots are carried on, what was under way is named, the rest ends with its reason', async () => {
  const ledger = createLedger(store, clock);
  await ledger.accept(task('task_1_queued', { agent_id: 'web-security' }), BOUNDS);
  await ledger.accept(task('task_2_leased'), BOUNDS, to('i1', 'idempotent'));
  await ledger.accept(task('task_4_child', { root_id: 'task_2_leased', parent_id: 'task_2_leased' }), BOUNDS);
  const soon = { deadline: toIso(clock.now() + 900), due: clock.monotonic() + 900 };
  await ledger.accept(task('task_5_late', soon), BOUNDS);
  await ledger.accept(task('task_6_effect', soon), BOUNDS, to('i1', 'non_idempotent'));
  await ledger.accept(task('task_7_done'), BOUNDS);
  await ledger.settle('task_7_done', lost);

  const { ledger: next, recovered } = await restart(1_000);
  const resumed = recovered.map((each) => [
    each.task.task_id,
    each.task.state,
    each.asked.agent_id,
    each.asked.hop,
    each.held?.fence,
  ]);
  expect(resumed).toEqual([
    ['task_1_queued', 'submitted', 'web-security', 0, undefined],
    ['task_2_leased', 'working', '', 0, 1],
  ]);
  for (const {
    task: { due },
  } of recovered)
    expect(due).toBe(clock.monotonic() + 59_000);
  const states = (await next.list({ limit: 10 })).map((row) => [row.task_id, row.outcome, row.error?.code]);
  expect(states).toEqual([
    ['task_7_done', 'failed', 5030],
    ['task_6_effect', 'unknown_effect', 5040],
    ['task_5_late', 'expired', 5040],
    ['task_4_child', 'canceled', 4990],
    ['task_2_leased', undefined, undefined],
    ['task_1_queued', undefined, undefined],
  ]);
  await next.release('task_2_leased', 1, 'orchestrator_lost');
  expect(await next.lease('task_2_leased', to('i2'))).toMatchObject({ attempt: 2, fence: 2 });
  expect(await next.settle('task_2_leased', done, 1)).toBe(false);
  expect(await next.settle('task_2_leased', done, 2)).toBe(true);
  expect(await store.verifyChain()).toMatchObject({ ok: true, tasks: 6 });
});

test('what a root had before a restart counts after it: neither its fan-out nor its family starts anew (ATK-E7, wire.md 5)', async () => {
  const ledger = createLedger(store, clock);
  const child = (task_id: string, root_id: string, parent_id = root_id) => task(task_id, { root_id, parent_id });
  await ledger.accept(task('wide'), BOUNDS, to('i1'));
  for (const nth of [1, 2]) await ledger.accept(child(`wide_${nth}`, 'wide'), BOUNDS);
  await ledger.settle('wide_1', lost);
  await ledger.accept(task('deep'), BOUNDS, to('i1'));
  await ledger.accept(child('deep_1', 'deep'), BOUNDS);
  for (const nth of [2, 3]) await ledger.accept(child(`deep_${nth}`, 'deep', 'deep_1'), BOUNDS);
  await ledger.accept(task('own'), BOUNDS, { ...to('orchestrator'), agent_id: 'orchestrator' });
  for (const nth of [1, 2]) await ledger.accept(child(`own_${nth}`, 'own'), BOUNDS);

  let { ledger: next } = await restart();
  ({ ledger: next } = await restart()); // twice: what ended meanwhile still counts
  // One of the two was ended by the restart itself: whoever does the root again hands it off again.
  expect(await next.accept(child('wide_3', 'wide'), BOUNDS)).toBe('accepted');
  expect(await next.accept(child('wide_4', 'wide'), BOUNDS)).toBe('accepted');
  expect(await next.accept(child('wide_5', 'wide'), BOUNDS)).toBe('fan_out');
  expect(await next.accept(child('deep_4', 'deep'), BOUNDS)).toBe('accepted');
  expect(await next.accept(child('deep_5', 'deep'), BOUNDS)).toBe('family');
  // An investigation starts again with its first step: it may hand off as many as before, and no larger family.
  expect(await next.accept(child('own_3', 'own'), BOUNDS)).toBe('accepted');
  expect(await next.accept(child('own_4', 'own'), BOUNDS)).toBe('accepted');
  expect(await next.accept(child('own_5', 'own'), BOUNDS)).toBe('family');
  expect(await next.accept(task('fresh'), BOUNDS)).toBe('accepted');
});

test('PROM-P6: what ended for a parent to start again is known by its detail, and by the sentence of earlier releases, no other by its words', async () => {
  const ledger = createLedger(store, clock);
  const sentence = 'The orchestrator was restarted: the parent starts again';
  const ends = {
    now: { code: 4990, message: 'In other words', detail: { why: 'parent_restarted', effects_begun: [] } },
    before: { code: 4990, message: `${sentence}. Its effect may have happened` },
    quoted: { code: 4990, message: `Canceled, as somebody read: ${sentence}`, detail: { said: 'parent_restarted' } },
  };
  const child = (id: string, root_id: string) => task(id, { root_id, parent_id: root_id });
  for (const [root, error] of Object.entries(ends)) {
    await ledger.accept(task(root), BOUNDS, to('i1'));
    for (const nth of [1, 2, 3]) await ledger.accept(child(`${root}_${nth}`, root), BOUNDS);
    for (const nth of [1, 2, 3]) await ledger.settle(`${root}_${nth}`, { state: 'canceled', error });
  }
  const { ledger: next } = await restart();
  const answers = Object.keys(ends).map((root) => next.accept(child(`${root}_4`, root), BOUNDS));
  expect(await Promise.all(answers)).toEqual(['accepted', 'accepted', 'fan_out']);
});

test('an agent that died in the middle of its fan-out has all of it again, after each restart (wire.md 5)', async () => {
  const bounds = { fan_out_max: 32, root_tasks_max: 256 };
  let ledger = createLedger(store, clock);
  await ledger.accept(task('root'), bounds, to('i1'));
  for (let life = 0; life < 3; life++) {
    for (let nth = 0; nth < 17; nth++)
      expect(await ledger.accept(task(`c${life}_${nth}`, { root_id: 'root', parent_id: 'root' }), bounds)).toBe(
        'accepted',
      );
    ({ ledger } = await restart());
  }
});

test('PROM-P15: what was accepted settles once the disk has room again; new work is refused meanwhile', async () => {
  const ledger = createLedger(store, clock);
  await ledger.accept(task('task_1'), BOUNDS);
  await ledger.lease('task_1', to('i1'));
  const { sql } = await import('kysely');
  const pragma = (text: string) => sql.raw(text).execute(store.db);
  await pragma('PRAGMA max_page_count = 1');
  const refusals = [];
  for (let count = 0; count < 40; count += 1) {
    const params = { text: 'x'.repeat(20_000) };
    const accepted = ledger.accept(task(`task_big_${count}`, { params }), BOUNDS);
    refusals.push(await accepted.catch((reason: unknown) => reason));
  }
  expect(refusals.at(-1)).toMatchObject({ code: 5030, retry_after_ms: 1_000 });
  const settled = ledger.settle('task_1', done, 1);
  await pragma('PRAGMA max_page_count = 1000000');
  clock.advance(1_000);
  expect(await settled).toBe(true);
  expect(await ledger.accept(task('task_9'), BOUNDS)).toBe('accepted');
});

/** One thing a dispatcher may do. */
const step = fc.oneof(
  fc.record({ act: fc.constant('accept' as const), id: fc.nat(5), parent: fc.option(fc.nat(5), { nil: undefined }) }),
  fc.record({ act: fc.constant('lease' as const), id: fc.nat(5) }),
  fc.record({ act: fc.constant('release' as const), id: fc.nat(5) }),
  fc.record({ act: fc.constant('complete' as const), id: fc.nat(5), fence: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ act: fc.constant('fail' as const), id: fc.nat(5) }),
);

test('INV21: over random lives it answers as the ledger in memory does, and folding its journal gives the live tasks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const own = await open(':memory:');
      const limits = { open_max: 4, finished_max: 100 };
      const durable = createLedger(own, clock, limits);
      const both: ModelLedger[] = [durable, modelLedger(clock, limits)];
      const known = new Map<string, string>();
      for (const each of steps) {
        clock.advance(1);
        const id = `task_${each.id}`;
        if (each.act === 'accept' && known.has(id)) continue;
        const parent = each.act === 'accept' && each.parent !== undefined ? `task_${each.parent}` : undefined;
        const root = parent === undefined ? id : known.get(parent);
        if (root === undefined) continue;
        const row = await both[1]!.get(id);
        if (each.act === 'lease' && row?.state === 'working') continue; // a superseded attempt is closed by the durable one alone
        const answers = await Promise.all(
          both.map(async (ledger) => {
            if (each.act === 'accept') {
              const more = parent === undefined ? {} : { root_id: root, parent_id: parent };
              return ledger.accept(task(id, more), { fan_out_max: 2, root_tasks_max: 3 });
            }
            if (each.act === 'lease') return ledger.lease(id, to('i1'));
            if (each.act === 'release') return ledger.release(id, row?.attempts.length ?? 0, 'link_lost');
            if (each.act === 'complete') return ledger.settle(id, done, each.fence);
            return ledger.settle(id, lost);
          }),
        );
        expect(answers[0]).toEqual(answers[1]);
        if (each.act === 'accept' && answers[0] === 'accepted') known.set(id, root);
      }
      const fresh = createLedger(own, clock);
      for (const id of known.keys()) {
        const [live, model, folded] = await Promise.all([durable.get(id), both[1]!.get(id), fresh.get(id)]);
        expect(live).toEqual({ ...model, due: live?.due });
        expect({ ...folded, due: live?.due }).toEqual(live);
      }
      expect(await own.verifyChain()).toMatchObject({ ok: true });
      await own.close();
    }),
    { numRuns: 60 },
  );
});
