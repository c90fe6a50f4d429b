/** A list that comes in pages, asked for until it ends or enough is there. */
import type { z } from 'zod';
import type { Config } from '../boot/index.ts';
import type { Peer } from '../mesh/index.ts';
import type { RouteSpec } from '../protocol/index.ts';
import { askAs } from './session.ts';

/** A list of the orchestrator: all items up to `items_max`, and the cursor behind them when there are more. */
export const readPages = <T>(
  peer: Pick<Peer, 'request'>,
  { method, params, ...bounds }: Bounds & { method: string; params: object },
  schema: PageSchema<T>,
): Promise<Read<T>> => read((page) => peer.request(method, { ...params, ...page }), bounds, schema);

/** The same of the API, as whoever is signed in. */
export const readPagesAs = <T>(
  config: Config,
  { route, ...bounds }: Bounds & { route: RouteSpec },
  schema: PageSchema<T>,
): Promise<Read<T>> =>
  read(({ limit, cursor }) => askAs(config, route, { query: { limit: String(limit), cursor } }), bounds, schema);

async function read<T>(
  ask: (page: { limit: number; cursor?: string }) => Promise<unknown>,
  { items_max, page_max }: Bounds,
  schema: PageSchema<T>,
): Promise<Read<T>> {
  const items: T[] = [];
  let after = {};
  for (;;) {
    const limit = Math.min(page_max, items_max - items.length);
    const page = schema.parse(await ask({ limit, ...after }));
    items.push(...page.items);
    const { next_cursor } = page;
    if (next_cursor === null || items.length >= items_max) return { items, next_cursor };
    after = { cursor: next_cursor };
  }
}

interface Bounds {
  items_max: number;
  page_max: number;
}

interface Read<T> {
  items: T[];
  next_cursor: string | null;
}

type PageSchema<T> = z.ZodType<Read<T>>;
