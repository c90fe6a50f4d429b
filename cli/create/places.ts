/** Whether a file may be written where a plan wants it: never over another, never outside the folder through a link. */
import { lstatSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../outcome.ts';

/** Throws a UsageError that names what stands in the way, unless the file can be a new one below real folders of the root. */
export function requireFree(root: string, path: string): void {
  requireFolders(root, path);
  const place = join(root, path);
  if (!seen(place)) return;
  throw new UsageError(
    `${place} is there already; nothing was written. Move it away, or choose another name or another folder (--into)`,
  );
}

/** Throws a UsageError unless the file is there, as itself and below real folders of the root. */
export function requireFile(root: string, path: string): void {
  requireFolders(root, path);
  const place = join(root, path);
  const found = seen(place);
  if (!found)
    throw new UsageError(`${place} is not there: this is no whole checkout of aurora-mesh; nothing was written`);
  if (!found.isFile()) throw inTheWay(place, found, 'file');
}

/** The root may be a link, somebody chose it; what lies below it may not. */
function requireFolders(root: string, path: string): void {
  const base = seen(root, statSync);
  if (base && !base.isDirectory()) throw inTheWay(root, base, 'folder');
  const names = path.split('/').slice(0, -1);
  for (const folder of names.map((_, index) => join(root, ...names.slice(0, index + 1)))) {
    const found = seen(folder);
    if (!found) return;
    if (!found.isDirectory()) throw inTheWay(folder, found, 'folder');
  }
}

function seen(path: string, look: typeof lstatSync = lstatSync): Stats | undefined {
  try {
    return look(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new UsageError(
      `${path} cannot be looked at (${codeOf(cause)}); nothing was written. Choose another folder with --into`,
      { cause },
    );
  }
}

function inTheWay(path: string, found: Stats, wanted: 'file' | 'folder'): UsageError {
  const kind = found.isSymbolicLink() ? 'a link' : found.isDirectory() ? 'a folder' : 'no folder';
  return new UsageError(
    `${path} is ${kind}, a ${wanted} of its own is needed there; nothing was written. Move it away, or choose another folder with --into`,
  );
}

/** What the system called a failure. */
export const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : 'failed';
