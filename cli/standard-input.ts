/** Standard input as text, as far as somebody would type or pipe it. */
import { UsageError } from './outcome.ts';

/** All of it as UTF-8. Throws a UsageError over `bytes_max`: whoever pipes a disk image into it is told, and not the machine. */
export async function readText(bytes_max: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.byteLength;
    if (size > bytes_max)
      throw new UsageError(`Standard input has more than ${bytes_max} bytes: that is no text for this`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
