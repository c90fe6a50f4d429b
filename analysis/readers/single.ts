/** One file, out of what it was packed in when it lies in one: a gzip, or a zip of this one file. */
import { BOUNDS, malformed, type Bounds } from './bounds.ts';
import { unpack } from './unpack.ts';

/** The file; its name says what it lay in, so that findings cite both. */
export interface SingleFile {
  name: string;
  bytes: AsyncIterable<Uint8Array>;
}

/** Opens one level. Throws 4220 on what is damaged, packed twice or no single file, 4130 at a bound; some of it only while it is read. */
export async function openSingle(input: SingleFile, bounds: Bounds = SINGLE_BOUNDS): Promise<SingleFile> {
  const files = unpack(input, bounds);
  const first = await files.next();
  if (first.done) throw malformed('there is no file in it');
  const { name, bytes, is_packed } = first.value;
  if (!is_packed) return { name, bytes };
  const label = name.startsWith(`${input.name}/`)
    ? name
    : `${name === input.name ? 'what lies' : name} in ${input.name}`;
  return { name: label, bytes: alone(bytes, files) };
}

async function* alone(bytes: AsyncIterable<Uint8Array>, files: AsyncGenerator): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
    if (!(await files.next()).done)
      throw malformed('it holds several files, and one is judged at a time: unpack it first');
  } finally {
    await files.return(undefined);
  }
}

/** One level: what is packed twice is no ordinary log or mail. */
const SINGLE_BOUNDS: Bounds = { ...BOUNDS, nesting_max: 0 };
