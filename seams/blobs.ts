/** Bytes under their own hash: put once, opened by anybody who may (wire.md 5). */
import { hash } from 'node:crypto';

/** Where large inputs live. */
export interface Blobs {
  /**
   * Keeps a stream; rejects with `BlobTooLarge` over `bytes_max`, `WrongBlob` for another hash than `expected`, `DiskRefused` where the
   * disk takes no more, and keeps nothing then.
   */
  put(
    bytes: AsyncIterable<Uint8Array>,
    bytes_max: number,
    expected?: string,
  ): Promise<{ sha256: string; size: number }>;
  /** Size in bytes, or undefined when unknown. */
  size(sha256: string): Promise<number | undefined>;
  /** The bytes from `start` to `end` inclusive; fails when unknown. */
  open(sha256: string, range?: { start: number; end: number }): AsyncIterable<Uint8Array>;
  /** All that are kept, the oldest first, and since when: wall ms. */
  list(): AsyncIterable<{ sha256: string; size: number; kept_at: number }>;
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

/** What `put` rejects with when the disk does not take the bytes now: later it may. */
export class DiskRefused extends Error {
  override readonly name = 'DiskRefused';
  /** Whether room is what it lacks. */
  readonly is_full: boolean;
  constructor(is_full: boolean, options?: ErrorOptions) {
    super(is_full ? 'the disk is full' : 'the disk does not take what is written', options);
    this.is_full = is_full;
  }
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
      for (const [sha256, { length }] of kept) yield { sha256, size: length, kept_at: 0 }; // no run but this one knows them
    },
    remove: async (sha256) => void kept.delete(sha256),
  };
}

/** The hex SHA-256 of some bytes or UTF-8 text. */
export const sha256Of = (bytes: Uint8Array | string): string => hash('sha256', bytes, 'hex');

const CHUNK_BYTES = 65_536;
