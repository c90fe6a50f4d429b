/** Cuts a stream of JSON into its values without parsing it: the elements of one array, or values one after another. */

/** One value as text; `cut` when it was longer than allowed or broken off, then the text is not all of it. */
export interface JsonText {
  text: string;
  cut: boolean;
}

/**
 * The objects and lists at the top, or within a single list at the top. Text between them is passed over, except what is left
 * open at the end: that is a value too, a broken one.
 */
export async function* cutValues(
  stream: AsyncIterable<Uint8Array>,
  value_bytes_max: number,
): AsyncGenerator<JsonText[]> {
  let base: number | undefined; // how deep values begin: 1 when a list holds them all
  let depth = 0;
  let in_string = false;
  let is_escaped = false;
  let kept: Buffer[] = [];
  let kept_bytes = 0;
  const keep = (bytes: Buffer) => {
    const room = value_bytes_max - kept_bytes;
    if (room > 0) kept.push(Buffer.from(bytes.subarray(0, room)));
    kept_bytes += bytes.length;
  };
  const take = (): JsonText => {
    const value = { text: Buffer.concat(kept).toString('utf8'), cut: kept_bytes > value_bytes_max };
    kept = [];
    kept_bytes = 0;
    return value;
  };

  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const values: JsonText[] = [];
    let from = depth > (base ?? 0) ? 0 : -1; // where the value that is open began in this chunk
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (in_string) {
        if (is_escaped) is_escaped = false;
        else if (byte === BACKSLASH) is_escaped = true;
        else if (byte === QUOTE) in_string = false;
      } else if (byte === QUOTE) {
        in_string = true;
      } else if (byte === BRACE || byte === BRACKET) {
        base ??= byte === BRACKET ? 1 : 0;
        if (depth === base) from = at;
        depth += 1;
      } else if (byte === BRACE_END || byte === BRACKET_END) {
        depth = Math.max(0, depth - 1);
        if (depth !== base || from < 0) continue;
        keep(bytes.subarray(from, at + 1));
        values.push(take());
        from = -1;
      }
    }
    if (from >= 0) keep(bytes.subarray(from));
    yield values;
  }
  if (depth > 0 || kept_bytes > 0) yield [{ ...take(), cut: true }]; // it ends in the middle: something is missing
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
