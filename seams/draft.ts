/** A file that gets its name when it is whole and on the disk. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DiskRefused } from './blobs.ts';
import { syncPath } from './sync-path.ts';

/** A file that is being written. After `keep` or `drop` it is closed. */
export interface Draft {
  /** Takes a piece, which must not change any more. Rejects when the disk takes no more; waits while much is unwritten. */
  add(chunk: Uint8Array): Promise<void>;
  /** Resolves when all of it is on the disk. */
  sync(): Promise<void>;
  /** Gives it its name; a power cut does not take that back once this resolved. */
  keep(path: string): Promise<void>;
  /** Removes it, whatever state it is in. Never rejects: why it is dropped is what counts. */
  drop(): Promise<void>;
}

/**
 * Begins one in a folder that is there once `prepared` resolves. Nobody has to wait for that: the first pieces may come
 * meanwhile. It is written in pieces of some size, one while the next comes: each write is a way through another thread and back.
 */
export function beginDraft(folder: string, prepared: Promise<void>): Draft {
  const path = join(folder, `${DRAFT}${randomUUID()}`);
  const opened = prepared.then(() => open(path, 'wx', 0o600));
  let waiting: Uint8Array[] = [];
  let waiting_bytes = 0;
  let writing: Promise<unknown> = opened;
  writing.catch(ignore); // whoever awaits it next is told

  const write = async () => {
    await writing;
    const file = await opened;
    if (waiting.length > 0) writing = writeWhole(file, waiting, waiting_bytes);
    writing.catch(ignore);
    [waiting, waiting_bytes] = [[], 0];
  };
  return {
    async add(chunk) {
      waiting.push(chunk);
      waiting_bytes += chunk.byteLength;
      if (waiting_bytes >= IO_BYTES) await write();
    },
    async sync() {
      await write();
      await writing;
      await (await opened).sync();
    },
    async keep(to) {
      const file = await opened;
      await Promise.all([file.close(), rename(path, to)]);
      await syncPath(folder);
    },
    async drop() {
      await writing.then(ignore, ignore);
      await opened.then((file) => file.close()).catch(ignore); // a failed `keep` has closed it
      await rm(path, { force: true }).catch(ignore); // at the latest the next run removes it
    },
  };
}

/** A disk that is nearly full takes a part, and says no only when it is asked again. */
async function writeWhole(file: FileHandle, chunks: Uint8Array[], bytes: number): Promise<void> {
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten < bytes)
    throw new DiskRefused(true, { cause: new Error(`the disk took ${bytesWritten} of ${bytes} bytes`) });
}

function ignore(): void {
  // Whoever wrote was told.
}

/** How the name of every draft begins. */
export const DRAFT = '.draft-';
/** Bytes that are written, and read, at once. */
export const IO_BYTES = 262_144;
