/** The tail of a write-ahead log, judged before SQLite silently cuts it (sqlite.org/fileformat2.html, section 4). */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

/** What lies behind the last frame that SQLite will read. */
export interface WalTail {
  /** Frames that are whole, of this log, and follow one another. */
  frames: number;
  /** Bytes after them that belong to this log and do not check out: torn by a power cut, cut short or changed. */
  damaged_bytes: number;
}

/** Reads the log of `file`; undefined when there is none. Costs one pass over a file of a few MB. */
export function walTailOf(file: string): WalTail | undefined {
  const path = `${file}-wal`;
  if (!existsSync(path)) return undefined;
  const handle = openSync(path, 'r');
  try {
    const { size } = fstatSync(handle);
    if (size === 0) return undefined;
    const header = Buffer.alloc(HEADER_BYTES);
    if (readSync(handle, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return { frames: 0, damaged_bytes: size };
    return judge(handle, header, size);
  } finally {
    closeSync(handle);
  }
}

function judge(handle: number, header: Buffer, size: number): WalTail {
  const is_swapped = (header.readUInt32BE(0) & 1) === 1 ? endianness() === 'LE' : endianness() === 'BE';
  const sum = { a: 0, b: 0 };
  add(sum, header.subarray(0, 24), is_swapped);
  if (sum.a !== header.readUInt32BE(24) || sum.b !== header.readUInt32BE(28)) return { frames: 0, damaged_bytes: size };

  const frame_bytes = FRAME_HEADER_BYTES + header.readUInt32BE(8);
  const frame = Buffer.alloc(frame_bytes);
  let frames = 0;
  for (let offset = HEADER_BYTES; offset < size; offset += frame_bytes) {
    const read = readSync(handle, frame, 0, frame_bytes, offset);
    if (read < 16) return { frames, damaged_bytes: read };
    const is_of_this_log = frame.compare(header, 16, 24, 8, 16) === 0; // older frames behind the end carry older salts
    if (!is_of_this_log) return { frames, damaged_bytes: 0 };
    add(sum, frame.subarray(0, 8), is_swapped);
    add(sum, frame.subarray(FRAME_HEADER_BYTES), is_swapped);
    const is_whole = read === frame_bytes && sum.a === frame.readUInt32BE(16) && sum.b === frame.readUInt32BE(20);
    if (!is_whole) return { frames, damaged_bytes: size - offset };
    frames += 1;
  }
  return { frames, damaged_bytes: 0 };
}

/** SQLite's running checksum over pairs of 32-bit words. */
function add(sum: { a: number; b: number }, bytes: Buffer, is_swapped: boolean): void {
  const is_little = (endianness() === 'LE') !== is_swapped;
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const [first, second] = is_little
      ? [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)]
      : [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
    sum.a = (sum.a + first + sum.b) >>> 0;
    sum.b = (sum.b + second + sum.a) >>> 0;
  }
}

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
