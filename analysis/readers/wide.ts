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

/**
 * Bytes as text: UTF-16 where their beginning says so, else UTF-8; without the mark. Broken characters become U+FFFD. Where plain letters
 * stand among wide ones, as after `>>` of another shell or behind a mark that lies, all of it is read without its zeros.
 */
export function decodeText(bytes: Uint8Array): string {
  const encoding = wideEncodingOf(bytes);
  if (encoding === undefined) return new TextDecoder().decode(bytes);
  return hasNarrow(bytes, encoding, createRun())
    ? withoutZeros(bytes).toString('utf8')
    : new TextDecoder(encoding).decode(bytes);
}

/** The same stream, in UTF-8 where it was UTF-16; holds back at most its first `WIDE_BYTES_LOOKED_AT` bytes. */
export async function* narrowed(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined = new Uint8Array(0);
  let narrow: Narrow | undefined;
  for await (const chunk of stream) {
    if (held === undefined) {
      yield narrow ? narrow.take(chunk) : chunk;
      continue;
    }
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    if (held.length < WIDE_BYTES_LOOKED_AT) continue;
    narrow = narrowOf(held);
    yield narrow ? narrow.take(held) : held;
    held = undefined;
  }
  if (held !== undefined && held.length > 0) {
    narrow = narrowOf(held);
    yield narrow ? narrow.take(held) : held;
  }
  if (narrow) yield narrow.end();
}

/** UTF-16 on its way to UTF-8. */
interface Narrow {
  take(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

function narrowOf(head: Uint8Array): Narrow | undefined {
  const encoding = wideEncodingOf(head);
  if (encoding === undefined) return undefined;
  const decoder = new TextDecoder(encoding);
  const run = createRun();
  let is_mixed = false;
  return {
    take(bytes) {
      const was_mixed = is_mixed;
      is_mixed ||= hasNarrow(bytes, encoding, run);
      if (!is_mixed) return Buffer.from(decoder.decode(bytes, { stream: true }));
      const rest = withoutZeros(bytes);
      return was_mixed ? rest : Buffer.concat([Buffer.from(decoder.decode()), rest]);
    },
    end: () => Buffer.from(is_mixed ? '' : decoder.decode()),
  };
}

/** Plain letters that stand side by side; pieces of a stream go on where the last one ended. */
interface Run {
  high: number | undefined;
  points: number;
  is_odd: boolean;
}

const createRun = (): Run => ({ high: undefined, points: 0, is_odd: false });

/**
 * Whether bytes are no UTF-16 at some place: pairs of two letters, or letters on the wrong side of their zeros. Either makes characters
 * that stand in no text side by side so often.
 */
function hasNarrow(bytes: Uint8Array, encoding: WideEncoding, run: Run): boolean {
  let pairs = 0;
  let of_two = 0;
  for (const byte of bytes) {
    run.is_odd = !run.is_odd;
    if (run.is_odd) {
      run.high = byte;
      continue;
    }
    const [high, low] = encoding === 'utf-16be' ? [run.high ?? 0, byte] : [byte, run.high ?? 0];
    pairs += 1;
    const is_of_two = isLetter(high) && isLetter(low);
    if (is_of_two) of_two += 1;
    if (is_of_two || (low === 0 && isLetter(high)))
      run.points += Number(isPlain(high)) + (low === 0 ? 1 : Number(isPlain(low)));
    else run.points = 0;
    if (run.points >= RUN_POINTS) return true;
  }
  const marked = isMark(bytes) ? 1 : 0;
  return of_two >= SHORT_PAIRS && of_two === pairs - marked;
}

const withoutZeros = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.subarray(isMark(bytes) ? 2 : 0)).filter((byte) => byte !== 0) as Buffer;

const isMark = ([first, second]: Uint8Array): boolean =>
  (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);

/** Of ASCII, with line ends and tabs. */
const isLetter = (byte: number): boolean =>
  (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d;

/** What makes up most of any line: small letters, digits, blanks, and what stands in paths and addresses. */
const isPlain = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) ||
  (byte >= 0x2d && byte <= 0x3a) ||
  byte === 0x20 ||
  byte === 0x09 ||
  byte === 0x0a ||
  byte === 0x0d;

/** Looked at where no mark says what it is. */
const WIDE_BYTES_LOOKED_AT = 256;
const LETTERS_SHARE = 0.9;
/** Plain letters in a row: eight characters of any script that are made of two such by chance are one in ten thousand millions. */
const RUN_POINTS = 16;
/** Pairs, where there is nothing else. */
const SHORT_PAIRS = 4;
