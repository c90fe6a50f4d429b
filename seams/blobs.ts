/** Bytes under their own hash: put once, opened by anybody who may (wire.md 5). */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** Where large inputs live. */
export interface Blobs {
  /** Keeps a stream; rejects with `BlobTooLarge` over `bytes_max`, `WrongBlob` for another hash than `expected`, and keeps nothing then. */
  put(
    bytes: AsyncIterable<Uint8Array>,
    bytes_max: number,
    expected?: string,
  ): Promise<{ sha256: string; size: number }>;
  /** Size in bytes, or undefined when unknown. */
  size(sha256: string): Promise<number | undefined>;
  /** The bytes from `start` to `end` inclusive; fails when unknown. */
  open(sha256: string, range?: { start: number; end: number }): AsyncIterable<Uint8Array>;
  /** All that are kept, the oldest first. */
  list(): AsyncIterable<{ sha256: string; size: number }>;
  /** Forgets one. */
  remove(sha256: string): Promise<void>;
}

/** What `put` rejects with when the stream is longer than allowed. */
export class BlobTooLarge extends Error {
  override readonly name = 'BlobTooLarge';
}

/** What `put` rejects with when the stream has another hash than expected. */
export class WrongBlob extends Error {
  override readonly name = 'WrongBlob';
}

/** Files in one folder, named by their hash; a half-written one never gets a name, and one of an earlier run goes at the first put. */
export function fileBlobs(folder: string): Blobs {
  let swept: Promise<void> | undefined;
  const pathOf = (sha256: string) => {
    if (!HASH.test(sha256)) throw new Error('not a sha256');
    return join(folder, sha256);
  };
  return {
    async put(bytes, bytes_max, expected) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await (swept ??= removeDrafts(folder));
      const draft = join(folder, `${DRAFT}${randomUUID()}`);
      const hash = createHash('sha256');
      let size = 0;
      try {
        const file = await open(draft, 'wx', 0o600);
        const writer = createWriter(file);
        try {
          for await (const chunk of bytes) {
            size += chunk.byteLength;
            if (size > bytes_max) throw new BlobTooLarge(`over ${bytes_max} bytes`);
            hash.update(chunk);
            await writer.add(chunk);
          }
          await writer.end();
          await file.sync();
        } finally {
          await writer.settled();
          await file.close();
        }
        const sha256 = hash.digest('hex');
        if (expected !== undefined && sha256 !== expected) throw new WrongBlob('other bytes than expected');
        await rename(draft, pathOf(sha256));
        return { sha256, size };
      } catch (reason) {
        await rm(draft, { force: true });
        throw reason;
      }
    },
    async size(sha256) {
      const found = await stat(pathOf(sha256)).catch(() => undefined);
      return found?.size;
    },
    open: (sha256, range) => createReadStream(pathOf(sha256), { ...range, highWaterMark: IO_BYTES }),
    async *list() {
      const names = await readdir(folder).catch(() => []); // no folder yet: nothing was kept
      const found = [];
      for (const sha256 of names.filter((name) => HASH.test(name))) {
        const about = await stat(pathOf(sha256)).catch(() => undefined);
        if (about) found.push({ sha256, size: about.size, kept_at: about.mtimeMs });
      }
      found.sort((left, right) => left.kept_at - right.kept_at);
      yield* found.map(({ sha256, size }) => ({ sha256, size }));
    },
    remove: (sha256) => rm(pathOf(sha256), { force: true }),
  };
}

/** Writes in pieces of some size, one while the next comes: each write is a way through another thread and back. */
function createWriter(file: FileHandle) {
  let waiting: Uint8Array[] = [];
  let waiting_bytes = 0;
  let writing: Promise<unknown> = Promise.resolve();
  const write = async () => {
    await writing;
    if (waiting.length > 0) writing = writeWhole(file, waiting, waiting_bytes);
    writing.catch(ignore); // whoever awaits it next is told
    [waiting, waiting_bytes] = [[], 0];
  };
  return {
    async add(chunk: Uint8Array): Promise<void> {
      waiting.push(chunk);
      waiting_bytes += chunk.byteLength;
      if (waiting_bytes >= IO_BYTES) await write();
    },
    async end(): Promise<void> {
      await write();
      await writing;
    },
    /** Resolves when nothing is under way, whatever became of it. */
    settled: () => writing.then(ignore, ignore),
  };
}

/** A disk that is nearly full takes a part, and says no only when it is asked again. */
async function writeWhole(file: FileHandle, chunks: Uint8Array[], bytes: number): Promise<void> {
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten < bytes) throw new Error(`the disk took ${bytesWritten} of ${bytes} bytes`);
}

/** One process writes here: drafts that lie here before its first are of one that is gone. */
async function removeDrafts(folder: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.filter((there) => there.startsWith(DRAFT))) await rm(join(folder, name), { force: true });
}

/** Blobs in memory, for tests and single runs. */
export function memoryBlobs(): Blobs {
  const kept = new Map<string, Buffer>();
  return {
    async put(bytes, bytes_max, expected) {
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of bytes) {
        size += chunk.byteLength;
        if (size > bytes_max) throw new BlobTooLarge(`over ${bytes_max} bytes`);
        chunks.push(chunk);
      }
      const whole = Buffer.concat(chunks);
      const sha256 = sha256Of(whole);
      if (expected !== undefined && sha256 !== expected) throw new WrongBlob('other bytes than expected');
      kept.set(sha256, whole);
      return { sha256, size };
    },
    size: async (sha256) => kept.get(sha256)?.length,
    async *open(sha256, range) {
      const whole = kept.get(sha256);
      if (!whole) throw new Error('no such blob');
      const part = range ? whole.subarray(range.start, range.end + 1) : whole;
      for (let at = 0; at < part.length; at += CHUNK_BYTES) yield part.subarray(at, at + CHUNK_BYTES);
    },
    async *list() {
      for (const [sha256, { length }] of kept) yield { sha256, size: length };
    },
    remove: async (sha256) => void kept.delete(sha256),
  };
}

/** The hex SHA-256 of some bytes or UTF-8 text. */
export const sha256Of = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

const HASH = /^[0-9a-f]{64}$/;
const DRAFT = '.draft-';
/** Written and read at once. */
const IO_BYTES = 262_144;
const CHUNK_BYTES = 65_536;

function ignore(): void {
  // Whoever wrote was told.
}
