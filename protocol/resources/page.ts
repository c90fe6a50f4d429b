/** Lists in pages: what is asked with, and what comes back (requirements.md T06). */
import { z } from 'zod';

/** Query members of every list. A cursor is taken from the page before, and fits only the same question. */
export const pageQuery = {
  limit: z.number().int().min(1).max(200).default(50).describe('items of one page'),
  cursor: z.string().max(1024).optional().describe('next_cursor of the page before'),
};

/** A page: a missing cursor is the end, a short page is not. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });

/** What a delete answers. */
export const Gone = z.object({ deleted: z.literal(true) });
export type Gone = z.infer<typeof Gone>;

/** A moment from which on things are listed, with any offset. In UTC it has four digits of a year: five would be sorted before all others. */
export const Since = z.iso
  .datetime({ offset: true })
  .max(64)
  .refine((text) => Date.parse(text) <= LAST_MS && Date.parse(text) >= FIRST_MS, {
    message: 'must be in the years 0 to 9999 of UTC',
  });
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');
