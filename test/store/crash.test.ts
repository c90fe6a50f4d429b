/** What a real process acknowledged is there after it was killed; what its disk spoiled is said. */
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { manualClock, memoryLog, seededRandom } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import { walTailOf } from '../../store/wal-tail.ts';
import { buildStore } from './built.ts';

const writer = join(import.meta.dirname, 'fixtures', 'writer.mjs');
let built: string;
let doors: { store: string; seams: string };
let folder: string;
let file: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), 'aurora-built-'));
  doors = buildStore(built);
});
afterAll(() => rmSync(built, { recursive: true, force: true }));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aurora-crash-'));
  file = join(folder, 'ledger.db');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const start = (rounds = 100_000, thread?: 'all') => {
  const words = [writer, doors.store, doors.seams, file, String(rounds), ...(thread ? [thread] : [])];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
};
/** Kills the writer once it has said `lines` lines; answers all that it said. */
async function killedAfter(
  lines: number,
  { rounds, thread }: { rounds?: number; thread?: 'all' | undefined } = {},
): Promise<string[]> {
  const child = start(rounds, thread);
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === lines) child.kill('SIGKILL');
  }
  return said;
}
const reopen = async () => {
  const log = memoryLog();
  const store = await openStore({ file, durability: 'full', clock: manualClock(), log });
  return { store, log };
};

test.each([undefined, 'all'] as const)(
  'INV1 X6: killed again and again between commits, nothing that was acknowledged is lost (thread: %s)',
  async (thread) => {
    const random = seededRandom(7);
    const acknowledged: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const said = await killedAfter(2 + Math.floor(random.next() * 300), { thread });
      expect(said[0]).toBe(`open ${round + 1}`);
      acknowledged.push(...said.slice(1).map((line) => line.replace('kept ', '')));
    }
    const { store } = await reopen();
    const rows = await store.db.selectFrom('tasks').select('task_id').where('phase', '=', 'QUEUED').execute();
    const kept = new Set(rows.map(({ task_id }) => task_id));
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(acknowledged.filter((task_id) => !kept.has(task_id))).toEqual([]);
    expect(await store.verifyChain()).toMatchObject({ ok: true, tasks: kept.size });
    await store.close();
  },
);

test('PROM-P14: a second process on the same file is refused by name; after a kill the lock is free at once', async () => {
  const first = start();
  await once(first.stdout, 'data');
  await expect(reopen()).rejects.toThrow(`in use by process ${first.pid} since`);
  const second = start();
  const words: Buffer[] = [];
  second.stderr.on('data', (chunk: Buffer) => words.push(chunk));
  await once(second, 'close');
  expect(second.exitCode).toBe(1);
  expect(Buffer.concat(words).toString()).toContain(`in use by process ${first.pid} since`);
  first.kill('SIGKILL');
  await once(first, 'close');
  const { store } = await reopen();
  await store.close();
});

describe('X29: the tail of the log', () => {
  /** A log as a process leaves it that was killed while it had nothing to write. */
  const leaveLog = async () => {
    await killedAfter(1 + 5 * 12, { rounds: 12 });
    const size = statSync(`${file}-wal`).size;
    expect(size).toBeGreaterThan(20_000);
    return size;
  };
  const openAndLook = async () => {
    const { store, log } = await reopen();
    const verdict = await store.verifyChain();
    await store.close();
    return {
      tail: store.tail,
      verdict,
      warned: log.lines.some(({ text }) => text.includes('the log ends in what')),
    };
  };

  test('left by a kill it is whole: every frame that SQLite reads is counted', async () => {
    await leaveLog();
    expect(walTailOf(file)?.damaged_bytes).toBe(0);
    const { verdict, warned } = await openAndLook();
    expect({ verdict: verdict.ok, warned }).toEqual({ verdict: true, warned: false });
  });

  test.each([1, 100, 4_100])('cut short by %i bytes it is said, and the rows before it stand', async (bytes) => {
    const size = await leaveLog();
    truncateSync(`${file}-wal`, size - bytes);
    const { tail, verdict, warned } = await openAndLook();
    expect(tail?.damaged_bytes).toBeGreaterThan(0);
    expect({ verdict: verdict.ok, warned }).toEqual({ verdict: true, warned: true });
  });

  test('with a flipped bit it is said, and the rows before it stand', async () => {
    const size = await leaveLog();
    const log = readFileSync(`${file}-wal`);
    log[size - 5_000]! ^= 1;
    writeFileSync(`${file}-wal`, log);
    const { tail, verdict, warned } = await openAndLook();
    expect(tail?.damaged_bytes).toBeGreaterThan(4_000);
    expect({ verdict: verdict.ok, warned }).toEqual({ verdict: true, warned: true });
  });

  test('with a damaged head it is said', async () => {
    await leaveLog();
    copyFileSync(`${file}-wal`, `${folder}/copy-wal`);
    const log = readFileSync(`${file}-wal`);
    log[16]! ^= 1;
    writeFileSync(`${folder}/copy-wal`, log);
    expect(walTailOf(`${folder}/copy`)).toEqual({ frames: 0, damaged_bytes: log.length });
  });
});
