/** A log file as a stream: header, then chunks of 64 KiB, so that memory does not grow with the file. */
import { createHash } from 'node:crypto';
import type { Workers } from '../../seams/index.ts';
import { EVTX_SIGNATURE } from '../readers/index.ts';
import type { ChunkReading } from './chunk.ts';
import { job } from './chunk-job.ts';
import type { EvtxRecord } from './event.ts';

/** What a run over a file saw. Whole once the records have ended. */
export interface EvtxReport {
  sha256: string;
  size: number;
  /** Records that were parsed, and those the chunks say they hold. */
  records: number;
  declared: number;
  chunks: number;
  /** Chunks with damage, the first `DAMAGE_LISTED_MAX` by number and offset in the file. */
  damaged: { chunk: number; offset: number; damage: string[] }[];
  damaged_count: number;
  /** The log was not closed properly: its last chunks may be newer than its header. */
  is_dirty: boolean;
  /** What was not read, in sentences. */
  unread: { what: string; why: string }[];
}

/** A reader of one file: batches of records, one a chunk, then the report. */
export interface EvtxReader {
  records: AsyncGenerator<EvtxRecord[]>;
  report(): EvtxReport;
}

/** How a file is read. */
export interface EvtxOptions {
  /** Where chunks are parsed; in this thread when absent, which only suits files that nobody hostile made. */
  workers?: Pick<Workers, 'run'>;
  signal?: AbortSignal;
}

/** Opens a stream. The generator throws `NotEvtx` on a first page that is no log; damage inside is reported, never thrown. */
export function createEvtxReader(stream: AsyncIterable<Uint8Array>, { workers, signal }: EvtxOptions = {}): EvtxReader {
  const hash = createHash('sha256');
  const seen: Omit<EvtxReport, 'sha256'> = {
    size: 0,
    records: 0,
    declared: 0,
    chunks: 0,
    damaged: [],
    damaged_count: 0,
    is_dirty: false,
    unread: [],
  };
  let declared_chunks = 0;
  let left_over = 0;

  const note = (offset: number, damage: string[]) => {
    if (damage.length === 0) return;
    seen.damaged_count += 1;
    if (seen.damaged.length < DAMAGE_LISTED_MAX) seen.damaged.push({ chunk: seen.chunks, offset, damage });
  };

  const parse = async (bytes: Uint8Array, number: number): Promise<ChunkReading> => {
    if (!workers) return job.run({ bytes, number });
    try {
      return await workers.run(job, { bytes, number }, { ms_max: CHUNK_MS_MAX, signal });
    } catch (reason) {
      signal?.throwIfAborted();
      if (!(reason instanceof Error && reason.name === 'JobTimeout')) throw reason;
      return { records: [], declared: 0, damage: [`parsing it took longer than ${CHUNK_MS_MAX} ms and was given up`] };
    }
  };

  async function* read(): AsyncGenerator<EvtxRecord[]> {
    let offset = 0;
    for await (const page of pagesOf(stream, (bytes) => {
      hash.update(bytes);
      seen.size += bytes.length;
    })) {
      signal?.throwIfAborted();
      if (offset === 0) {
        const header = parseHeader(page);
        if (!header.ok) throw new NotEvtx(header.reason);
        declared_chunks = header.chunks;
        seen.is_dirty = header.is_dirty;
        if (!header.is_sound) seen.unread.push({ what: 'the header of the file', why: 'its checksum does not fit' });
      } else if (seen.chunks >= EVTX_CHUNKS_MAX) {
        left_over += 1;
      } else if (page.length < CHUNK_BYTES) {
        seen.unread.push({ what: `the last ${page.length} bytes`, why: 'a chunk has 65536: the file is cut short' });
      } else if (seen.chunks < declared_chunks || (seen.is_dirty && isChunk(page))) {
        seen.chunks += 1;
        const { records, declared, damage } = await parse(page, seen.chunks);
        seen.records += records.length;
        seen.declared += Math.max(declared, records.length);
        note(offset, damage);
        yield records.map((record) => ({ ...record, offset: offset + record.offset }));
      } else if (isChunk(page)) {
        left_over += 1;
      }
      offset += page.length;
    }
    if (offset === 0) throw new NotEvtx('it is empty');
    if (seen.chunks < declared_chunks) {
      const missing = declared_chunks - seen.chunks;
      const why = seen.chunks >= EVTX_CHUNKS_MAX ? `${EVTX_CHUNKS_MAX} chunks are read` : 'the file ends before them';
      seen.unread.push({ what: `${missing} of ${declared_chunks} declared chunks`, why });
    } else if (left_over > 0) {
      const why = 'the header does not count them: they may hold older records';
      seen.unread.push({ what: `${left_over} chunks after the last one`, why });
    }
  }

  let sha256: string | undefined;
  return { records: read(), report: () => ({ sha256: (sha256 ??= hash.digest('hex')), ...seen }) };
}

/** What reading rejects with when the bytes are no event log. */
export class NotEvtx extends Error {
  override readonly name = 'NotEvtx';
}

type Header = { ok: true; chunks: number; is_dirty: boolean; is_sound: boolean } | { ok: false; reason: string };

function parseHeader(page: Uint8Array): Header {
  const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
  if (!bytes.subarray(0, EVTX_SIGNATURE.length).equals(EVTX_SIGNATURE))
    return { ok: false, reason: 'it does not begin like an event log' };
  if (bytes.length < HEADER_BYTES) return { ok: false, reason: 'it ends inside its header' };
  const major = bytes.readUInt16LE(0x26);
  if (major !== 3) return { ok: false, reason: `its format is version ${major}; version 3 is read` };
  return {
    ok: true,
    chunks: bytes.readUInt16LE(0x2a),
    is_dirty: (bytes.readUInt32LE(0x78) & 1) === 1,
    is_sound: bytes.readUInt32LE(0x7c) === crc32(bytes.subarray(0, 0x78)),
  };
}

/** The header of 4096 bytes, then pieces of 65536, the last one as long as it is. */
async function* pagesOf(
  stream: AsyncIterable<Uint8Array>,
  onBytes: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  let page = Buffer.alloc(HEADER_BYTES);
  let filled = 0;
  for await (const bytes of stream) {
    onBytes(bytes);
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + page.length - filled);
      page.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < page.length) continue;
      yield page;
      page = Buffer.alloc(CHUNK_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield page.subarray(0, filled);
}

const isChunk = (page: Uint8Array): boolean => Buffer.from(page.subarray(0, 8)).toString('latin1') === 'ElfChnk\0';

/** CRC-32 over a few bytes; a table for a header of 120 would cost more than it saves. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** 4 GiB of log, which is more than Windows lets one grow by default. */
const EVTX_CHUNKS_MAX = 65_535;
const HEADER_BYTES = 4_096;
const CHUNK_BYTES = 65_536;
const DAMAGE_LISTED_MAX = 50;
/** An honest chunk takes some ten ms. */
const CHUNK_MS_MAX = 5_000;
