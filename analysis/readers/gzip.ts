/** gzip as a stream: what comes out is counted while it comes. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BOUNDS, CHUNK_BYTES, createMeter, malformed, type Bounds } from './bounds.ts';

/** The unpacked bytes. Throws 4220 on what is no gzip or cut short, 4130 at a bound. */
export async function* gunzip(
  stream: AsyncIterable<Uint8Array>,
  bounds: Bounds = BOUNDS,
  shared = { unpacked_bytes: 0 },
): AsyncGenerator<Uint8Array> {
  const meter = createMeter(bounds, shared);
  const packed = Readable.from(counted(stream, meter.enter), { objectMode: false });
  const inflating = createGunzip({ chunkSize: CHUNK_BYTES });
  let read_fault: Error | undefined;
  packed.on('error', (reason) => inflating.destroy((read_fault = reason)));
  packed.pipe(inflating);
  try {
    for await (const chunk of inflating) {
      const bytes = chunk as Uint8Array; // a stream of bytes, though its type does not say so
      meter.leave(bytes.byteLength);
      yield bytes;
    }
  } catch (reason) {
    if (reason instanceof Error && 'code' in reason && reason !== read_fault && ZLIB_FAULT.test(String(reason.code))) {
      throw malformed(`its gzip is damaged or cut short`, reason);
    }
    throw reason;
  } finally {
    packed.destroy();
    inflating.destroy();
  }
}

async function* counted(stream: AsyncIterable<Uint8Array>, count: (bytes: number) => void) {
  for await (const chunk of stream) {
    count(chunk.byteLength);
    yield chunk;
  }
}

const ZLIB_FAULT = /^Z_/;
