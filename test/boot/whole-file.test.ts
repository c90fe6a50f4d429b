/** A file that is written whole is on the disk before it has its name, and its name before anybody is told. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { ensureKey, readKey } from '../../boot/keys.ts';
import { writeJson } from '../../boot/whole-file.ts';
import * as sync from '../../seams/sync-path.ts';

vi.mock(import('../../seams/sync-path.ts'), { spy: true });

afterEach(() => {
  vi.mocked(sync.syncPathNow).mockReset();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-whole-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('what is written is synced, then named, then its folder is synced: a power cut leaves the old or the new', () => {
  const folder = newFolder();
  const path = join(folder, 'pins.json');
  const at_syncs: [synced: string, is_named: boolean][] = [];
  vi.mocked(sync.syncPathNow).mockImplementation((synced) => {
    at_syncs.push([synced === folder ? 'folder' : readFileSync(synced, 'utf8'), existsSync(path)]);
  });
  writeJson(path, { key: 'k' });
  const text = '{\n  "key": "k"\n}\n';
  expect(at_syncs).toEqual([
    [text, false],
    ['folder', true],
  ]);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('a key has its name when it is whole and on the disk: whoever looks before finds none, and of two makers both have the one that was first', () => {
  const folder = newFolder();
  const path = join(folder, 'key.pem');
  const seen: unknown[] = [];
  let theirs: unknown;
  vi.mocked(sync.syncPathNow).mockImplementationOnce((synced) => {
    seen.push(readFileSync(synced, 'utf8').includes('END PRIVATE KEY'), existsSync(path));
    theirs = ensureKey(path).export({ type: 'pkcs8', format: 'pem' }); // another maker, at this moment
  });
  const ours = ensureKey(path).export({ type: 'pkcs8', format: 'pem' });
  expect(seen).toEqual([true, false]);
  expect([ours, theirs]).toEqual([theirs, readFileSync(path, 'utf8')]);
  expect(vi.mocked(sync.syncPathNow)).toHaveBeenLastCalledWith(folder);
  expect(readKey(path).asymmetricKeyType).toBe('ed25519');
  expect(readdirSync(folder)).toEqual(['key.pem']);
});

test('two writers of one number, in two containers, each write their own draft; one that fails leaves none behind', () => {
  const folder = newFolder();
  const path = join(folder, 'login.json');
  vi.mocked(sync.syncPathNow).mockImplementationOnce(() => writeJson(path, { by: 'the other' })); // at this moment
  writeJson(path, { by: 'us' });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ by: 'us' });
  vi.mocked(sync.syncPathNow).mockImplementationOnce(() => {
    throw new Error('the disk is full');
  });
  expect(() => writeJson(path, { by: 'nobody' })).toThrow('the disk is full');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ by: 'us' });
  expect(readdirSync(folder)).toEqual(['login.json']);
});
