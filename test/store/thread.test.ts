/** The thread that commits: the loop goes on meanwhile, nobody writes beside it, and its death loses nothing. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manualClock, memoryLog, startThread } from '../../seams/index.ts';
import { openConnection } from '../../store/connection.ts';
import { nextTurn } from '../../store/either.ts';
import { createGroupCommit } from '../../store/group-commit.ts';
import { openStore, type Append } from '../../store/index.ts';
import { migrate } from '../../store/migrations.ts';
import { toKysely } from '../../store/kysely.ts';
import { takeEpoch } from '../../store/ownership.ts';
import { createSqliteJournal } from '../../store/sqlite-journal.ts';
import { createThreadedJournal } from '../../store/threaded-journal.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aurora-thread-'));
  file = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const AT = '2026-01-01T00:00:00.000Z';
const accept = (task_id: string, payload: unknown = task_id): Append => ({
  task_id,
  at: AT,
  opens: { root_id: task_id, parent_id: null, skill: 'analyze_threat', deadline: AT },
  arrows: [{ type: 'accepted', payload }],
});
const opened = async () => {
  const connection = openConnection({ file, driver: 'libsql', durability: 'full' });
  await migrate(toKysely(connection));
  return connection;
};

test('while a thread commits, reads answer, and no write of our own comes between', async () => {
  const connection = await opened();
  let committing: Promise<void> | undefined;
  let end: () => void = () => undefined;
  const db = toKysely(connection, () => committing);
  const order: string[] = [];
  committing = new Promise((resolve) => {
    end = () => {
      committing = undefined;
      order.push('committed');
      resolve();
    };
  });
  const note = (key: string) => db.insertInto('meta').values({ key, value: 'x' }).execute();
  const noted = note('alone').then(() => order.push('a write'));
  const together = db.transaction().execute(async (trx) => {
    await trx.insertInto('meta').values({ key: 'in a transaction', value: 'x' }).execute();
    order.push('a transaction');
  });
  const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM meta WHERE value = 'x'`.execute(
    toKysely(connection),
  );
  order.push(`${rows[0]?.n} rows`);
  end();
  await Promise.all([noted, together]);
  expect(order).toEqual(['0 rows', 'committed', 'a write', 'a transaction']);
  connection.close();
});

test('while the disk is quick our own connection commits, while it is slow the thread does, and both write one chain', async () => {
  const connection = await opened();
  const epoch = takeEpoch(connection, 'the test');
  const clock = manualClock();
  const own = createSqliteJournal(connection, epoch);
  let sync_ms = 0;
  let here = 0;
  const slow: typeof own = {
    ...own,
    commit(batch) {
      here++;
      clock.advance(sync_ms);
      own.commit(batch);
    },
  };
  let threads = 0;
  const count: typeof startThread = (...args) => {
    threads++;
    return startThread(...args);
  };
  const data = { file, driver: 'libsql', durability: 'full', epoch } as const;
  const journal = createThreadedJournal({ own: slow, data, use: 'slow', clock, log: memoryLog(), startThread: count });
  const writes = createGroupCommit({ journal, clock, log: memoryLog(), isBusy: () => connection.in_transaction });
  await writes.append(accept('task_a'));
  expect(here).toBe(1);
  sync_ms = 50;
  await writes.append(accept('task_b')); // the first that is slow is noticed here
  expect([here, threads]).toEqual([2, 0]);
  await journal.start(); // as the next group would
  await writes.append(accept('task_c')); // the thread was quick, by a clock that stands still
  expect([here, threads]).toEqual([2, 1]);
  sync_ms = 0;
  await writes.append(accept('task_d'));
  expect(here).toBe(3);
  const kept = await toKysely(connection).selectFrom('tasks').select('task_id').execute();
  expect(kept.map(({ task_id }) => task_id)).toEqual(['task_a', 'task_b', 'task_c', 'task_d']);
  await journal.close();
  connection.close();
});

const LOCKS = '/proc/locks';
if (!existsSync(LOCKS)) console.error('SKIP the locks of a file with a thread: only Linux tells them');

test.runIf(existsSync(LOCKS))(
  'INV1 PROM-P14: with a thread the process keeps its lock on the file, without which the next program that reads it takes the log away',
  async () => {
    const database = { kind: 'sqlite', file, thread: 'all' } as const;
    const store = await openStore({ database, durability: 'full', clock: manualClock(), log: memoryLog() });
    await store.append(accept('task_a'));
    const inode = statSync(file).ino;
    const held = readFileSync(LOCKS, 'utf8')
      .split('\n')
      .filter((line) => line.includes(`:${inode} `));
    expect(held.join('\n')).toContain(' READ ');
    await store.close();
  },
);

test('INV1: a thread that dies amid a group loses nothing: what it kept is looked up, and commits go on without it', async () => {
  const connection = await opened();
  const epoch = takeEpoch(connection, 'the test');
  const clock = manualClock();
  const log = memoryLog();
  let is_doomed = false;
  let tellEnd: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (tellEnd = resolve));
  /** A real thread, ended as soon as it is told something: before, within or after its transaction. */
  let threads = 0;
  const start: typeof startThread = (...args) => {
    const thread = startThread(...args);
    threads++;
    const tell = thread.postMessage.bind(thread);
    thread.postMessage = (...said) => {
      tell(...said);
      if (is_doomed) void thread.terminate().then(tellEnd);
    };
    return thread;
  };
  const own = createSqliteJournal(connection, epoch);
  const data = { file, driver: 'libsql', durability: 'full', epoch } as const;
  const journal = createThreadedJournal({ own, data, use: 'all', clock, log, startThread: start });
  await journal.start();
  const writes = createGroupCommit({ journal, clock, log, isBusy: () => connection.in_transaction });
  expect(await writes.append(accept('task_a'))).toMatchObject({ outcome: 'kept' });

  is_doomed = true;
  const interrupted = writes.append(accept('task_b'), { patient: true });
  await ended;
  await journal.committing;
  await nextTurn(); // whatever became of it was heard
  clock.advance(1_000);
  expect(await interrupted).toMatchObject({ outcome: 'kept' });
  expect(await writes.append(accept('task_c'))).toMatchObject({ outcome: 'kept' });
  expect(JSON.stringify(log.lines)).toContain('the thread that commits died');

  is_doomed = false;
  clock.advance(58_000);
  await writes.append(accept('task_d'));
  expect(threads).toBe(1);
  clock.advance(1_000);
  await writes.append(accept('task_e'));
  expect(threads).toBe(2); // a minute later there is another
  await journal.start();
  expect(journal.committing).toBeUndefined();
  const there = writes.append(accept('task_f'));
  await nextTurn();
  expect(journal.committing).toBeDefined();
  expect(await there).toMatchObject({ outcome: 'kept' });
  const kept = await toKysely(connection).selectFrom('events').select('task_id').execute();
  expect(kept.map(({ task_id }) => task_id)).toEqual(['task_a', 'task_b', 'task_c', 'task_d', 'task_e', 'task_f']);
  await journal.close();
  connection.close();
});
