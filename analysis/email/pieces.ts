/** Text in pieces that the wording is judged by: a line, or overlapping parts of one that is very long. */
import { endsOf } from '../readers/index.ts';

/** A piece and the line it stands in, counted from 0. */
export interface Piece {
  line: number;
  text: string;
}

/** The pieces of lines; of more than `PIECES_MAX` the first and the last are taken, `left` counts the others. */
export function piecesOf(lines: readonly string[]): { pieces: Piece[]; left: number } {
  const { taken, left } = endsOf(
    lines.flatMap((text, line) => partsOf(text).map((part): Piece => ({ line, text: part }))),
    PIECES_MAX,
  );
  return { pieces: taken, left };
}

/** A phrase that lies over the seam of two parts stands whole in one of them. */
function partsOf(line: string): string[] {
  if (line.length <= PIECE_CHARS_MAX) return [line];
  const parts: string[] = [];
  for (let at = 0; at < line.length - OVERLAP_CHARS; at += PIECE_CHARS_MAX - OVERLAP_CHARS)
    parts.push(line.slice(at, at + PIECE_CHARS_MAX));
  return parts;
}

/** A piece has at most so many characters. */
export const PIECE_CHARS_MAX = 4_000;
/** A mail has at most so many pieces. */
export const PIECES_MAX = 20_000;
const OVERLAP_CHARS = 200;
