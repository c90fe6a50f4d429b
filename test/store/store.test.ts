/** The store on every database there is: kept, chained, grouped, owned once, honest about what it cannot write. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { manualClock, memoryLog, type ManualClock } from '../../seams/index.ts';
import { openStore, type Append, type DatabaseAddress, type Store } from '../../store/index.ts';
import { openLibsql } from '../../store/libsql.ts';
import { hasNodeSqlite, openNodeSqlite } from '../../store/node-sqlite.ts';
import { skipLoudly, startCluster, type Cluster } from '../support/postgres.ts';

const kinds = ['libsql', 'libsql in a thread', 'node:sqlite', 'postgres'] as const;
const missing: string[] = kinds.filter((kind) => kind === 'node:sqlite' && !hasNodeSqlite());
for (const kind of missing) console.error(`SKIP the store on ${kind}: Node ${process.versions.node} has none`);
if (skipLoudly('the store on postgres')) missing.push('postgres');

describe.each(kinds)('the store on %s', (kind) => {
  describe.skipIf(missing.includes(kind))('', () => {
    const is_file = kind !== 'postgres';
    const driver = kind === 'node:sqlite' ? kind : 'libsql';
    let cluster: Cluster;
    let folder: string;
    let file: string;
    let schema = 0;
    let clock: ManualClock;
    let log: ReturnType<typeof memoryLog>;
    const opened: Store[] = [];

    const address = (): DatabaseAddress =>
      kind !== 'postgres'
        ? { kind: 'sqlite', file, driver, thread: kind === 'libsql in a thread' ? 'all' : undefined }
        : { kind: 'postgres', url: cluster.url, schema: `test_${schema}` };
    const open = async (database = address()) => {
      const store = await openStore({ database, durability: 'full', clock, log });
      opened.push(store);
      return store;
    };
    const at = () => new Date(clock.now()).toISOString();
    const accept = (task_id: string, more: Partial<Append> = {}): Append => ({
      task_id,
      at: at(),
      opens: { root_id: task_id, parent_id: null, skill: 'analyze_threat', deadline: at() },
      arrows: [
        { type: 'accepted', payload: { params: { task_id } } },
        { type: 'queued', payload: null },
      ],
      ...more,
    });
    /** An acceptance that tells what the index repeats, as the orchestrator's does. */
    const asked = (task_id: string): Partial<Append> => {
      const key = { scope: `key of ${task_id}`, digest: 'digest' };
      const payload = { task_id, root_id: task_id, skill: 'analyze_threat', deadline: at(), key };
      const arrows: Append['arrows'] = [
        { type: 'accepted', payload },
        { type: 'queued', payload: null },
      ];
      return { arrows, key: { ...key, expires_at: new Date(clock.now() + 86_400_000).toISOString() } };
    };
    const lease = (task_id: string, fence: number): Append => ({
      task_id,
      at: at(),
      arrows: [{ type: 'leased', fence, payload: { agent_id: 'threat-intel' } }],
    });
    const succeed = (task_id: string, fence: number): Append => ({
      task_id,
      at: at(),
      arrows: [{ type: 'succeeded', fence, payload: { result: 1 } }],
    });
    const finished = async (store: Store, task_id: string, more: Partial<Append> = {}) => {
      await store.append(accept(task_id, more));
      await store.append(lease(task_id, 1));
      await store.append(succeed(task_id, 1));
    };
    /** A second connection of the same library: POSIX locks do not hold between two libraries in one process. */
    const beside = () => (driver === 'libsql' ? openLibsql(file) : openNodeSqlite(file));
    /** Changes the database behind the store's back. */
    const tamper = async (sql: string) => {
      if (!is_file) {
        await cluster.query(`SET search_path TO test_${schema}; ${sql}`);
        return;
      }
      const database = beside();
      database.exec(sql);
      database.close();
    };

    beforeAll(async () => {
      if (!is_file) cluster = await startCluster();
    });
    afterAll(() => cluster?.remove());
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'aurora-store-'));
      file = join(folder, 'ledger.db');
      schema += 1;
      clock = manualClock();
      log = memoryLog();
    });
    afterEach(async () => {
      for (const store of opened.splice(0)) if (store.health().state !== 'closed') await store.close();
      rmSync(folder, { recursive: true, force: true });
    });

    test('what was acknowledged is there after reopening, with the next epoch', async () => {
      const first = await open();
      await finished(first, 'task_a');
      await first.close();
      const second = await open();
      expect(Number(second.epoch)).toBe(Number(first.epoch) + 1);
      const task = await second.db.selectFrom('tasks').selectAll().executeTakeFirstOrThrow();
      expect(task).toMatchObject({ task_id: 'task_a', phase: 'SUCCEEDED', fence: 1, seq: 4 });
      expect(await second.verifyChain()).toEqual({ ok: true, tasks: 1, events: 4 });
    });

    test.runIf(is_file)('PROM-P1: what SQLite really does is read back, and the file is private', async () => {
      const store = await open();
      expect(store.assurance).toEqual({ journal_mode: 'wal', synchronous: 'full' });
      await store.append(accept('task_a'));
      for (const ending of ['', '-wal', '.lock']) expect(statSync(file + ending).mode & 0o077).toBe(0);
      const memory = await open({ kind: 'sqlite', file: ':memory:' });
      expect(memory.assurance.journal_mode).toBe('memory');
    });

    test('PROM-P1: a hundred writes of one turn share a few transactions of at most 64; each waits for its own', async () => {
      const store = await open();
      const writes = Array.from({ length: 100 }, (_, index) => store.append(accept(`task_${index}`)));
      expect(store.counts.transactions).toBe(0);
      const outcomes = await Promise.all(writes);
      expect(outcomes.every(({ outcome }) => outcome === 'kept')).toBe(true);
      expect(store.counts.events).toBe(200);
      expect(store.counts.transactions).toBeGreaterThanOrEqual(2);
      expect(store.counts.transactions).toBeLessThanOrEqual(4); // half of 64 each where commits are quick
    });

    test('several arrows of one task in one turn keep their order', async () => {
      const store = await open();
      const outcomes = await Promise.all([
        store.append(accept('task_a')),
        store.append(lease('task_a', 1)),
        store.append(succeed('task_a', 1)),
        store.append(succeed('task_a', 1)),
      ]);
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['kept', 'kept', 'kept', 'refused']);
      expect(store.counts.transactions).toBe(1);
    });

    test('who accepts anew what is over already is refused alone, though nobody looked first', async () => {
      const store = await open();
      await finished(store, 'task_a');
      const outcomes = await Promise.all([
        store.append(accept('task_b')),
        store.append(accept('task_a')),
        store.append(lease('task_b', 1)),
      ]);
      expect(outcomes).toMatchObject([
        { outcome: 'kept' },
        { outcome: 'refused', why: 'final' },
        { outcome: 'kept', task: { phase: 'LEASED' } },
      ]);
      expect(await store.append(accept('task_a'))).toEqual({ outcome: 'refused', why: 'final' });
      expect(await store.verifyChain()).toEqual({ ok: true, tasks: 2, events: 7 });
    });

    test('PROM-P5 INV4 INV7: a stale fence, a second end and an unknown task write nothing', async () => {
      const store = await open();
      await store.append(accept('task_a'));
      await store.append(lease('task_a', 1));
      await store.append({
        task_id: 'task_a',
        at: at(),
        arrows: [{ type: 'released', fence: 1, payload: 'link_lost' }],
      });
      await store.append(lease('task_a', 2));
      expect(await store.append(succeed('task_a', 1))).toEqual({ outcome: 'refused', why: 'stale_fence' });
      expect(await store.append(succeed('task_a', 2))).toMatchObject({ outcome: 'kept' });
      expect(await store.append(succeed('task_a', 2))).toEqual({ outcome: 'refused', why: 'final' });
      expect(await store.append(lease('task_x', 1))).toEqual({ outcome: 'refused', why: 'unknown_task' });
      const late: Append = { task_id: 'task_a', at: at(), arrows: [{ type: 'late_result', fence: 1, payload: 2 }] };
      expect(await store.append(late)).toMatchObject({ outcome: 'kept', task: { phase: 'SUCCEEDED' } });
      expect(await store.verifyChain()).toMatchObject({ ok: true, events: 7 });
    });

    test('PROM-P2: a key is taken once, in the same turn and after reopening, until its time is over', async () => {
      const key = {
        scope: 'operator:alice dispatch 42',
        digest: 'd',
        expires_at: new Date(clock.now() + 86_400_000).toISOString(),
      };
      const first = await open();
      const both = await Promise.all([
        first.append(accept('task_a', { key })),
        first.append(accept('task_b', { key })),
      ]);
      expect(both).toMatchObject([{ outcome: 'kept' }, { outcome: 'duplicate', key: { task_id: 'task_a' } }]);
      await first.close();
      const second = await open();
      expect(await second.append(accept('task_c', { key }))).toMatchObject({ outcome: 'duplicate' });
      clock.advance(86_400_000);
      const later = { ...key, expires_at: new Date(clock.now() + 86_400_000).toISOString() };
      expect(await second.append(accept('task_d', { key: later }))).toMatchObject({ outcome: 'kept' });
    });

    test('PROM-P14: a database has one owner; the second is told who, and gets it when the first leaves', async () => {
      const first = await open();
      await expect(open()).rejects.toThrow(new RegExp(`process ${process.pid} .*since`));
      await first.close();
      await expect(open()).resolves.toBeDefined();
    });

    test('PROM-P14: after somebody took the file over, no write of the old epoch is kept', async () => {
      const store = await open();
      await store.append(accept('task_a'));
      await tamper(`UPDATE meta SET value = '99' WHERE key = 'epoch'`);
      await expect(store.append(lease('task_a', 1), { patient: true })).rejects.toThrow('epoch 99');
      expect(store.health()).toMatchObject({ state: 'fenced' });
      clock.advance(60_000);
      await expect(store.append(accept('task_b'))).rejects.toMatchObject({ code: 5030 });
      expect(await store.db.selectFrom('events').select('task_id').execute()).toHaveLength(2);
    });

    // The bound of pages is a connection's own: the thread's disk is filled in test/store/thread.test.ts.
    test.runIf(is_file && kind !== 'libsql in a thread')(
      'PROM-P15 X25: on a full disk new work is refused, reads go on, patient writes wait, and it heals by itself',
      async () => {
        const store = await open();
        await store.append(accept('task_a'));
        await store.append(lease('task_a', 1));
        const { rows } = await sqlOf(store, 'PRAGMA page_count');
        await sqlOf(store, `PRAGMA max_page_count = ${Number(rows[0]?.['page_count'])}`);
        const large = accept('task_big', { arrows: [{ type: 'accepted', payload: 'x'.repeat(100_000) }] });
        const settled = store.append(succeed('task_a', 1), { patient: true });
        const refused = store.append(large);
        await expect(refused).rejects.toMatchObject({ code: 5030, retry_after_ms: 1_000 });
        expect(store.health()).toMatchObject({ state: 'degraded', cause: 'the disk is full' });
        await expect(store.append(accept('task_c'))).rejects.toThrow('The ledger cannot write: the disk is full');
        const kept = await store.db.selectFrom('tasks').select(['task_id', 'phase']).execute();
        expect(kept).toEqual([{ task_id: 'task_a', phase: 'LEASED' }]);

        await sqlOf(store, 'PRAGMA max_page_count = 1000000');
        clock.advance(1_000);
        expect(await settled).toMatchObject({ outcome: 'kept', task: { phase: 'SUCCEEDED' } });
        expect(store.health()).toEqual({ state: 'ok' });
        expect(await store.append(large)).toMatchObject({ outcome: 'kept' });
        expect(await store.verifyChain()).toMatchObject({ ok: true });
      },
    );

    test.runIf(is_file)(
      'PROM-P15 X25: on a full disk what is kept beside the ledger is refused as that, and then all new work until it heals',
      async () => {
        const store = await open();
        const beside = (value: string) =>
          store.asOwner(async (trx) => {
            await trx.insertInto('meta').values({ key: 'first of two', value: '' }).execute();
            await trx.insertInto('meta').values({ key: 'large', value }).execute();
          });
        const { rows } = await sqlOf(store, 'PRAGMA page_count');
        await sqlOf(store, `PRAGMA max_page_count = ${Number(rows[0]?.['page_count'])}`);
        const large = 'x'.repeat(100_000);
        const refusal = { code: 5030, retry_after_ms: 1_000 };
        const message = 'The database cannot do that now: the disk is full';
        await expect(beside(large)).rejects.toMatchObject({ ...refusal, message });
        expect(store.health()).toMatchObject({ state: 'degraded', cause: 'the disk is full' });
        await expect(beside('small')).rejects.toMatchObject(refusal);
        await expect(store.append(accept('task_a'))).rejects.toMatchObject(refusal);
        await sqlOf(store, 'PRAGMA max_page_count = 1000000');
        clock.advance(1_000);
        expect(store.health()).toEqual({ state: 'ok' });
        await beside(large);
      },
    );

    test('X28: while another program holds the lock nothing is lost and nothing is acknowledged', async () => {
      const store = await open();
      const release = is_file ? holdFile() : await holdTable();
      const waiting = store.append(accept('task_a'), { patient: true });
      await expect(store.append(accept('task_b'))).rejects.toThrow('another program holds the database locked');
      clock.advance(1_000);
      expect(store.health().state).toBe('degraded');
      await release();
      clock.advance(1_000);
      expect(await waiting).toMatchObject({ outcome: 'kept' });
      expect(store.health()).toEqual({ state: 'ok' });
    });
    test.runIf(is_file)(
      'PROM-P15 X28: what is kept beside the ledger is refused while the lock is held, and nothing is stuck once it is gone',
      async () => {
        const store = await open();
        const note = (key: string) => ({ key, value: 'x' });
        const beside = (key: string) =>
          store.asOwner((trx) => trx.insertInto('meta').values(note(key)).executeTakeFirst());
        const alone = (key: string) => store.db.insertInto('meta').values(note(key)).executeTakeFirst();
        const release = holdFile();
        for (const keep of [beside, alone])
          await expect(keep('a')).rejects.toMatchObject({
            code: 5030,
            retry_after_ms: 1_000,
            message: 'The database cannot do that now: another program holds the database locked',
          });
        await release();
        await beside('c');
        await alone('d');
        expect(await store.append(accept('task_a'))).toMatchObject({ outcome: 'kept' });
        const kept = await store.db.selectFrom('meta').select('key').where('value', '=', 'x').orderBy('key').execute();
        expect(kept.map(({ key }) => key)).toEqual(['c', 'd']);
      },
    );
    function holdFile() {
      const other = beside();
      other.exec('BEGIN IMMEDIATE');
      return async () => {
        other.exec('ROLLBACK');
        other.close();
      };
    }
    async function holdTable() {
      const other = await cluster.connect();
      await other.query(`BEGIN; LOCK TABLE test_${schema}.events`);
      return () => other.end();
    }

    test.each([
      ['a changed payload', `UPDATE events SET payload = '"none"' WHERE task_id = 'task_b' AND seq = 3`, 3, 'payload'],
      ['a changed type', `UPDATE events SET type = 'failed' WHERE task_id = 'task_b' AND seq = 4`, 4, 'it was changed'],
      [
        'a changed time',
        `UPDATE events SET at = '2020-01-01T00:00:00.000Z' WHERE task_id = 'task_b' AND seq = 2`,
        2,
        'it was changed',
      ],
      ['a row that went', `DELETE FROM events WHERE task_id = 'task_b' AND seq = 2`, 3, 'event 2 is missing'],
      ['a tail that went', `DELETE FROM events WHERE task_id = 'task_b' AND seq = 4`, 3, 'events after it are missing'],
      ['a first row that went', `DELETE FROM events WHERE task_id = 'task_b' AND seq = 1`, 2, 'event 1 is missing'],
      ['all rows gone', `DELETE FROM events WHERE task_id = 'task_b'`, 1, 'all its events are missing'],
      ['a changed phase', `UPDATE tasks SET phase = 'FAILED' WHERE task_id = 'task_b'`, 4, 'its events say SUCCEEDED'],
      ['a phase that there is not', `UPDATE tasks SET phase = 'DONE' WHERE task_id = 'task_b'`, 4, 'its task is DONE'],
      ['a changed fence', `UPDATE tasks SET fence = 7 WHERE task_id = 'task_b'`, 4, 'another fence: its events say 1'],
      ['a changed skill', `UPDATE tasks SET skill = 'isolate' WHERE task_id = 'task_b'`, 4, 'another skill'],
      ['a changed family', `UPDATE tasks SET root_id = 'task_a' WHERE task_id = 'task_b'`, 4, 'another root_id'],
      [
        'a changed end',
        `UPDATE tasks SET final_at = '2020-01-01T00:00:00.000Z' WHERE task_id = 'task_b'`,
        4,
        'another final_at',
      ],
      ['a changed key', `UPDATE keys SET digest = 'none' WHERE task_id = 'task_b'`, 1, 'a key points to it'],
      ['a key led astray', `UPDATE keys SET task_id = 'task_b' WHERE task_id = 'task_a'`, 1, 'a key points to it'],
      ['a task that went', `DELETE FROM tasks WHERE task_id = 'task_b'`, 4, 'no task belongs to it'],
    ])('INV16: checking names the first bad row: %s', async (_what, sql, seq, why) => {
      const store = await open();
      for (const task_id of ['task_a', 'task_b', 'task_c']) await finished(store, task_id, asked(task_id));
      expect(await store.verifyChain()).toEqual({ ok: true, tasks: 3, events: 12 });
      await tamper(sql);
      const verdict = await store.verifyChain();
      expect(verdict).toMatchObject({ ok: false, task_id: 'task_b', seq });
      expect(verdict.ok ? '' : verdict.why).toContain(why);
    });

    test('checking works in pages: more rows than one page, and a tamper on the last', async () => {
      const store = await open();
      await Promise.all(Array.from({ length: 700 }, (_, index) => store.append(accept(`task_${1000 + index}`))));
      expect(await store.verifyChain()).toEqual({ ok: true, tasks: 700, events: 1_400 });
      await tamper(`UPDATE events SET payload = '1' WHERE task_id = 'task_1699' AND seq = 1`);
      expect(await store.verifyChain()).toMatchObject({ ok: false, task_id: 'task_1699', seq: 1 });
    });

    test('retention forgets finished tasks behind a checkpoint, and a changed checkpoint is named', async () => {
      const store = await open();
      await finished(store, 'task_a');
      await store.append(accept('task_open'));
      clock.advance(1_000);
      const cut = clock.now();
      await finished(store, 'task_b');
      expect(await store.prune(cut)).toBe(1);
      expect(await store.prune(cut)).toBe(0);
      const left = await store.db.selectFrom('tasks').select('task_id').orderBy('task_id').execute();
      expect(left.map(({ task_id }) => task_id)).toEqual(['task_b', 'task_open']);
      expect(await store.verifyChain()).toEqual({ ok: true, tasks: 2, events: 6 });
      await tamper('UPDATE checkpoints SET tasks = 0');
      expect(await store.verifyChain()).toMatchObject({ ok: false, seq: 1 });
    });

    test('a task stays as long as its key: whoever comes back with that finds it (PROM-P2)', async () => {
      const store = await open();
      await finished(store, 'task_a', asked('task_a'));
      await finished(store, 'task_b');
      clock.advance(3_600_000);
      await store.append(accept('task_open'));
      expect(await store.prune(clock.now())).toBe(1);
      const tasks = async () =>
        (await store.db.selectFrom('tasks').select('task_id').orderBy('task_id').execute()).map(
          ({ task_id }) => task_id,
        );
      expect(await tasks()).toEqual(['task_a', 'task_open']);
      clock.advance(86_400_000);
      expect(await store.prune(clock.now())).toBe(1);
      expect(await tasks()).toEqual(['task_open']);
    });

    test('a write during a transaction of somebody else on the connection waits for its end', async () => {
      const store = await open();
      const written = store.db.transaction().execute(async (trx) => {
        await trx.insertInto('meta').values({ key: 'a', value: '1' }).execute();
        await new Promise((resolve) => setImmediate(resolve));
        await trx.insertInto('meta').values({ key: 'b', value: '1' }).execute();
      });
      await Promise.all([written, store.append(accept('task_a'))]);
      expect(store.counts.transactions).toBe(1);
    });

    test('what cannot be written down is refused alone, before the others of its turn', async () => {
      const store = await open();
      const good = store.append(accept('task_a'));
      const bad = store.append(accept('task_b', { arrows: [{ type: 'accepted', payload: 1n }] }));
      await expect(bad).rejects.toThrow(TypeError);
      expect(await good).toMatchObject({ outcome: 'kept' });
    });

    test('after closing nothing is taken any more, and what waited was kept', async () => {
      const store = await open();
      const last = store.append(accept('task_a'));
      const closed = store.close();
      expect(await last).toMatchObject({ outcome: 'kept' });
      await closed;
      await expect(store.append(accept('task_b'))).rejects.toThrow('it is closed');
    });
  });
});

/** Raw SQL on the store's own connection: limits of SQLite are limits of a connection. */
async function sqlOf(store: Store, text: string): Promise<{ rows: Record<string, unknown>[] }> {
  const { sql } = await import('kysely');
  return sql.raw<Record<string, unknown>>(text).execute(store.db);
}
