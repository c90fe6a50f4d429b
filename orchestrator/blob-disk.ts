/** Whether the disk takes blobs: what a refused write says, and the tries that find out when one works again (PROM-P15). */
import type { Blobs, CancelTimer, Clock, DiskRefused, Log, Random } from '../seams/index.ts';

/** What is known of the disk by what was written last. */
export interface BlobDisk {
  /** Why nothing is taken now, for readiness; undefined when it is. */
  cause(): string | undefined;
  /** So many bytes were refused. Until as many are taken again that is tried: who is told that nothing is taken sends nothing. */
  refused(reason: DiskRefused, bytes: number): void;
  /** So many bytes were taken. */
  taken(bytes: number): void;
}

/** Takes the disk for well until a write fails. */
export function createBlobDisk(deps: { blobs: Blobs; clock: Clock; random: Random; log: Log }): BlobDisk {
  const { blobs, clock, random, log } = deps;
  let trouble: { reason: DiskRefused; bytes: number; cancel: CancelTimer } | undefined;

  return { cause: () => trouble && `blobs: ${trouble.reason.message}`, refused, taken };

  function refused(reason: DiskRefused, bytes: number): void {
    if (!trouble) log.error({ err: reason }, 'no more blobs are kept until the disk takes them again');
    const cancel = trouble?.cancel ?? tryLater();
    trouble = { reason, bytes: Math.min(bytes, TRY_BYTES_MAX), cancel };
  }

  function taken(bytes: number): void {
    if (!trouble || bytes < trouble.bytes) return;
    trouble.cancel();
    trouble = undefined;
    log.info({}, 'blobs are kept again');
  }

  function tryLater(): CancelTimer {
    return clock.after(RETRY_MS, () => void tryAgain());
  }

  /** Writes what nobody else has, so that removing it takes nothing from anybody. */
  async function tryAgain(): Promise<void> {
    const bytes = trouble?.bytes ?? 0;
    const is_taken = await blobs.put(onePiece(random.bytes(bytes)), bytes).then(
      ({ sha256 }) => blobs.remove(sha256).then(() => true),
      () => false,
    );
    if (is_taken) taken(bytes);
    if (trouble) trouble = { ...trouble, cancel: tryLater() };
  }
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** How long after a refused write the next is tried, and whoever was refused may come again, ms. */
export const RETRY_MS = 2_000;
/** What a try writes at most, bytes: 1 MiB. */
const TRY_BYTES_MAX = 1_048_576;
