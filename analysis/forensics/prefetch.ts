/** Windows prefetch files, versions 17 to 31, also compressed: which program ran, how often, when, and what it opened. */
import { z } from 'zod';
import { fieldsOf, Malformed, type Fields } from './fields.ts';
import { decompressXpressHuffman } from './xpress-huffman.ts';

/** What a prefetch file says. */
export const Prefetch = z.object({
  format_version: z.number().int(),
  is_compressed: z.boolean(),
  executable: z.string(),
  prefetch_hash: z.string().describe('over path and arguments, as in the name of the file'),
  run_count: z.number().int(),
  last_run_times: z.array(z.string()).describe('UTC, the latest first; only those that are set'),
  filenames: z.array(z.string()),
  filenames_count: z.number().int(),
  volumes: z.array(z.object({ path: z.string(), created_at: z.string().nullable(), serial: z.string() })),
});
export type Prefetch = z.infer<typeof Prefetch>;

/** Whether bytes begin like one. */
export const isPrefetch = (head: Buffer): boolean =>
  /^MAM[\x01-\x0f\x81-\x8f]/.test(head.toString('latin1', 0, 4)) || head.toString('latin1', 4, 8) === 'SCCA';

/** Reads one; what is damaged past the header is added to `damage`. Throws `Malformed` when nothing of it can be read. */
export function parsePrefetch(bytes: Uint8Array, damage: string[]): Prefetch {
  const { file, is_compressed } = unpack(bytes);
  if (file.latin1(4, 4) !== 'SCCA') throw new Malformed('it has no prefetch signature');
  const version = file.u32(0);
  const layout = layoutOf(version, file.u32(0x54));
  if (!layout) throw new Malformed(`prefetch version ${version} is not supported; 17, 23, 26, 30 and 31 are`);
  if (file.u32(0x0c) !== file.length) damage.push(`its header says ${file.u32(0x0c)} bytes, it has ${file.length}`);
  const names = attempt(damage, 'names of files', () => namesIn(file), []);
  return {
    format_version: version,
    is_compressed,
    executable: file.utf16(0x10, 30),
    prefetch_hash: `0x${file.u32(0x4c).toString(16).padStart(8, '0')}`,
    run_count: file.u32(layout.run_count),
    last_run_times: Array.from({ length: layout.times }, (_, index) => file.time(layout.last_run + index * 8)).filter(
      (time) => time !== null,
    ),
    filenames: names,
    filenames_count: names.length,
    volumes: attempt(damage, 'volumes', () => volumesIn(file, layout.volume_bytes), []),
  };
}

function unpack(bytes: Uint8Array): { file: Fields; is_compressed: boolean } {
  const file = fieldsOf(bytes);
  if (file.latin1(0, 3) !== 'MAM') return { file, is_compressed: false };
  const method = bytes[3] ?? 0;
  if ((method & 0x0f) !== XPRESS_HUFFMAN) throw new Malformed(`its compression ${method & 0x0f} is not supported`);
  const size = file.u32(4);
  if (size > UNPACKED_BYTES_MAX)
    throw new Malformed(`unpacked it would have ${size} bytes, over ${UNPACKED_BYTES_MAX}`);
  const begin = (method & 0x80) === 0 ? 8 : 12; // a checksum stands between when the high bit is set
  return { file: fieldsOf(decompressXpressHuffman(file.bytes(begin, file.length - begin), size)), is_compressed: true };
}

/** Where the fields that moved between versions lie. The metrics of later builds of version 30 begin 8 bytes earlier. */
function layoutOf(version: number, metrics_at: number) {
  if (version === 17) return { last_run: 0x78, times: 1, run_count: 0x90, volume_bytes: 40 };
  if (version === 23) return { last_run: 0x80, times: 1, run_count: 0x98, volume_bytes: 104 };
  if (version === 26) return { last_run: 0x80, times: 8, run_count: 0xd0, volume_bytes: 104 };
  if (version === 30 || version === 31)
    return { last_run: 0x80, times: 8, run_count: metrics_at === 0x130 ? 0xd0 : 0xc8, volume_bytes: 96 };
  return undefined;
}

function namesIn(file: Fields): string[] {
  const names = file.bytes(file.u32(0x64), file.u32(0x68)).toString('utf16le').split('\0');
  if (names.at(-1) === '') names.pop();
  if (names.length > NAMES_MAX) throw new Malformed(`more than ${NAMES_MAX}`);
  return names;
}

function volumesIn(file: Fields, volume_bytes: number): Prefetch['volumes'] {
  const [at, count] = [file.u32(0x6c), file.u32(0x70)];
  if (count > VOLUMES_MAX) throw new Malformed(`more than ${VOLUMES_MAX}`);
  return Array.from({ length: count }, (_, index) => {
    const entry = at + index * volume_bytes;
    return {
      path: file.utf16(at + file.u32(entry), Math.min(file.u32(entry + 4), PATH_UNITS_MAX)),
      created_at: file.time(entry + 8),
      serial: file
        .u32(entry + 16)
        .toString(16)
        .padStart(8, '0'),
    };
  });
}

/** A part that may be damaged while the rest is not. */
function attempt<T>(damage: string[], what: string, read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (reason) {
    if (!(reason instanceof Malformed)) throw reason;
    damage.push(`its ${what} cannot be read: ${reason.message}`);
    return otherwise;
  }
}

const XPRESS_HUFFMAN = 4;
/** Real ones stay below a few MiB unpacked. */
const UNPACKED_BYTES_MAX = 16_777_216;
const NAMES_MAX = 100_000;
const VOLUMES_MAX = 64;
const PATH_UNITS_MAX = 1_024;
