/** Where a list goes on: opaque to the caller, and good for the same question only (T06, ATK-H8). */
import { z } from 'zod';
import { AuroraError } from '../protocol/index.ts';
import { sha256Of } from '../seams/index.ts';

/** The last item of a page, by the values that the list is sorted by: what comes behind it is the next page. */
export type CursorKey = (string | number)[];

/** A cursor for `question`: what is listed, filtered and sorted how. */
export function cursorOf(question: unknown, key: CursorKey): string {
  const text = JSON.stringify([digestOf(question), ...key]);
  return `${Buffer.from(text).toString('base64url')}.${digestOf(text)}`;
}

/**
 * The key in a cursor, of the shape that the list is sorted by: anybody can compute the checks, so that the shape is what the
 * database relies on. Throws 4220 when it was changed, or taken from the answer to another question.
 */
export function readCursor<P extends CursorKey>(
  question: unknown,
  cursor: string | undefined,
  shape: z.ZodType<P>,
): P | undefined {
  if (cursor === undefined) return undefined;
  const [encoded = '', check, ...more] = cursor.split('.');
  const text = Buffer.from(encoded, 'base64url').toString();
  const parsed = more.length === 0 && check === digestOf(text) ? Parts.safeParse(parse(text)) : undefined;
  const [asked, ...rest] = parsed?.data ?? [];
  const key = asked === digestOf(question) ? shape.safeParse(rest) : undefined;
  if (key?.success) return key.data;
  throw new AuroraError(4220, {
    message: 'Validation failed: /cursor take next_cursor from the same list, unchanged',
    detail: { issues: [{ path: '/cursor', message: 'not a cursor of this list' }] },
  });
}

/** A row's number, as lists are sorted by it. */
export const Position = z.int().nonnegative();

const Parts = z.array(z.unknown());
const digestOf = (value: unknown): string => sha256Of(JSON.stringify(value)).slice(0, DIGEST_CHARS);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const DIGEST_CHARS = 16;
