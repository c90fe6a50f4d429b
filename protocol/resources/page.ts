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
