/** Cuts a stream of JSON into its values without parsing it: the elements of one array, or values one after another. */

/** One value as text; `cut` when it was longer than allowed or broken off, then the text is not all of it. */
export interface JsonText {
  text: string;
  cut: boolean;
}

/**
 * The objects and lists at the top, or within a single list at the top. Text between them is passed over, except what is left
 * open at the end: that is a value too, a broken one. Under `path`, keys from outside, the elements of the lists there are the
 * values instead; an object at the top that has none there is a value itself. What stands beside such a list is passed over.
 */
export async function* cutValues(
  stream: AsyncIterable<Uint8Array>,
  value_bytes_max: number,
  path: readonly string[] = [],
): AsyncGenerator<JsonText[]> {
  let base: number | undefined; // how deep values begin: 1 when a list holds them all, more within the list of an envelope
  let depth = 0;
  let in_string = false;
  let is_escaped = false;
  let kept: Buffer[] = [];
  let kept_bytes = 0;
  const way = path.length > 0 ? createWay(path) : undefined;
  const keep = (bytes: Buffer) => {
    const room = value_bytes_max - kept_bytes;
    if (room > 0) kept.push(Buffer.from(bytes.subarray(0, room)));
    kept_bytes += bytes.length;
  };
  const drop = () => {
    kept = [];
    kept_bytes = 0;
  };
  const take = (): JsonText => {
    const value = { text: Buffer.concat(kept).toString('utf8'), cut: kept_bytes > value_bytes_max };
    drop();
    return value;
  };

  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const values: JsonText[] = [];
    let from = depth > (base ?? 0) && way?.isBeside() !== true ? 0 : -1; // where the value that is open began in this chunk
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (in_string) {
        if (is_escaped) is_escaped = false;
        else if (byte === BACKSLASH) is_escaped = true;
        else if (byte === QUOTE) in_string = false;
        if (in_string) way?.spell(byte, depth);
      } else if (byte === QUOTE) {
        in_string = true;
        way?.begin();
      } else if (byte === BRACE || byte === BRACKET) {
        base ??= byte === BRACKET ? 1 : 0;
        if (way?.open(byte, depth)) {
          base = depth + 1; // its elements are the values, and what led to it is none
          drop();
          from = -1;
        } else if (depth === base) from = at;
        depth += 1;
      } else if (byte === BRACE_END || byte === BRACKET_END) {
        depth = Math.max(0, depth - 1);
        if (way?.close(depth)) base = 0;
        if (depth !== base || from < 0) continue;
        keep(bytes.subarray(from, at + 1));
        values.push(take());
        from = -1;
      } else if (byte === COLON || byte === COMMA) way?.part(byte, depth);
    }
    if (from >= 0) keep(bytes.subarray(from));
    yield values;
  }
  if (depth > 0 || kept_bytes > 0) yield [{ ...take(), cut: true }]; // it ends in the middle: something is missing
}

/** The way to the list of an envelope: which of its keys were entered. */
interface Way {
  /** A text begins, and each byte of it: it may be the next key. */
  begin(): void;
  spell(byte: number, depth: number): void;
  /** A colon or a comma. */
  part(byte: number, depth: number): void;
  /** A container opens in one of that depth: whether it is the list. */
  open(byte: number, depth: number): boolean;
  /** A container closed, and one of that depth is open again: whether it was the list. */
  close(depth: number): boolean;
  /** Whether the list is behind, and its envelope still open. */
  isBeside(): boolean;
}

function createWay(path: readonly string[]): Way {
  let gone = 0; // keys that were entered; as many as there are within the list
  let is_within = false;
  let is_beside = false;
  let text = '';
  let key = '';
  /** Whether a key there may be the next. */
  const isOn = (depth: number) => depth === gone + 1 && gone < path.length;
  return {
    begin: () => (text = ''),
    spell: (byte, depth) => {
      if (isOn(depth) && text.length < KEY_BYTES_MAX) text += String.fromCharCode(byte);
    },
    part: (byte, depth) => {
      if (isOn(depth)) key = byte === COLON ? text : '';
    },
    open: (byte, depth) => {
      const is_last = gone === path.length - 1;
      if (!isOn(depth) || key !== path[gone] || byte !== (is_last ? BRACKET : BRACE)) return false;
      gone += 1;
      key = '';
      if (is_last) [is_within, is_beside] = [true, false];
      return is_last;
    },
    close: (depth) => {
      const was_list = is_within && depth === gone;
      // Its key is left with it: a second list of that name is read too, as who keeps the last of two would.
      if (was_list) [is_within, is_beside] = [false, true];
      if (depth === 0) [gone, is_beside, key] = [0, false, ''];
      else if (!is_within && depth === gone) gone -= 1;
      return was_list;
    },
    isBeside: () => is_beside,
  };
}

const KEY_BYTES_MAX = 32;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const COLON = 0x3a;
const COMMA = 0x2c;
