/** The bytes of one upload as they come: each counted when it is there, and none waited for without end. */
import { AuroraError } from '../protocol/index.ts';
import type { Clock } from '../seams/index.ts';

/** What an upload is watched by. */
export interface UploadDeps {
  clock: Clock;
  /** Longest silence between two pieces, ms. */
  silence_ms_max: number;
  /** Called before each piece is passed on; rejects when it may not be kept. */
  onBytes: (bytes: number) => Promise<void>;
}

/** The same pieces. Throws 4000 when nothing came for too long: whoever sends is not waited for any longer. */
export async function* watched(
  bytes: AsyncIterable<Uint8Array>,
  { clock, silence_ms_max, onBytes }: UploadDeps,
): AsyncGenerator<Uint8Array> {
  const pieces = bytes[Symbol.asyncIterator]();
  try {
    for (;;) {
      const piece = await unlessSilent(pieces.next(), clock, silence_ms_max);
      if (piece.done) return;
      await onBytes(piece.value.byteLength);
      yield piece.value;
    }
  } finally {
    void pieces.return?.().catch(() => undefined); // it waits for the piece that does not come
  }
}

async function unlessSilent<T>(next: Promise<T>, clock: Clock, ms_max: number): Promise<T> {
  let cancel = (): void => undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(ms_max, () =>
      reject(new AuroraError(4000, { message: `The upload was cut: nothing came for ${ms_max / 1_000} s` })),
    );
  });
  return Promise.race([next, silence]).finally(cancel);
}
