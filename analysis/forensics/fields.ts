/** Reads fields out of bytes that may be cut or forged: every read is checked, a bad one is a `Malformed`. */
import { utcOf } from '../time/index.ts';

/** Fields by offset, little-endian. */
export interface Fields {
  readonly length: number;
  u16(at: number): number;
  u32(at: number): number;
  i32(at: number): number;
  u64(at: number): bigint;
  /** A FILETIME as UTC, or null when it is not set or out of range. */
  time(at: number): string | null;
  /** UTF-16 up to a NUL or `length` units. */
  utf16(at: number, length: number): string;
  /** One byte a character up to a NUL or `length` bytes. */
  latin1(at: number, length: number): string;
  /** UTF-8 up to a NUL or `length` bytes. */
  utf8(at: number, length: number): string;
  guid(at: number): string;
  /** A window on the same bytes. */
  part(at: number, length: number): Fields;
  bytes(at: number, length: number): Buffer;
}

/** What reading meets when the bytes contradict their own format. The parser of the artefact turns it into a sentence. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

/** Fields of some bytes. */
export function fieldsOf(given: Uint8Array): Fields {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const within = (at: number, length: number): number => {
    if (!Number.isSafeInteger(at) || at < 0 || length < 0 || at + length > bytes.length)
      throw new Malformed(`offset ${at} with ${length} bytes lies outside of ${bytes.length}`);
    return at;
  };
  const until = (part: Buffer, step: 1 | 2): Buffer => {
    for (let at = 0; at + step <= part.length; at += step)
      if (part[at] === 0 && (step === 1 || part[at + 1] === 0)) return part.subarray(0, at);
    return part;
  };
  const window = (at: number, length: number) => bytes.subarray(within(at, length), at + length);
  return {
    length: bytes.length,
    u16: (at) => bytes.readUInt16LE(within(at, 2)),
    u32: (at) => bytes.readUInt32LE(within(at, 4)),
    i32: (at) => bytes.readInt32LE(within(at, 4)),
    u64: (at) => bytes.readBigUInt64LE(within(at, 8)),
    time: (at) => utcOf(bytes.readBigUInt64LE(within(at, 8))) ?? null,
    utf16: (at, length) => until(window(at, length * 2), 2).toString('utf16le'),
    latin1: (at, length) => until(window(at, length), 1).toString('latin1'),
    utf8: (at, length) => until(window(at, length), 1).toString('utf8'),
    guid(at) {
      const raw = window(at, 16);
      const head = [raw.readUInt32LE(0).toString(16).padStart(8, '0')];
      head.push(raw.readUInt16LE(4).toString(16).padStart(4, '0'), raw.readUInt16LE(6).toString(16).padStart(4, '0'));
      return [...head, raw.toString('hex', 8, 10), raw.toString('hex', 10, 16)].join('-');
    },
    part: (at, length) => fieldsOf(window(at, length)),
    bytes: window,
  };
}
