/** Frames of WebSocket as bytes (RFC 6455, 5): made as told, right or wrong, and read with everything that is wrong about them named. */
import { randomFillSync } from 'node:crypto';

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
  const mask = nextMask();
  applyMask(payload, mask);
  return Buffer.concat([head, mask, payload]);
}

/** Four bytes that nobody can foresee (RFC 6455, 5.3), out of many that are drawn together: a draw costs more than a frame. */
function nextMask(): Buffer {
  if (mask_at === masks.length) {
    randomFillSync(masks);
    mask_at = 0;
  }
  mask_at += 4;
  return masks.subarray(mask_at - 4, mask_at);
}
const masks = Buffer.alloc(4_096);
let mask_at = masks.length;

/** Masks or unmasks in place: by words where the bytes lie on words, as large ones do. */
function applyMask(bytes: Buffer, mask: Buffer): void {
  let at = 0;
  if (bytes.byteOffset % 4 === 0) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    const key = new Uint32Array(Uint8Array.from(mask).buffer)[0] ?? 0;
    for (let word = 0; word < words.length; word++) words[word] = (words[word] ?? 0) ^ key;
    at = words.length * 4;
  }
  for (; at < bytes.length; at++) bytes[at] = (bytes[at] ?? 0) ^ (mask[at & 3] ?? 0);
}

/** The payload of a close frame. */
export function closePayload(code: number, reason = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

/** Reads frames out of a stream of bytes: give it chunks, take what is whole. Throws on a frame of more than `bytes_max`. */
export function createFrameReader(bytes_max: number): (chunk: Buffer) => WireFrame[] {
  let chunks: Buffer[] = [];
  let size = 0;
  let wanted = 0; // a frame of many chunks is joined once
  return (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < wanted) return [];
    let kept = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    const frames: WireFrame[] = [];
    for (;;) {
      const read = readFrame(kept, bytes_max);
      kept = kept.subarray(read.bytes);
      if (read.frame) {
        frames.push(read.frame);
        continue;
      }
      [chunks, size, wanted] = [[kept], kept.length, read.wanted];
      return frames;
    }
  };
}

/** A whole frame and its length, or how many bytes it takes to go on. */
type Read = { frame: WireFrame; bytes: number } | { frame: undefined; bytes: 0; wanted: number };

function readFrame(bytes: Buffer, bytes_max: number): Read {
  const wait = (wanted: number): Read => ({ frame: undefined, bytes: 0, wanted });
  if (bytes.length < 2) return wait(2);
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const length_at = 2;
  const length_bytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const mask_at = length_at + length_bytes;
  const masked = (second & 0x80) !== 0;
  const payload_at = mask_at + (masked ? 4 : 0);
  if (bytes.length < payload_at) return wait(payload_at);
  const length = length_bytes === 0 ? short : toLength(bytes, length_at, length_bytes);
  if (length > bytes_max) throw new Error(`the peer sent a frame of ${length} bytes, more than ${bytes_max}`);
  if (bytes.length < payload_at + length) return wait(payload_at + length);
  const payload = Buffer.from(bytes.subarray(payload_at, payload_at + length));
  if (masked) applyMask(payload, bytes.subarray(mask_at, mask_at + 4));
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
