/** Blobs as files of one folder, named by their hash. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobTooLarge, DiskRefused, WrongBlob, type Blobs } from './blobs.ts';
import { beginDraft, DRAFT, IO_BYTES } from './draft.ts';
import { createRecentBytes } from './recent-bytes.ts';

/**
 * Files in one folder: a half-written one never gets a name, and one of an earlier run goes at the first put. What was put last
 * is read from memory as long as it is small: most blobs are read as soon as they are there.
 */
export function fileBlobs(folder: string): Blobs {
  let swept: Promise<void> | undefined;
  const recent = createRecentBytes();
  const pathOf = (sha256: string) => {
    if (!HASH.test(sha256)) throw new Error('not a sha256');
    return join(folder, sha256);
  };
  const prepare = async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    swept ??= removeDrafts(folder).catch((reason: unknown) => {
      swept = undefined; // the next put tries it again
      throw reason;
    });
    await swept;
  };
  return {
    async put(bytes, bytes_max, expected) {
      const draft = beginDraft(folder, prepare());
      const gathered = recent.gather();
      const hash = createHash('sha256');
      let size = 0;
      try {
        for await (const chunk of bytes) {
          size += chunk.byteLength;
          if (size > bytes_max) throw new BlobTooLarge(`over ${bytes_max} bytes`);
          await draft.add(chunk);
          hash.update(chunk); // while that is written
          gathered.add(chunk);
        }
        const sha256 = hash.digest('hex');
        if (expected !== undefined && sha256 !== expected) throw new WrongBlob('other bytes than expected');
        const synced = draft.sync();
        const whole = gathered.whole(); // meanwhile
        await synced;
        await draft.keep(pathOf(sha256));
        if (whole) recent.keep(sha256, whole);
        return { sha256, size };
      } catch (reason) {
        await draft.drop();
        throw ofDisk(reason);
      } finally {
        gathered.end();
      }
    },
    async size(sha256) {
      const whole = recent.of(sha256);
      if (whole) return whole.byteLength;
      const found = await stat(pathOf(sha256)).catch(() => undefined);
      return found?.size;
    },
    open(sha256, range) {
      const whole = recent.of(sha256);
      if (!whole) return createReadStream(pathOf(sha256), { ...range, highWaterMark: IO_BYTES });
      return inOnePiece(range ? whole.subarray(range.start, range.end + 1) : whole);
    },
    async *list() {
      const names = await readdir(folder).catch(() => []); // no folder yet: nothing was kept
      const found = [];
      for (const sha256 of names.filter((name) => HASH.test(name))) {
        const about = await stat(pathOf(sha256)).catch(() => undefined);
        if (about) found.push({ sha256, size: about.size, kept_at: about.mtimeMs });
      }
      found.sort((left, right) => left.kept_at - right.kept_at);
      yield* found;
    },
    async remove(sha256) {
      recent.forget(sha256);
      await rm(pathOf(sha256), { force: true });
    },
  };
}

/** One process writes here: drafts that lie here before its first are of one that is gone. */
async function removeDrafts(folder: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.filter((there) => there.startsWith(DRAFT))) await rm(join(folder, name), { force: true });
}

/** What the disk itself says no with is told as that, and all else as it is. */
function ofDisk(reason: unknown): unknown {
  const code = reason instanceof Error && 'code' in reason ? reason.code : undefined;
  if (FULL.has(code)) return new DiskRefused(true, { cause: reason });
  return BROKEN.has(code) ? new DiskRefused(false, { cause: reason }) : reason;
}

async function* inOnePiece(whole: Uint8Array): AsyncGenerator<Uint8Array> {
  yield whole;
}

/** No room is left: on the disk, or of what its user may have. */
const FULL = new Set<unknown>(['ENOSPC', 'EDQUOT']);
const BROKEN = new Set<unknown>(['EIO', 'EROFS']);
const HASH = /^[0-9a-f]{64}$/;
