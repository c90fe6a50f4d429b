/** PostgreSQL's own corners: commits whose end nobody told, servers that restart, nodes that take over, passwords that stay unsaid. */
import { inspect } from 'node:util';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { manualClock, memoryLog, type ManualClock } from '../../seams/index.ts';
import { openStore, type Append, type Store } from '../../store/index.ts';
import { cutWire, type Cut } from '../support/cut.ts';
import { describeWithPostgres, PASSWORD, startCluster, type Cluster } from '../support/postgres.ts';

describeWithPostgres('the store on PostgreSQL', () => {
  let cluster: Cluster;
  let wire: Cut;
  let schema: string;
  let count = 0;
  let clock: ManualClock;
  let log: ReturnType<typeof memoryLog>;
  const opened: Store[] = [];

  const open = async (more: { url?: string; standby?: { signal: AbortSignal } } = {}) => {
    const { url = cluster.url, ...rest } = more;
    const database = { kind: 'postgres' as const, url, schema };
    const store = await openStore({ database, durability: 'full', clock, log, ...rest });
    opened.push(store);
    return store;
  };
  const at = () => new Date(clock.now()).toISOString();
  const accept = (task_id: string): Append => ({
    task_id,
    at: at(),
    opens: { root_id: task_id, parent_id: null, skill: 'analyze_threat', deadline: at() },
    arrows: [{ type: 'accepted', payload: { task_id } }],
  });
  /** Ends the sessions that hold an advisory lock of this schema's node: the journal's. */
  const terminateJournal = () =>
    cluster.query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted`);
  const eventsOf = (task_id: string) =>
    cluster.query(`SELECT seq, hash FROM ${schema}.events WHERE task_id = '${task_id}' ORDER BY seq`);
  const notices = async (store: Store) => {
    while (store.health().state === 'ok') await cluster.query('SELECT 1');
  };
  /** Waits until a fault was noticed, then lets time pass until it is over. */
  const becomes = async (store: Store, state: 'ok' | 'fenced') => {
    await notices(store);
    while (store.health().state !== state) {
      clock.advance(1_000);
      await cluster.query('SELECT 1');
    }
  };
  const untilWaitsForTable = async () => {
    const blocked = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%kept_events%'`;
    while ((await cluster.query(blocked)).length === 0);
  };

  beforeAll(async () => {
    cluster = await startCluster();
    wire = await cutWire({ folder: cluster.folder, name: '.s.PGSQL.5432' });
  });
  afterAll(async () => {
    await wire.remove();
    await cluster.remove();
  });
  beforeEach(() => {
    count += 1;
    schema = `corner_${count}`;
    clock = manualClock();
    log = memoryLog();
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    expect(inspect(log.lines, { depth: 12 })).not.toContain(PASSWORD);
  });

  test('PROM-P15 X25: a server whose disk is full is said as that by what is kept beside the ledger, and heals by itself', async () => {
    const store = await open();
    await cluster.query(`CREATE FUNCTION ${schema}.full_disk() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`);
    await cluster.query(
      `CREATE TRIGGER full_disk BEFORE INSERT ON ${schema}.settings EXECUTE FUNCTION ${schema}.full_disk()`,
    );
    const row = { name: 'mode', value: 'active', version: 1, updated_at: at(), updated_by: 'user:anna' };
    const beside = () => store.asOwner((trx) => trx.insertInto('settings').values(row).executeTakeFirst());
    const refusal = { code: 5030, retry_after_ms: 1_000 };
    const message = 'The database cannot do that now: the disk is full';
    await expect(beside()).rejects.toMatchObject({ ...refusal, message });
    expect(store.health()).toMatchObject({ state: 'degraded', cause: 'the disk is full' });
    await cluster.query(`DROP TRIGGER full_disk ON ${schema}.settings`);
    await expect(beside()).rejects.toMatchObject(refusal);
    await becomes(store, 'ok');
    await beside();
  });

  test('X30: a session terminated before its commit: nothing was kept, patient writes are kept once, others are refused', async () => {
    const store = await open();
    await store.append(accept('task_a'));
    const other = await cluster.connect();
    await other.query(`BEGIN; LOCK TABLE ${schema}.events`);
    const patient = store.append(accept('task_b'), { patient: true });
    const hasty = store.append(accept('task_c')).catch((reason: unknown) => reason);
    await untilWaitsForTable();
    await terminateJournal();
    await other.end();
    await becomes(store, 'ok');
    expect(await patient).toMatchObject({ outcome: 'kept' });
    expect(await hasty).toMatchObject({ code: 5030 });
    expect(await eventsOf('task_b')).toHaveLength(1);
    expect(await eventsOf('task_c')).toHaveLength(0);
    expect(await store.verifyChain()).toEqual({ ok: true, tasks: 2, events: 2 });
  });

  test('a reading session that breaks while it is made ready gives its place back: reads go on once it can be made (PROM-P15, FLT-X30)', async () => {
    const store = await open({ url: cluster.urlBy(wire.folder) });
    const read = () => store.db.selectFrom('tasks').select('task_id').execute();
    wire.cut(); // what was made ready before
    wire.cutAt('set_config');
    for (let tries = 0; tries < 2 * SESSIONS; tries++) await expect(read()).rejects.toMatchObject({ code: 5030 });
    wire.cutAt();
    expect(await read()).toEqual([]);
  });

  test('X30 INV1 INV5: a commit whose answer was lost is looked up, acknowledged, and not written again', async () => {
    const store = await open({ url: cluster.urlBy(wire.folder) });
    await store.append(accept('task_a'));
    const key = { scope: 'alice 1', digest: 'd', expires_at: '2027-01-01T00:00:00.000Z' };
    const other = await cluster.connect();
    await other.query(`BEGIN; LOCK TABLE ${schema}.events`);
    const order = [store.append({ ...accept('task_b'), key }), store.append(accept('task_c'), { patient: true })];
    await untilWaitsForTable();
    wire.deafen();
    await other.end();
    while ((await eventsOf('task_c')).length === 0);
    expect(store.counts.transactions).toBe(1);
    wire.cut();
    await becomes(store, 'ok');
    expect(await Promise.all(order)).toMatchObject([{ outcome: 'kept' }, { outcome: 'kept' }]);
    expect(store.counts).toEqual({ transactions: 2, events: 3 });
    expect(await store.append({ ...accept('task_d'), key })).toMatchObject({
      outcome: 'duplicate',
      key: { task_id: 'task_b' },
    });
    expect(await store.verifyChain()).toEqual({ ok: true, tasks: 3, events: 3 });
  });

  test('X30: while the lost session may still commit, nothing is acknowledged and nothing is tried again', async () => {
    const store = await open({ url: cluster.urlBy(wire.folder) });
    await store.append(accept('task_a'));
    const other = await cluster.connect();
    await other.query(`BEGIN; LOCK TABLE ${schema}.events`);
    let told: unknown;
    const waiting = store.append(accept('task_b')).then((outcome) => (told = outcome));
    await untilWaitsForTable();
    wire.cut();
    await notices(store);
    for (let round = 0; round < 5; round += 1) {
      clock.advance(1_000);
      await cluster.query('SELECT 1');
    }
    expect([store.health().state, told]).toEqual(['degraded', undefined]);
    await other.end(); // what the lost session waited for: it commits now, and finds nobody to tell
    await becomes(store, 'ok');
    expect(await waiting).toMatchObject({ outcome: 'kept' });
    expect(await eventsOf('task_b')).toHaveLength(1);
    expect(await store.verifyChain()).toEqual({ ok: true, tasks: 2, events: 2 });
  });

  test('X30 PROM-P15: a server that restarts under load loses nothing that was acknowledged and keeps nothing twice', async () => {
    const store = await open();
    const writes = Array.from({ length: 1_000 }, (_, index) =>
      store.append(accept(`task_${index}`), { patient: true }),
    );
    await writes[64];
    await cluster.stop();
    while (store.health().state === 'ok') await new Promise((resolve) => setImmediate(resolve));
    expect(store.health()).toMatchObject({ state: 'degraded', cause: 'the database cannot be reached' });
    await expect(store.append(accept('task_new'))).rejects.toThrow('the database cannot be reached');
    await cluster.start();
    await becomes(store, 'ok');
    const outcomes = await Promise.all(writes);
    expect(outcomes.every(({ outcome }) => outcome === 'kept')).toBe(true);
    expect(await store.verifyChain()).toEqual({ ok: true, tasks: 1_000, events: 1_000 });
  });

  test('PROM-P15: a session that ends while nothing is written is noticed, said, and replaced', async () => {
    const store = await open();
    const epoch = Number(store.epoch);
    await terminateJournal();
    await becomes(store, 'ok');
    expect(Number(store.epoch)).toBe(epoch + 1);
    expect(await store.append(accept('task_a'))).toMatchObject({ outcome: 'kept' });
  });

  test('PROM-P14: a standby waits, becomes active when the first node leaves, and goes on where it was', async () => {
    const first = await open();
    await first.append(accept('task_a'));
    let is_active = false;
    const second = open({ standby: { signal: new AbortController().signal } }).then((store) => {
      is_active = true;
      return store;
    });
    for (let round = 0; round < 5; round += 1) {
      clock.advance(500);
      await cluster.query('SELECT 1');
    }
    expect(is_active).toBe(false);
    await first.close();
    while (!is_active) {
      clock.advance(500);
      await cluster.query('SELECT 1');
    }
    const store = await second;
    expect(Number(store.epoch)).toBe(Number(first.epoch) + 1);
    const arrows = [{ type: 'queued' as const, payload: null }];
    expect(await store.append({ task_id: 'task_a', at: at(), arrows })).toMatchObject({ outcome: 'kept' });
  });

  test('PROM-P14: a node that lost its session to a standby writes nothing any more', async () => {
    const first = await open();
    await first.append(accept('task_a'));
    let is_active = false;
    const second = open({ standby: { signal: new AbortController().signal } }).then((store) => {
      is_active = true;
      return store;
    });
    while (!log.lines.some(({ text }) => text.includes('waiting as a standby'))) await cluster.query('SELECT 1');
    await terminateJournal();
    while ((await cluster.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory'`)).length > 0);
    const waiting = first.append(accept('task_b'), { patient: true }).catch((reason: unknown) => reason);
    clock.advance(500); // the standby asks twice as often as the first node tries again
    while (!is_active) await cluster.query('SELECT 1');
    const store = await second;
    await becomes(first, 'fenced');
    expect(await waiting).toMatchObject({ code: 5030 });
    await expect(first.asOwner((trx) => trx.deleteFrom('events').execute())).rejects.toThrow('owns this database');
    expect(await store.append(accept('task_c'))).toMatchObject({ outcome: 'kept' });
    expect(await store.verifyChain()).toEqual({ ok: true, tasks: 2, events: 2 });
  });

  test('a standby that is no longer wanted stops waiting', async () => {
    await open();
    const controller = new AbortController();
    const second = open({ standby: { signal: controller.signal } });
    controller.abort(new Error('shut down'));
    await expect(second).rejects.toThrow('shut down');
  });

  test.each([
    ['a wrong password', (url: string) => url.replace(PASSWORD, `${PASSWORD}-wrong`), /password authentication failed/],
    ['no server', (url: string) => url.replace(/@[^/]*/, '@127.0.0.1:1'), /ECONNREFUSED/],
    ['another scheme', () => `mysql://aurora:${PASSWORD}@host/db`, /must be a postgres:/],
    ['an address that is none', () => `postgres://aurora:${PASSWORD}@[/db`, /must be a postgres:/],
  ])('with %s it says why, and never the password', async (_what, spoil, why) => {
    const failure = await open({ url: spoil(cluster.url) }).catch((reason: unknown) => reason);
    expect(String(failure)).toMatch(why);
    expect(inspect(failure, { depth: 12, showHidden: true })).not.toContain(PASSWORD);
  });

  test('PROM-P1: a server that does not sync is refused, and so is a database in another encoding', async () => {
    await cluster.query(`ALTER SYSTEM SET fsync = off`);
    await cluster.query('SELECT pg_reload_conf()');
    await expect(open()).rejects.toThrow('fsync off');
    await cluster.query(`ALTER SYSTEM RESET fsync`);
    await cluster.query('SELECT pg_reload_conf()');
    await cluster.query(`CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0`);
    await expect(open({ url: cluster.url.replace(/postgres$/, 'latin') })).rejects.toThrow('encoded in LATIN1');
  });

  test('X30: a reading session that is terminated between two questions ends neither the process nor the store', async () => {
    const store = await open();
    await store.append(accept('task_a'));
    const read = store.db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(trx);
      await cluster.query(`SELECT pg_terminate_backend(${rows[0]?.pid ?? 0})`);
      const gone = `SELECT 1 FROM pg_stat_activity WHERE pid = ${rows[0]?.pid ?? 0}`;
      while ((await cluster.query(gone)).length > 0);
      await new Promise((resolve) => setImmediate(resolve)); // the news is read, and nobody waits for it
      return trx.selectFrom('tasks').selectAll().execute();
    });
    await expect(read).rejects.toMatchObject({ code: 5030, retry_after_ms: 1_000 });
    expect(await store.db.selectFrom('tasks').selectAll().execute()).toHaveLength(1);
  });

  test('PROM-P1: what was committed before a crash of the server is there after it', async () => {
    const store = await open();
    await store.append(accept('task_a'));
    await cluster.restart();
    await store.close();
    const again = await open();
    expect(await again.verifyChain()).toEqual({ ok: true, tasks: 1, events: 1 });
  });

  test('a copy is left to the tools of PostgreSQL', async () => {
    const store = await open();
    expect(() => store.backup('/tmp/copy.db')).toThrow('pg_dump');
  });
});

/** As many as read side by side at most. */
const SESSIONS = 4;
