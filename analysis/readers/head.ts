/** The head of what is packed, from the head of the packing alone: enough to tell what kind of thing it is. */
import { constants, gunzipSync, inflateRawSync } from 'node:zlib';

/** The first bytes inside a gzip, or of the first file in a zip, or undefined when these bytes are neither. Never throws. */
export function headInside(head: Uint8Array): Buffer | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, PACKED_BYTES));
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes, PARTIAL);
    if (bytes.toString('latin1', 0, 4) !== ZIP_FILE || bytes.length < LOCAL_HEADER_BYTES) return undefined;
    const start = LOCAL_HEADER_BYTES + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
    const method = bytes.readUInt16LE(8);
    const size = bytes.readUInt32LE(18); // 0 where the size stands behind the bytes
    const packed = bytes.subarray(start, size > 0 ? start + size : undefined);
    if (method === STORED) return packed;
    return method === DEFLATED ? inflateRawSync(packed, PARTIAL) : Buffer.alloc(0);
  } catch {
    return Buffer.alloc(0); // packed, and damaged: nothing of it can be seen
  }
}

const ZIP_FILE = 'PK\x03\x04';
const LOCAL_HEADER_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
/** Of which at most 16 MiB can come. */
const PACKED_BYTES = 16_384;
const PARTIAL = { finishFlush: constants.Z_SYNC_FLUSH };
