/** Zip archives by their central directory: what is listed is judged before a byte of it is unpacked. */
import type { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { AuroraError } from '../../protocol/index.ts';
import { BOUNDS, CHUNK_BYTES, createMeter, malformed, tooLarge, type Bounds } from './bounds.ts';

/** A file in an archive. Its name is a label, never a path to write to (ATK-H1). */
export interface ZipEntry {
  name: string;
  size: number;
  /** Its bytes, unpacked as they are read; throws 4130 at a bound, 4220 when they are not what the directory says. */
  open(): AsyncGenerator<Uint8Array>;
}

/**
 * The files of an archive that is held whole. Throws 4220 when it is no zip, or holds links, two files of one name, names that
 * lead out, encryption or an unknown method; throws 4130 when its directory promises more than the bounds allow.
 */
export async function readZip(
  bytes: Buffer,
  bounds: Bounds = BOUNDS,
  shared = { unpacked_bytes: 0 },
): Promise<ZipEntry[]> {
  const { fromBufferPromise } = await import('yauzl'); // here, for few processes ever open an archive
  const whole = withoutTail(bytes);
  const zip = await fromBufferPromise(whole, { strictFileNames: true }).catch(refuse);
  // A second end behind the first hides every file from us, and not from readers that go by the files.
  if (zip.entryCount === 0 && whole.length > DIRECTORY_END_BYTES + zip.comment.length) {
    throw malformed('its directory is empty, and it is not');
  }
  if (zip.entryCount > bounds.entries_max) throw tooLarge(`it holds more than ${bounds.entries_max} files`);
  const entries = new Map<string, Entry>();
  let [packed, unpacked] = [0, 0];
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      refuseEntry(entry);
      const key = entry.fileName.toLowerCase();
      if (entries.has(key)) throw malformed('it holds two files of one name');
      entries.set(key, entry);
      packed += entry.compressedSize;
      unpacked += entry.uncompressedSize;
      if (shared.unpacked_bytes + unpacked > bounds.unpacked_bytes_max) {
        throw tooLarge(`unpacked it has more than ${bounds.unpacked_bytes_max} bytes`);
      }
    }
  } catch (reason) {
    throw toRefusal(reason);
  }
  if (packed > bytes.length) throw malformed('its files lie over one another, as in a bomb');
  if (unpacked > bounds.ratio_free_bytes && unpacked > packed * bounds.ratio_max) {
    throw tooLarge(`more than ${bounds.ratio_max} bytes come out of each byte of it, as out of a bomb`);
  }
  return [...entries.values()].map((entry) => ({
    name: entry.fileName,
    size: entry.uncompressedSize,
    open: () => inflate(zip, entry, bounds, shared),
  }));
}

/** A tool that copied an archive as text may have ended it with a line break: that much is cut off, and nothing else. */
function withoutTail(bytes: Buffer): Buffer {
  const at = bytes.lastIndexOf(DIRECTORY_END);
  if (at === -1 || at + DIRECTORY_END_BYTES > bytes.length) return bytes;
  const end = at + DIRECTORY_END_BYTES + bytes.readUInt16LE(at + DIRECTORY_END_BYTES - 2);
  const tail = bytes.subarray(end).toString('latin1');
  return tail.length <= TAIL_BYTES_MAX && tail.trim() === '' ? bytes.subarray(0, end) : bytes;
}

async function* inflate(zip: ZipFile, entry: Entry, bounds: Bounds, shared: { unpacked_bytes: number }) {
  const meter = createMeter(bounds, shared);
  meter.enter(entry.compressedSize);
  let [sum, size] = [0, 0];
  const packed = await zip.openReadStreamPromise(entry, { decodeFileData: false }).catch(refuse);
  const stream = entry.compressionMethod === DEFLATED ? inflated(packed) : packed;
  try {
    for await (const chunk of stream) {
      const bytes = chunk as Uint8Array; // a stream of bytes, though its type does not say so
      meter.leave(bytes.byteLength);
      size += bytes.byteLength;
      if (size > entry.uncompressedSize) throw malformed('a file in it is longer than the archive says');
      sum = crc32(bytes, sum);
      yield bytes;
    }
  } catch (reason) {
    throw toRefusal(reason);
  } finally {
    packed.destroy();
    stream.destroy();
  }
  if (size !== entry.uncompressedSize) throw malformed('a file in it is shorter than the archive says');
  if (sum !== entry.crc32) throw malformed('a file in it has another checksum than the archive says');
}

/** The library inflates 16 KiB at a time, and going to a thread and back for each took longer than the inflating. */
function inflated(packed: Readable): Readable {
  const inflating = createInflateRaw({ chunkSize: CHUNK_BYTES });
  packed.on('error', (reason) => inflating.destroy(reason));
  return packed.pipe(inflating);
}

function refuseEntry(entry: Entry): void {
  if (((entry.externalFileAttributes >>> 16) & MODE_TYPE) === MODE_LINK) throw malformed('it holds a symbolic link');
  if (entry.isEncrypted()) throw malformed('it is encrypted');
  if (!entry.canDecodeFileData()) throw malformed(`compression method ${entry.compressionMethod} is not known here`);
}

/** Errors of the library speak of the archive; ours pass. */
const toRefusal = (reason: unknown): AuroraError =>
  reason instanceof AuroraError ? reason : malformed('its zip is damaged or leads out of itself', reason);

function refuse(reason: unknown): never {
  throw toRefusal(reason);
}

const DEFLATED = 8;
const MODE_TYPE = 0o170000;
const MODE_LINK = 0o120000;
const DIRECTORY_END = Buffer.from('PK\x05\x06', 'latin1');
const DIRECTORY_END_BYTES = 22;
const TAIL_BYTES_MAX = 16;
