/** Bytes that were just here, by their hash: whoever wants them next need not have them read from the disk. */

/** What is kept; what was wanted longest ago goes first. */
export interface RecentBytes {
  keep(sha256: string, whole: Buffer): void;
  of(sha256: string): Buffer | undefined;
  forget(sha256: string): void;
  /** Begins to gather a stream that may be worth keeping. */
  gather(): Gathering;
}

/** The pieces of a stream so far; whoever began it ends it. */
export interface Gathering {
  add(piece: Uint8Array): void;
  /** Nothing when they are too many or too large, or when too much comes at once. */
  whole(): Buffer | undefined;
  end(): void;
}

/** Keeps nothing yet. */
export function createRecentBytes(): RecentBytes {
  const kept = new Map<string, Buffer>(); // wanted longest ago first
  let total = 0;
  let coming = 0; // bytes of all that is being gathered

  const forget = (sha256: string) => {
    total -= kept.get(sha256)?.byteLength ?? 0;
    kept.delete(sha256);
  };
  const keep = (sha256: string, whole: Buffer) => {
    forget(sha256);
    kept.set(sha256, whole);
    total += whole.byteLength;
    for (const oldest of kept.keys()) {
      if (total <= RECENT_BYTES_MAX) return;
      forget(oldest);
    }
  };
  return {
    keep,
    forget,
    of(sha256) {
      const whole = kept.get(sha256);
      if (whole) keep(sha256, whole);
      return whole;
    },
    gather() {
      let pieces: Uint8Array[] | undefined = [];
      let size = 0;
      const end = () => {
        coming -= size;
        [pieces, size] = [undefined, 0];
      };
      return {
        add(piece) {
          if (!pieces) return;
          size += piece.byteLength;
          coming += piece.byteLength;
          pieces.push(piece);
          if (size > EACH_BYTES_MAX || pieces.length > PIECES_MAX || coming > RECENT_BYTES_MAX) end();
        },
        whole: () => pieces && Buffer.concat(pieces, size),
        end,
      };
    },
  };
}

/** All that is kept, and as much again that is being gathered, bytes: 8 MiB. */
const RECENT_BYTES_MAX = 8_388_608;
/** Largest that is kept, bytes: 2 MiB. */
const EACH_BYTES_MAX = 2_097_152;
/** A stream in crumbs would weigh more than its bytes. */
const PIECES_MAX = 1_024;
