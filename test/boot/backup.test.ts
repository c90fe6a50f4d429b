/** Copies of the ledger as a process makes them, and what it says when it cannot. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { careOf, restoreLedger, sha256Of } from '../../boot/backup.ts';
import { placeOf } from '../../boot/place.ts';
import { backup } from '../../cli/ledger.ts';
import { manualClock, memoryLog } from '../../seams/index.ts';
import { openStore, type Store } from '../../store/index.ts';
import { startMesh } from '../support/mesh.ts';

const clock = manualClock();
let data: string;
let folder: string;
let log: ReturnType<typeof memoryLog>;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'aurora-care-'));
  folder = placeOf(data).backups;
  log = memoryLog();
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const careWhere = (driver: Store['driver'], copy: (file: string) => void) =>
  careOf({
    store: { driver, verifyChain: () => Promise.reject(new Error('unused')), backup: copy },
    folder,
    clock,
    log,
  });

test('a copy lies in the data folder under its time, with its size and hash', async () => {
  const { backup: copy } = careWhere('libsql', (file) => writeFileSync(file, 'copy'));
  const made = await copy();
  expect(made).toEqual({
    path: join(folder, 'ledger-2026-01-01T00-00-00.000Z.db'),
    bytes: 4,
    sha256: await sha256Of(made.path),
  });
});

test('PostgreSQL says what to use instead; a full disk is said, its particulars only to the log', async () => {
  const postgres = careWhere('postgres', () => {
    throw new Error('use pg_dump');
  });
  await expect(postgres.backup()).rejects.toMatchObject({ code: 4120, message: 'use pg_dump' });
  const full = careWhere('libsql', () => {
    throw new Error('/secret/path is full');
  });
  await expect(full.backup()).rejects.toMatchObject({
    code: 5030,
    message: expect.not.stringContaining('secret') as string,
  });
  expect(JSON.stringify(log.lines)).toContain('could not be copied');
});

test('asking for copies does not fill the disk: after 16 they have to be moved away', async () => {
  mkdirSync(folder);
  for (let nth = 0; nth < 16; nth++) writeFileSync(join(folder, `${nth}.db`), '');
  const { backup: copy } = careWhere('libsql', (file) => writeFileSync(file, 'copy'));
  await expect(copy()).rejects.toMatchObject({ code: 4120 });
  expect(readdirSync(folder)).toHaveLength(16);
});

test('where the command cannot see the copy it says so with 1, also when a file of that name is here', async () => {
  const path = join(data, 'elsewhere.db');
  writeFileSync(path, 'copx');
  const made = { path, bytes: 4, sha256: '0'.repeat(64) };
  const care = { backup: () => Promise.resolve(made), verify: () => Promise.reject(new Error('unused')) };
  const { operator } = await startMesh([], { orchestrator: { care } });
  expect(await backup(operator, join(data, 'mine.db'), true)).toBe(1);
  expect([readFileSync(path, 'utf8'), readdirSync(data)]).toEqual(['copx', ['elsewhere.db']]);
});

test('a restore puts the anchors aside with the ledger that they speak of, and works where there was none', async () => {
  const place = placeOf(data);
  mkdirSync(place.ledgerFolder);
  const copy = join(data, 'copy.db');
  const store = await openStore({ file: place.ledger, durability: 'full', clock, log });
  store.backup(copy);
  await expect(restoreLedger({ data }, copy)).rejects.toThrow('is in use by');
  await store.close();
  writeFileSync(place.anchors, '{}\n');
  const { kept } = await restoreLedger({ data }, copy);
  const names = readdirSync(place.ledgerFolder);
  expect(names).toContain(kept?.slice(place.ledgerFolder.length + 1));
  expect(names.filter((name) => name.startsWith('anchors.jsonl'))).toEqual([
    expect.stringMatching(/^anchors\.jsonl\.replaced-/),
  ]);
  const empty = join(data, 'empty');
  mkdirSync(empty);
  expect(await restoreLedger({ data: empty }, copy)).toMatchObject({ verdict: { ok: true }, kept: undefined });
});
