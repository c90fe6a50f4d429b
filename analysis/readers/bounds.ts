/** How far unpacking goes: whoever packed it may have wished that it never ends (ATK-H2). */
import { AuroraError } from '../../protocol/index.ts';

/** The bounds of one unpacking, all its layers together. */
export interface Bounds {
  /** Bytes that may come out of all archives and streams together: 1 GiB. */
  unpacked_bytes_max: number;
  /** How many bytes may come out of one that went in: 100, asked beyond `ratio_free_bytes`. */
  ratio_max: number;
  /** Where the ratio is first looked at: 16 MiB. Small things that pack well harm nobody. */
  ratio_free_bytes: number;
  /** An archive that has to be held to be read, packed: 128 MiB. */
  archive_bytes_max: number;
  /** Files in one archive: 10 000. */
  entries_max: number;
  /** Archives in archives: 2. */
  nesting_max: number;
}

/** Unless somebody says otherwise. */
export const BOUNDS: Bounds = {
  unpacked_bytes_max: 1_073_741_824,
  ratio_max: 100,
  ratio_free_bytes: 16_777_216,
  archive_bytes_max: 134_217_728,
  entries_max: 10_000,
  nesting_max: 2,
};

/** As much is unpacked at once. */
export const CHUNK_BYTES = 131_072;

/** What came out of one packed thing so far, measured against its bounds. */
export interface Meter {
  /** Counts packed bytes. */
  enter: (bytes: number) => void;
  /** Counts unpacked bytes; throws 4130 at a bound. */
  leave: (bytes: number) => void;
}

/** Makes a meter; `shared` is what all layers of one input have used up together. */
export function createMeter(bounds: Bounds, shared: { unpacked_bytes: number }): Meter {
  let packed = 0;
  let unpacked = 0;
  return {
    enter: (bytes) => void (packed += bytes),
    leave(bytes) {
      unpacked += bytes;
      shared.unpacked_bytes += bytes;
      if (shared.unpacked_bytes > bounds.unpacked_bytes_max) {
        throw tooLarge(`unpacked it has more than ${bounds.unpacked_bytes_max} bytes`);
      }
      if (unpacked > bounds.ratio_free_bytes && unpacked > packed * bounds.ratio_max) {
        throw tooLarge(`more than ${bounds.ratio_max} bytes come out of each byte of it, as out of a bomb`);
      }
    },
  };
}

/** 4130: a bound was reached. */
export const tooLarge = (why: string): AuroraError =>
  new AuroraError(4130, { message: `The input is not unpacked: ${why}` });

/** 4220: it is not what it claims to be. */
export const malformed = (why: string, cause?: unknown): AuroraError =>
  new AuroraError(4220, { message: `The input cannot be unpacked: ${why}`, cause });
