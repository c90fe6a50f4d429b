/** What the tracer wrote is read well: who was told before a sync is found, and who was told after it is not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { failuresIn, syncsIn, toldTooEarly } from './trace.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WROTE = '7  pwrite64(24</d/ledger/ledger.db-wal>, "..task_a1..", 4096, 56) = 4096';
const SYNCED = '7  fsync(24</d/ledger/ledger.db-wal>) = 0';
const SLOWLY = '7  fsync(24</d/ledger/ledger.db-wal>) = 0 (DELAYED)';
const FAILED = '7  fsync(24</d/ledger/ledger.db-wal>) = -1 EIO (Input/output error) (INJECTED)';
const OTHER = '7  fsync(25</d/ledger/ledger.db>) = 0';
const TOLD = String.raw`7  writev(22<socket:[4711]>, [{iov_base="\201~", iov_len=4}, {iov_base="{\"task_id\":\"task_a1\"}", iov_len=20}], 2) = 24`;
const BEGAN = '7  fsync(24</d/ledger/ledger.db-wal> <unfinished ...>';
const ENDED = '7  <... fsync resumed>)           = 0';
const BROKE = '7  <... fsync resumed>)           = -1 EIO (Input/output error) (INJECTED)';
const WRITING = '7  pwrite64(24</d/ledger/ledger.db-wal>, "..task_a1..", 4096, 56 <unfinished ...>';
const WRITTEN = '7  <... pwrite64 resumed>)        = 4096';
const TELLING = `${TOLD.slice(0, TOLD.lastIndexOf(')'))} <unfinished ...>`;
const LOGGED = '7  write(1</d/log>, "task_a1", 7) = 7';
const ELSEWHERE = '8  write(1</d/log>, "{}", 2) = 2';

test.each([
  ['after its sync', [WROTE, SYNCED, TOLD], 0],
  ['after a slow sync', [WROTE, SLOWLY, TOLD], 0],
  ['after a second write, synced, when the first sync failed', [WROTE, FAILED, WROTE, SYNCED, TOLD], 0],
  ['without a sync', [WROTE, TOLD, SYNCED], 1],
  ['without a write', [SYNCED, TOLD], 1],
  ['after the sync of another file', [WROTE, OTHER, TOLD], 1],
  ['after a sync that failed', [WROTE, FAILED, TOLD], 1],
  ['after a sync that another thread wrote a log line into', [WROTE, BEGAN, ELSEWHERE, ENDED, TOLD], 0],
  ['after a write and a sync in two parts', [WRITING, ELSEWHERE, WRITTEN, BEGAN, ELSEWHERE, ENDED, TELLING], 0],
  ['while the sync lasted', [WROTE, BEGAN, TELLING, ENDED], 1],
  ['after a sync that failed in two parts', [WROTE, BEGAN, ELSEWHERE, BROKE, TOLD], 1],
  ['after a sync that began while the write lasted', [WRITING, BEGAN, WRITTEN, ENDED, TOLD], 1],
  ['after a sync that came behind one that failed', [WROTE, FAILED, SYNCED, TOLD], 1],
])('a caller who was told %s is judged so (INV3)', (_when, lines, early) => {
  expect(toldTooEarly(written(lines), ['task_a1'])).toMatchObject({ told: 1, early: { length: early } });
});

test('the log of a process tells nobody, and other tasks are not asked for', () => {
  expect(toldTooEarly(written([LOGGED, TOLD]), ['task_b2'])).toEqual({ told: 0, early: [] });
  expect(toldTooEarly(written([LOGGED]), ['task_a1'])).toEqual({ told: 0, early: [] });
});

test('syncs are counted, and those that were made to fail', () => {
  const file = written([WROTE, SYNCED, FAILED, SLOWLY, TOLD]);
  expect([syncsIn(file), failuresIn(file)]).toEqual([3, 1]);
  const parted = written([BEGAN, ELSEWHERE, ENDED, BEGAN, ELSEWHERE, BROKE]);
  expect([syncsIn(parted), failuresIn(parted)]).toEqual([2, 1]);
});

function written(lines: readonly string[]): string {
  const file = join(folder, 'trace');
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}
