/** A file that is written whole is on the disk before it has its name, and its name before anybody is told. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { writeJson } from '../../boot/whole-file.ts';
import * as sync from '../../seams/sync-path.ts';

vi.mock(import('../../seams/sync-path.ts'), { spy: true });

test('what is written is synced, then named, then its folder is synced: a power cut leaves the old or the new', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-whole-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
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
