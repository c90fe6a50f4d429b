/** Whether the disk takes blobs: what a refused write says, and the tries that find out when one works again (PROM-P15). */
import type { Blobs, CancelTimer, Clock, DiskRefused, Log, Random } from '../seams/index.ts';

/** What is known of the disk by what was written last. */
export interface BlobDisk {
  /** Why nothing is taken now, for readiness; undefined when it is. */
  cause(): string | undefined;
  /**
   * So many bytes were refused. Until as many are taken again that is tried: who is told that nothing is taken sends nothing. Of more
   * than a try writes it is found out first whether that much fits: one large blob that does not is no full disk.
   */
  refused(reason: DiskRefused, bytes: number): void;
  /** So many bytes were taken. */
  taken(bytes: number): void;
}

/** Takes the disk for well until a write fails. */
export function createBlobDisk(deps: { blobs: Blobs; clock: Clock; random: Random; log: Log }): BlobDisk {
  const { blobs, clock, random, log } = deps;
  let trouble: { reason: DiskRefused; bytes: number } | undefined;
  let cancelTry: CancelTimer = () => undefined;
  let is_looking = false;

  return { cause: () => trouble && `blobs: ${trouble.reason.message}`, refused, taken };

  function refused(reason: DiskRefused, bytes: number): void {
    if (trouble || bytes <= TRY_BYTES_MAX) note(reason, bytes);
    else if (!is_looking) void look(reason);
  }

  async function look(reason: DiskRefused): Promise<void> {
    is_looking = true;
    const fits = await isTaken(TRY_BYTES_MAX);
    is_looking = false;
    if (!fits) note(reason, TRY_BYTES_MAX);
  }

  function note(reason: DiskRefused, bytes: number): void {
    if (!trouble) {
      log.error({ err: reason }, 'no more blobs are kept until the disk takes them again');
      trouble = { reason, bytes: TRY_BYTES_MIN };
      tryLater();
    }
    trouble.reason = reason;
    trouble.bytes = Math.max(trouble.bytes, Math.min(bytes, TRY_BYTES_MAX)); // else a small one would end what a larger found
  }

  function taken(bytes: number): void {
    if (!trouble || bytes < trouble.bytes) return;
    cancelTry();
    trouble = undefined;
    log.info({}, 'blobs are kept again');
  }

  function tryLater(): void {
    cancelTry();
    cancelTry = clock.after(RETRY_MS, () => void tryAgain());
  }

  async function tryAgain(): Promise<void> {
    const tried = trouble;
    if (!tried) return;
    const { bytes } = tried;
    const is_taken = await isTaken(bytes);
    if (trouble !== tried) return; // it is over, and what came since has a timer of its own
    if (is_taken && bytes >= tried.bytes) taken(bytes);
    else tryLater();
  }

  /** Writes what nobody else has, so that removing it takes nothing from anybody. */
  function isTaken(bytes: number): Promise<boolean> {
    return blobs.put(onePiece(random.bytes(bytes)), bytes).then(
      ({ sha256 }) =>
        blobs.remove(sha256).then(
          () => true,
          () => false,
        ),
      () => false,
    );
  }
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** How long after a refused write the next is tried, and whoever was refused may come again, ms. */
export const RETRY_MS = 2_000;
/** What a try writes at least, bytes: what nobody else has is not shorter. */
const TRY_BYTES_MIN = 32;
/** What a try writes at most, bytes: 1 MiB. */
const TRY_BYTES_MAX = 1_048_576;
