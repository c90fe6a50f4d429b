/** An input with whatever it was packed in taken off: gzip, zip and tar, in one another up to a depth. */
import { BOUNDS, tooLarge, type Bounds } from './bounds.ts';
import { gunzip } from './gzip.ts';
import { collect, peek } from './peek.ts';
import { readTar } from './tar.ts';
import { readZip } from './zip.ts';

/** A file as it lay in the input, under the names of all layers: `logs.zip/day.json`. */
export interface UnpackedFile {
  name: string;
  /** To be read once, and before the next file is asked for. */
  bytes: AsyncIterable<Uint8Array>;
  /** It lay in something: the input itself is another. */
  is_packed?: boolean;
}

/**
 * The files in an input, which is itself one when it is not packed. Throws 4220 on a damaged or hostile archive, 4130 at a bound;
 * a file that is broken off in the middle throws while it is read.
 */
export async function* unpack(
  input: { name: string; bytes: AsyncIterable<Uint8Array> },
  bounds: Bounds = BOUNDS,
): AsyncGenerator<UnpackedFile> {
  yield* layer(input, bounds, { unpacked_bytes: 0 }, 0);
}

async function* layer(
  { name, bytes }: Omit<UnpackedFile, 'is_packed'>,
  bounds: Bounds,
  shared: { unpacked_bytes: number },
  depth: number,
): AsyncGenerator<UnpackedFile> {
  const { head, stream } = await peek(bytes, TAR_MAGIC_END);
  const form = formOf(head);
  if (form === undefined) {
    yield { name, bytes: stream, is_packed: depth > 0 };
    return;
  }
  if (depth > bounds.nesting_max)
    throw tooLarge(
      bounds.nesting_max === 0
        ? 'what lies in it is packed again'
        : `it holds archives in archives, more than ${bounds.nesting_max} deep`,
    );
  const inside = (file: Omit<UnpackedFile, 'is_packed'>): AsyncGenerator<UnpackedFile> =>
    layer(file, bounds, shared, depth + 1);
  if (form === 'gzip') {
    yield* inside({ name: name.replace(/\.t?gz$/i, ''), bytes: gunzip(stream, bounds, shared) });
  } else if (form === 'tar') {
    for await (const entry of readTar(stream, bounds, shared)) {
      yield* inside({ name: `${name}/${entry.name}`, bytes: once(entry.bytes) });
    }
  } else {
    for (const entry of await readZip(await collect(stream, bounds.archive_bytes_max), bounds, shared)) {
      yield* inside({ name: `${name}/${entry.name}`, bytes: entry.open() });
    }
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function formOf(head: Buffer): 'gzip' | 'zip' | 'tar' | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip';
  if (head.subarray(0, 4).equals(ZIP_FILE) || head.subarray(0, 4).equals(ZIP_EMPTY)) return 'zip';
  if (head.subarray(TAR_MAGIC_AT, TAR_MAGIC_AT + 5).toString('latin1') === 'ustar') return 'tar';
  return undefined;
}

const ZIP_FILE = Buffer.from('PK\x03\x04', 'latin1');
const ZIP_EMPTY = Buffer.from('PK\x05\x06', 'latin1');
const TAR_MAGIC_AT = 257;
const TAR_MAGIC_END = 262;
