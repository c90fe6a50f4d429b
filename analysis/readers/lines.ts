/** Cuts a stream of bytes into lines, in bounded memory. */
import { createHash } from 'node:crypto';
import { narrowed } from './wide.ts';

/** One line without its end; `cut` when it was longer than the bound. */
export interface Line {
  number: number;
  text: string;
  cut: boolean;
}

/** A reader of lines; `sha256()` is the hash of all bytes read so far, whole once `lines` has ended. */
export interface LineReader {
  lines: AsyncGenerator<Line[]>;
  sha256(): string;
}

/** Reads lines of UTF-8 or UTF-16 and hashes what it reads. */
export function createLineReader(stream: AsyncIterable<Uint8Array>, line_bytes_max = LINE_BYTES_MAX): LineReader {
  const hash = createHash('sha256');
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      hash.update(chunk);
      yield chunk;
    }
  }
  let digest: string | undefined;
  return { lines: cutLines(narrowed(hashed()), line_bytes_max), sha256: () => (digest ??= hash.digest('hex')) };
}

/** UTF-8 lines in batches, at least one a chunk; broken UTF-8 becomes U+FFFD, a gigabyte without a line end costs `line_bytes_max`. */
export async function* cutLines(stream: AsyncIterable<Uint8Array>, line_bytes_max: number): AsyncGenerator<Line[]> {
  let number = 0;
  let rest = Buffer.alloc(0);
  let cut = false;

  const take = (bytes: Buffer): Line => {
    const whole = rest.length === 0 ? bytes : Buffer.concat([rest, bytes.subarray(0, line_bytes_max - rest.length)]);
    const length = Math.min(whole.length, line_bytes_max);
    const was_cut = cut || rest.length + bytes.length > line_bytes_max;
    rest = Buffer.alloc(0);
    cut = false;
    number += 1;
    let start = 0;
    let end = length;
    while (start < end && whole[start] === 0) start += 1; // zeros around a line are what a broken write left
    while (end > start && whole[end - 1] === 0) end -= 1;
    if (whole[end - 1] === CARRIAGE_RETURN && end > start) end -= 1;
    return { number, text: whole.toString('utf8', start, end), cut: was_cut };
  };

  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const batch: Line[] = [];
    let at = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, at)) {
      batch.push(take(bytes.subarray(at, end)));
      at = end + 1;
      if (batch.length < BATCH_LINES_MAX) continue;
      yield batch.splice(0);
    }
    if (at < bytes.length) {
      const left = line_bytes_max - rest.length;
      if (bytes.length - at > left) cut = true;
      if (left > 0) rest = Buffer.concat([rest, bytes.subarray(at, at + left)]);
    }
    yield batch;
  }
  if (rest.length > 0) yield [take(Buffer.alloc(0))];
}

/** A line is read up to this many bytes unless said, 64 KiB; real web servers refuse longer request lines. */
export const LINE_BYTES_MAX = 65_536;
const BATCH_LINES_MAX = 1_000;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
