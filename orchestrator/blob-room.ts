/** Which blobs are kept, how much room they take together, and which of them are needed (wire.md 5). */
import { AuroraError } from '../protocol/index.ts';
import type { Blobs, Clock } from '../seams/index.ts';

/** The room that all blobs share. What nobody needs goes first where it has to go, the one used longest ago before others. */
export interface BlobRoom {
  /** Resolves once what earlier runs kept is counted as well: before, nothing is evicted. */
  ready(): Promise<void>;
  /** Keeps those of them that are here from being evicted until then, wall ms. Nothing is remembered about others. */
  hold(sha256s: readonly string[], until: number): void;
  has(sha256: string): boolean;
  /** Throws 5030 where so many bytes more could not be kept if all of them came. Nothing is taken from anybody for it. */
  assertRoom(bytes: number): void;
  /** Takes room for so many bytes more, from what nobody needs. Throws 5030 when all of it is needed. */
  takeRoom(bytes: number): Promise<void>;
  /** Removes so many bytes of what nobody needs, as far as there are: the disk has less room than there may be. */
  clear(bytes: number): Promise<void>;
  /** Gives it back. */
  leaveRoom(bytes: number): void;
  /** One is here now, needed until then. */
  keep(blob: { sha256: string; size: number }, until: number): void;
  /** One was used. */
  touch(sha256: string): void;
}

/** Makes it. What earlier runs put counts as just put for `fresh_ms`: its task may still come. */
export function createBlobRoom(deps: {
  blobs: Pick<Blobs, 'list' | 'remove'>;
  clock: Clock;
  bytes_max: number;
  fresh_ms: number;
}): BlobRoom {
  const { blobs, clock, bytes_max, fresh_ms } = deps;
  const kept = new Map<string, Kept>(); // used longest ago first
  let total = 0;
  let filling: Promise<void> | undefined;
  let is_ready = false;

  return {
    ready,
    hold(sha256s, until) {
      if (is_ready) mark(sha256s, until);
      else if (sha256s.length > 0) void ready().then(() => mark(sha256s, until), ignore);
    },
    has: (sha256) => kept.has(sha256),
    assertRoom(bytes) {
      if (total + bytes <= bytes_max) return;
      let free = 0;
      for (const blob of kept.values()) if (!isNeeded(blob)) free += blob.size;
      if (total - free + bytes > bytes_max) throw noRoom();
    },
    async takeRoom(bytes) {
      await evictUntil(() => total + bytes <= bytes_max);
      if (total + bytes > bytes_max) throw noRoom();
      total += bytes;
    },
    async clear(bytes) {
      const goal = total - bytes;
      await evictUntil(() => total <= goal);
    },
    leaveRoom: (bytes) => void (total -= bytes),
    keep: ({ sha256, size }, until) => put(sha256, size, until),
    touch(sha256) {
      const blob = kept.get(sha256);
      if (blob && kept.delete(sha256)) kept.set(sha256, blob);
    },
  };

  function ready(): Promise<void> {
    return (filling ??= fill().catch((reason: unknown) => {
      filling = undefined; // the next looks again
      throw reason;
    }));
  }

  async function fill(): Promise<void> {
    for await (const { sha256, size, kept_at } of blobs.list()) put(sha256, size, kept_at + fresh_ms);
    is_ready = true;
  }

  async function evictUntil(isEnough: () => boolean): Promise<void> {
    for (const [sha256, blob] of kept) {
      if (isEnough()) return;
      if (isNeeded(blob)) continue;
      kept.delete(sha256);
      total -= blob.size;
      await blobs.remove(sha256);
    }
  }

  function put(sha256: string, size: number, until: number): void {
    const before = kept.get(sha256);
    total += size - (before?.size ?? 0);
    kept.delete(sha256);
    kept.set(sha256, { size, needed_until: Math.max(until, before?.needed_until ?? 0) });
  }

  function mark(sha256s: readonly string[], until: number): void {
    for (const sha256 of sha256s) {
      const blob = kept.get(sha256);
      if (blob) blob.needed_until = Math.max(until, blob.needed_until);
    }
  }

  function isNeeded({ needed_until }: Kept): boolean {
    return needed_until > clock.now();
  }
}

/** A blob that is here; `needed_until` is wall ms. */
interface Kept {
  size: number;
  needed_until: number;
}

const noRoom = (): AuroraError =>
  new AuroraError(5030, { message: 'There is no room for more inputs now', retry_after_ms: RETRY_AFTER_MS });

function ignore(): void {
  // What cannot be listed is not evicted either.
}

const RETRY_AFTER_MS = 60_000;
