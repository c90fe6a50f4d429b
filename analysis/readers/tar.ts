/** Tar archives as a stream: one file at a time, each held whole, links refused. */
import type { ReadEntry } from 'tar';
import type { AuroraError } from '../../protocol/index.ts';
import { BOUNDS, createMeter, malformed, tooLarge, type Bounds } from './bounds.ts';

/** A file of the archive with its bytes. Its name is a label, never a path to write to (ATK-H1). */
export interface TarEntry {
  name: string;
  bytes: Buffer;
}

/** The files one after another. Throws 4220 on damage, links, special files and doubled names; 4130 at a bound. */
export async function* readTar(
  stream: AsyncIterable<Uint8Array>,
  bounds: Bounds = BOUNDS,
  shared = { unpacked_bytes: 0 },
): AsyncGenerator<TarEntry> {
  const { Parser } = await import('tar'); // here, for few processes ever open an archive
  const meter = createMeter(bounds, shared);
  const names = new Set<string>();
  const whole: TarEntry[] = [];
  let fault: Error | undefined;
  const fail = (reason: Error) => void (fault ??= reason);

  const parser = new Parser({ strict: true });
  parser.on('entry', (entry: ReadEntry) => {
    const refusal = refusalOf(entry, names, bounds);
    if (refusal) fail(refusal);
    if (fault || entry.type === 'Directory') {
      entry.resume();
      return;
    }
    names.add(entry.path.toLowerCase());
    const chunks: Buffer[] = [];
    entry.on('data', (chunk) => void chunks.push(chunk));
    entry.on('end', () => void whole.push({ name: entry.path, bytes: Buffer.concat(chunks) }));
  });
  parser.on('error', (reason: unknown) => fail(malformed('its tar is damaged', reason)));

  for await (const chunk of stream) {
    meter.enter(chunk.byteLength);
    meter.leave(chunk.byteLength); // tar packs nothing: what goes in comes out
    parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (fault) throw fault;
    yield* whole.splice(0);
  }
  parser.end();
  await new Promise((resolve) => setImmediate(resolve)); // its last events come in the next turn
  if (fault) throw fault;
  yield* whole.splice(0);
}

function refusalOf(entry: ReadEntry, names: ReadonlySet<string>, bounds: Bounds): AuroraError | undefined {
  if (entry.type === 'Directory') return undefined;
  if (!FILES.has(entry.type)) return malformed(`it holds a ${entry.type}, not only files`);
  if (names.has(entry.path.toLowerCase())) return malformed('it holds two files of one name');
  if (names.size >= bounds.entries_max) return tooLarge(`it holds more than ${bounds.entries_max} files`);
  if (entry.size > bounds.archive_bytes_max) return tooLarge(`a file in it has over ${bounds.archive_bytes_max} bytes`);
  return undefined;
}

const FILES: ReadonlySet<string> = new Set(['File', 'OldFile', 'ContiguousFile']);
