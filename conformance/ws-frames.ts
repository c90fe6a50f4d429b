/** Frames of WebSocket as bytes (RFC 6455, 5): made as told, right or wrong, and read with everything that is wrong about them named. */
import { randomBytes } from 'node:crypto';

/** The opcodes there are. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A frame to be sent. What is not said is as the RFC wants it of a client. */
export interface FrameSpec {
  opcode: number;
  payload?: Uint8Array;
  fin?: boolean;
  /** Reserved bits, 0 to 7. */
  rsv?: number;
  masked?: boolean;
  /** How the length is written: the shortest way unless said. */
  length_bytes?: 0 | 2 | 8;
  /** A length that is claimed instead of the payload's own. */
  claimed_length?: bigint;
}

/** A frame that was read. */
export interface WireFrame {
  opcode: number;
  fin: boolean;
  rsv: number;
  masked: boolean;
  payload: Buffer;
}

/** The bytes of a frame. */
export function encodeFrame(spec: FrameSpec): Buffer {
  const payload = Buffer.from(spec.payload ?? new Uint8Array());
  const { opcode, fin = true, rsv = 0, masked = true } = spec;
  const first = (fin ? 0x80 : 0) | ((rsv & 7) << 4) | (opcode & 15);
  const length = lengthBytes(spec.claimed_length ?? BigInt(payload.length), spec.length_bytes);
  const head = Buffer.from([first, (masked ? 0x80 : 0) | length.short, ...length.more]);
  if (!masked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  for (let at = 0; at < payload.length; at++) payload[at] = (payload[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return Buffer.concat([head, mask, payload]);
}

/** The payload of a close frame. */
export function closePayload(code: number, reason = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

/** Reads frames out of a stream of bytes: give it chunks, take what is whole. Throws on a frame of more than `bytes_max`. */
export function createFrameReader(bytes_max: number): (chunk: Buffer) => WireFrame[] {
  let kept: Buffer = Buffer.alloc(0);
  return (chunk) => {
    kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
    const frames: WireFrame[] = [];
    for (;;) {
      const read = readFrame(kept, bytes_max);
      if (!read) return frames;
      frames.push(read.frame);
      kept = kept.subarray(read.bytes);
    }
  };
}

function readFrame(bytes: Buffer, bytes_max: number): { frame: WireFrame; bytes: number } | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const length_at = 2;
  const length_bytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask_at = length_at + length_bytes;
  const masked = (second & 0x80) !== 0;
  const payload_at = mask_at + (masked ? 4 : 0);
  if (bytes.length < payload_at) return undefined;
  const length = length_bytes === 0 ? short : toLength(bytes, length_at, length_bytes);
  if (length > bytes_max) throw new Error(`the peer sent a frame of ${length} bytes, more than ${bytes_max}`);
  if (bytes.length < payload_at + length) return undefined;
  const payload = Buffer.from(bytes.subarray(payload_at, payload_at + length));
  if (masked) for (let at = 0; at < length; at++) payload[at] = (payload[at] ?? 0) ^ (bytes[mask_at + (at & 3)] ?? 0);
  const frame = { opcode: first & 15, fin: (first & 0x80) !== 0, rsv: (first >> 4) & 7, masked, payload };
  return { frame, bytes: payload_at + length };
}

const toLength = (bytes: Buffer, at: number, length_bytes: number): number =>
  length_bytes === 2 ? bytes.readUInt16BE(at) : Number(bytes.readBigUInt64BE(at));

function lengthBytes(length: bigint, forced: 0 | 2 | 8 | undefined): { short: number; more: Buffer } {
  const size = forced ?? (length < 126n ? 0 : length < 65_536n ? 2 : 8);
  if (size === 0) return { short: Number(length), more: Buffer.alloc(0) };
  const more = Buffer.alloc(size);
  if (size === 2) more.writeUInt16BE(Number(length));
  else more.writeBigUInt64BE(length);
  return { short: size === 2 ? 126 : 127, more };
}
