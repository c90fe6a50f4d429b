/** Mounted intelligence: indicators that somebody vouches for, matched exactly. */
import { z } from 'zod';
import { parseIndicator, type Indicator } from './indicator.ts';

/** One sighting by one source. */
export const Sighting = z.object({
  type: z.string(),
  value: z.string(),
  source: z.string(),
  first_seen: z.string().optional(),
  malware: z.string().optional(),
  techniques: z.array(z.string()).optional(),
});
export type Sighting = z.infer<typeof Sighting>;

/** Mounted sightings, ready to be asked. */
export interface Intel {
  lookup: (indicator: Indicator) => readonly Sighting[];
}

const Pack = z.object({ indicators: z.array(Sighting) });

/** Indexes a pack `{indicators: […]}`, or undefined when it has another shape. The same pack object is indexed once. */
export function intelOf(data: unknown): Intel | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const known = INDEXED.get(data);
  if (known) return known;
  const parsed = Pack.safeParse(data);
  if (!parsed.success) return undefined;

  const by_key = new Map<string, Sighting[]>();
  for (const sighting of parsed.data.indicators) {
    const indicator = parseIndicator(sighting);
    if ('reason' in indicator) continue;
    const sightings = by_key.get(keyOf(indicator)) ?? [];
    by_key.set(keyOf(indicator), [...sightings, sighting].slice(0, SIGHTINGS_MAX));
  }
  const intel: Intel = { lookup: (indicator) => by_key.get(keyOf(indicator)) ?? [] };
  INDEXED.set(data, intel);
  return intel;
}

const keyOf = ({ type, value }: Indicator): string => `${type} ${value}`;
const INDEXED = new WeakMap<object, Intel>();
/** Sightings of one indicator that are told. */
const SIGHTINGS_MAX = 8;
