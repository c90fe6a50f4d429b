/** Decompresses what Windows compresses with XPRESS and Huffman codes ([MS-XCA] 2.2): prefetch files since Windows 10. */
import { Malformed } from './fields.ts';

/** The bytes, exactly `size` of them. Throws `Malformed` when the input does not hold them. */
export function decompressXpressHuffman(input: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size);
  let filled = 0;
  let at = 0;
  const u16 = (): number => {
    if (at + 1 >= input.length) {
      // The last bits may be asked for beyond the end; more than that is a stream that was cut.
      at += 2;
      if (at > input.length + PADDING_BYTES_MAX) throw new Malformed('the compressed data ends early');
      return 0;
    }
    const value = (input[at] ?? 0) | ((input[at + 1] ?? 0) << 8);
    at += 2;
    return value;
  };

  while (filled < size) {
    if (at + TABLE_BYTES > input.length) throw new Malformed('the compressed data ends early');
    const { symbols, lengths } = tableOf(input.subarray(at, at + TABLE_BYTES));
    at += TABLE_BYTES;
    let bits = (u16() << 16) | u16();
    let spare = 16;
    const drop = (count: number) => {
      bits <<= count;
      spare -= count;
      if (spare >= 0) return;
      bits |= u16() << -spare;
      spare += 16;
    };

    const block_end = Math.min(size, filled + BLOCK_BYTES);
    while (filled < block_end) {
      const symbol = symbols[bits >>> 17] ?? 0;
      const length = lengths[symbol] ?? 0;
      if (length === 0) throw new Malformed('the compressed data holds a code that its table does not');
      drop(length);
      if (symbol < 256) {
        output[filled++] = symbol;
        continue;
      }
      let count = symbol & 15;
      if (count === 15) {
        count = input[at++] ?? 0;
        if (count === 255) {
          count = u16();
          if (count < 15) throw new Malformed('the compressed data holds a length that cannot be');
          count -= 15;
        }
        count += 15;
      }
      count += 3;
      const offset_bits = (symbol - 256) >> 4;
      const distance = (1 << offset_bits) + (offset_bits === 0 ? 0 : bits >>> (32 - offset_bits));
      drop(offset_bits);
      if (distance > filled) throw new Malformed('the compressed data points before its beginning');
      // A match may reach into the next block, and copies what it has just written.
      for (const end = Math.min(size, filled + count); filled < end; filled += 1)
        output[filled] = output[filled - distance] ?? 0;
    }
  }
  return output;
}

/** Every value of 15 bits with the symbol whose code it begins with: codes are given in the order of length, then of symbol. */
function tableOf(packed: Uint8Array): { symbols: Uint16Array; lengths: Uint8Array } {
  const lengths = new Uint8Array(SYMBOLS);
  packed.forEach((byte, index) => {
    lengths[index * 2] = byte & 15;
    lengths[index * 2 + 1] = byte >> 4;
  });
  const symbols = new Uint16Array(1 << CODE_BITS_MAX);
  let next = 0;
  for (let length = 1; length <= CODE_BITS_MAX; length += 1) {
    for (let symbol = 0; symbol < SYMBOLS; symbol += 1) {
      if (lengths[symbol] !== length) continue;
      const span = 1 << (CODE_BITS_MAX - length);
      if (next + span > symbols.length) throw new Malformed('the compressed data has too many codes');
      symbols.fill(symbol, next, next + span);
      next += span;
    }
  }
  if (next !== symbols.length) throw new Malformed('the compressed data has too few codes');
  return { symbols, lengths };
}

const TABLE_BYTES = 256;
const SYMBOLS = 512;
const CODE_BITS_MAX = 15;
const BLOCK_BYTES = 65_536;
const PADDING_BYTES_MAX = 8;
