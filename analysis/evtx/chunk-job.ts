/** Reading a chunk as work for a thread: binary XML from an attacker may be made to expand or to last. */
import { readChunk, type ChunkReading } from './chunk.ts';

/** One chunk in, its reading out. */
export const job = {
  module: import.meta.url,
  run: ({ bytes, number }: { bytes: Uint8Array; number: number }): ChunkReading => readChunk(bytes, number),
};
