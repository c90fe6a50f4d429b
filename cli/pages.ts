/** A list that comes in pages, asked for until it ends or enough is there. */
import type { z } from 'zod';
import type { Peer } from '../mesh/index.ts';

/** All items up to `items_max`, and the cursor behind them when there are more. */
export async function readPages<T>(
  peer: Pick<Peer, 'request'>,
  asked: { method: string; params: object; items_max: number; page_max: number },
  schema: z.ZodType<{ items: T[]; next_cursor: string | null }>,
): Promise<{ items: T[]; next_cursor: string | null }> {
  const { method, params, items_max, page_max } = asked;
  const items: T[] = [];
  let after = {};
  for (;;) {
    const limit = Math.min(page_max, items_max - items.length);
    const page = schema.parse(await peer.request(method, { ...params, ...after, limit }));
    items.push(...page.items);
    const { next_cursor } = page;
    if (next_cursor === null || items.length >= items_max) return { items, next_cursor };
    after = { cursor: next_cursor };
  }
}
