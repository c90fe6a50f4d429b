/** Files that are written whole: a reader sees what was there or what is there now, never half of it. */
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncPathNow } from '../seams/index.ts';

/**
 * Writes beside the file, under a name that nobody else uses, and renames it; for its owner alone unless `mode` says more. It is on
 * the disk when this returns: a key that was pinned, or a session that was renewed, is not empty after a power cut.
 */
export function writeWhole(path: string, bytes: string | Uint8Array, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = draftOf(path);
  try {
    writeFileSync(draft, bytes, { mode, flag: 'wx' });
    syncPathNow(draft);
    renameSync(draft, path);
  } catch (reason) {
    rmSync(draft, { force: true });
    throw reason;
  }
  syncPathNow(dirname(path));
}

/** A value as such a file. */
export const writeJson = (path: string, value: object, mode?: number): void =>
  writeWhole(path, `${JSON.stringify(value, null, 2)}\n`, mode);

/**
 * Writes a file where there is none: of many writers at once one wins, and each finds that one's file whole and on the disk when this
 * returns.
 */
export function writeFirst(path: string, bytes: string): void {
  const draft = draftOf(path);
  try {
    writeFileSync(draft, bytes, { mode: 0o600, flag: 'wx' });
    syncPathNow(draft);
    linkSync(draft, path); // refused where there is one
  } catch (reason) {
    if (!(reason instanceof Error && 'code' in reason && reason.code === 'EEXIST')) throw reason;
  } finally {
    rmSync(draft, { force: true });
  }
  syncPathNow(dirname(path));
}

/** A name of its own: processes of several containers may share a number, and one that crashed may have left its draft. */
const draftOf = (path: string): string => `${path}.${randomUUID()}`;
