/** How many different things somebody reached for within a while. */
import type { Cited } from './cited.ts';

/** The most that one reached for within the window, with the events that tell of it. */
export interface Spread {
  actor: string;
  things: string[];
  events: Cited[];
}

/** A count under way, in bounded memory; what carries no time lies in one window. */
export interface SpreadCount {
  note(actor: string, thing: string, event: Cited): void;
  /** In the order in which the actors came. */
  spreads(): Spread[];
  /** What further actors reached for, that found no room. */
  left(): number;
}

/** Counts different things for each actor within a sliding window, ms. */
export function createSpread(window_ms: number): SpreadCount {
  let kept = 0;
  const actors = new Map<string, { recent: Map<string, Cited>; most: Spread }>();
  let left = 0;
  return {
    note(whole_actor, whole_thing, event) {
      const [actor, thing] = [whole_actor.slice(0, NAME_CHARS_MAX), whole_thing.slice(0, NAME_CHARS_MAX)];
      const known = actors.get(actor);
      if (kept >= KEPT_MAX || (!known && actors.size >= ACTORS_MAX)) {
        left += 1;
        return;
      }
      const { recent, most } = known ?? { recent: new Map<string, Cited>(), most: { actor, things: [], events: [] } };
      for (const [old, { at_ms }] of recent) {
        if (event.at_ms - at_ms <= window_ms || Number.isNaN(event.at_ms - at_ms)) break;
        recent.delete(old);
        kept -= 1;
      }
      if (recent.delete(thing)) kept -= 1;
      if (recent.size < THINGS_MAX) {
        recent.set(thing, event);
        kept += 1;
      }
      const is_more = recent.size > most.things.length;
      actors.set(actor, {
        recent,
        most: is_more ? { actor, things: [...recent.keys()], events: [...recent.values()].slice(0, EVENTS_MAX) } : most,
      });
    },
    spreads: () => [...actors.values()].map(({ most }) => most),
    left: () => left,
  };
}

const ACTORS_MAX = 5_000;
const THINGS_MAX = 200;
/** Things of all actors together, each with its event. */
const KEPT_MAX = 50_000;
const NAME_CHARS_MAX = 256;
/** Events that are kept of one actor. */
const EVENTS_MAX = 5;
