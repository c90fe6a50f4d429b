/** The head of a stream, looked at without losing it. */
import { tooLarge } from './bounds.ts';

/** The first bytes, at least `bytes` of them where there are as many, and the whole stream again. To be read once. */
export async function peek(
  stream: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ head: Buffer; stream: AsyncIterable<Uint8Array> }> {
  const rest = stream[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let size = 0;
  let is_over = false;
  while (size < bytes && !is_over) {
    const next = await rest.next();
    if (next.done) is_over = true;
    else {
      seen.push(next.value);
      size += next.value.byteLength;
    }
  }
  const head = Buffer.concat(seen);
  return {
    head,
    stream: (async function* () {
      try {
        if (head.length > 0) yield head;
        if (!is_over) for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
      } finally {
        await rest.return?.();
      }
    })(),
  };
}

/** All bytes of a stream; throws 4130 over `bytes_max`. */
export async function collect(stream: AsyncIterable<Uint8Array>, bytes_max: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > bytes_max) throw tooLarge(`what has to be held whole may have ${bytes_max} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
