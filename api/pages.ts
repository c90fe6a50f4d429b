/** Pages of what the orchestrator lists: its own cursors, wrapped so that each fits the same question only (T06, ATK-H8). */
import { z } from 'zod';
import { cursorOf, readCursor } from '../soc/index.ts';

/** Some items, and where it goes on; null is the end. */
interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** The page behind `cursor`, read from the place that is in it. `question` is what is listed, and filtered how. Throws 4220. */
export async function pageBehind<T>(
  question: unknown,
  cursor: string | undefined,
  read: (place: string | undefined) => Promise<Page<T>>,
): Promise<Page<T>> {
  const { items, next_cursor } = await read(readCursor(question, cursor, Place)?.[0]);
  return { items, next_cursor: next_cursor === null ? null : cursorOf(question, [next_cursor]) };
}

const Place = z.tuple([z.string()]);
