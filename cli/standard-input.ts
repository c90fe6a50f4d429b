/** Standard input, as far as somebody would type or pipe it. */
import { UsageError } from './outcome.ts';

/** All of it as UTF-8. Throws a UsageError over `bytes_max`: whoever pipes a disk image into it is told, and not the machine. */
export async function readText(bytes_max: number): Promise<string> {
  const tooLarge = () => new UsageError(`Standard input has more than ${bytes_max} bytes: that is no text for this`);
  return Buffer.concat(await readChunks(bytes_max, tooLarge)).toString('utf8');
}

/** All of it as it came. Throws what `tooLarge` makes of its size so far over `bytes_max`. */
export async function readChunks(bytes_max: number, tooLarge: (size: number) => UsageError): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.byteLength;
    if (size > bytes_max) throw tooLarge(size);
    chunks.push(chunk);
  }
  return chunks;
}
