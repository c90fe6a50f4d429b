/** Text in UTF-16, as PowerShell's `>` and exports of Windows write it: told by its mark or by its zeros, and handed on as UTF-8. */

/** The encoding of a beginning that is UTF-16; undefined for anything else, and for a few letters without a mark. */
export function wideEncodingOf(head: Uint8Array): WideEncoding | undefined {
  const [first, second] = head;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const start = head.subarray(0, WIDE_BYTES_LOOKED_AT);
  const pairs = Math.floor(start.length / 2);
  if (pairs === 0) return undefined;
  const zeros = (odd: 0 | 1) => start.filter((byte, at) => at % 2 === odd && byte === 0).length;
  const letters = (odd: 0 | 1) => start.filter((byte, at) => at % 2 === odd && byte >= 9 && byte < 127).length;
  if (zeros(1) >= pairs * LETTERS_SHARE && letters(0) >= pairs * LETTERS_SHARE) return 'utf-16le';
  return zeros(0) >= pairs * LETTERS_SHARE && letters(1) >= pairs * LETTERS_SHARE ? 'utf-16be' : undefined;
}

export type WideEncoding = 'utf-16le' | 'utf-16be';

/** Bytes as text: UTF-16 where their beginning says so, else UTF-8; without the mark. Broken characters become U+FFFD. */
export const decodeText = (bytes: Uint8Array): string =>
  new TextDecoder(wideEncodingOf(bytes) ?? 'utf-8').decode(bytes);

/** The same stream, in UTF-8 where it was UTF-16; holds back at most its first `WIDE_BYTES_LOOKED_AT` bytes. */
export async function* narrowed(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined = new Uint8Array(0);
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  for await (const chunk of stream) {
    if (held === undefined) {
      yield toNarrow(chunk, decoder);
      continue;
    }
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    if (held.length < WIDE_BYTES_LOOKED_AT) continue;
    decoder = decoderOf(held);
    yield toNarrow(held, decoder);
    held = undefined;
  }
  if (held !== undefined && held.length > 0) {
    decoder = decoderOf(held);
    yield toNarrow(held, decoder);
  }
  if (decoder) yield Buffer.from(decoder.decode());
}

function decoderOf(head: Uint8Array): InstanceType<typeof TextDecoder> | undefined {
  const encoding = wideEncodingOf(head);
  return encoding && new TextDecoder(encoding);
}

const toNarrow = (bytes: Uint8Array, decoder: InstanceType<typeof TextDecoder> | undefined): Uint8Array =>
  decoder ? Buffer.from(decoder.decode(bytes, { stream: true })) : bytes;

/** Looked at where no mark says what it is. */
const WIDE_BYTES_LOOKED_AT = 256;
const LETTERS_SHARE = 0.9;
