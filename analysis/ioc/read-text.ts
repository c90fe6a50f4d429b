/** Bytes of a source read as text, bounded: UTF-8, or UTF-16 where its beginning says so. */
import { decodeText } from '../readers/index.ts';

/** The text, and whether all bytes were read and read as text. */
export interface ReadText {
  text: string;
  /** False when the source went on after `TEXT_BYTES_MAX`. */
  complete: boolean;
  /** False when much of it is no text: NUL bytes, or what the encoding does not allow. */
  legible: boolean;
}

/** Reads at most `TEXT_BYTES_MAX` bytes and stops asking for more; throws the signal's reason when it aborts. */
export async function readText(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<ReadText> {
  const kept: Uint8Array[] = [];
  let room = TEXT_BYTES_MAX;
  let complete = true;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    kept.push(chunk.subarray(0, room));
    complete = chunk.length <= room;
    room -= Math.min(room, chunk.length);
    if (!complete) break;
  }
  const bytes = Buffer.concat(kept);
  const text = decodeText(bytes);
  const odd = text.match(/[\u0000\ufffd]/g)?.length ?? 0;
  return { text, complete, legible: odd * ODD_SHARE <= text.length };
}

/** As much as `extractIocs` reads, were each byte a character. */
export const TEXT_BYTES_MAX = 8_388_608;
/** One odd character in this many is suffered. */
const ODD_SHARE = 50;
