/** What is taken of the package that knows binary XML: its low-level readers only, as its builder cuts events to ten fields. */
import * as core from '@ts-evtx/core';
import { z } from 'zod';

/** One record of a chunk, not yet rendered. */
export interface RawRecord {
  recordNum(): bigint;
  /** When it was written: 100 ns since 1601. */
  timestamp(): bigint;
  /** The offset of its first byte in the chunk. */
  offset: number;
  size(): number;
  verify(): boolean;
  renderXml(): string;
}

/** A chunk of 64 KiB; offsets inside it count from its own start, so each can be read by itself. */
export interface RawChunk {
  checkMagic(): boolean;
  verify(): boolean;
  logFirstRecordNumber(): bigint;
  logLastRecordNumber(): bigint;
  records(): Iterable<RawRecord>;
}

/** Opens one chunk. Nothing is parsed yet. */
export const openChunk = (bytes: Uint8Array): RawChunk => new ChunkHeader(new BinaryReader(bytes), 0);

const isClass = (value: unknown) => typeof value === 'function';
/** Its type declarations name files without their ending, which no compiler for modules follows: they are stated here. */
const { ChunkHeader, BinaryReader } = z
  .object({
    ChunkHeader: z.custom<new (reader: object, offset: number) => RawChunk>(isClass),
    BinaryReader: z.custom<new (bytes: Uint8Array) => object>(isClass),
  })
  .parse({ ...core });
