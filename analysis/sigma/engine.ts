/** Rules over events, one event at a time: which rules match it, and which could not be asked. */
import type { LogEvent, LogOrigin } from '../events/index.ts';
import { makeRoom } from '../../seams/index.ts';
import { isHit } from './decide.ts';
import { createLane, isFor, type Lane } from './lane.ts';
import { requirementOf } from './requirement.ts';
import type { SigmaFilter, SigmaRule } from './rule.ts';
import { viewOf, type View } from './view.ts';
import { TooMuchWork, Work } from './work.ts';

/** A compiled set of rules. */
export interface Engine {
  /** The rules that are asked; those that cannot be decided here are in `not_evaluable`. */
  readonly rules: readonly SigmaRule[];
  readonly not_evaluable: readonly SigmaRule[];
  /** The rules that match the event, in their order. */
  match(event: LogEvent): readonly SigmaRule[];
  /** The same, for whoever asks about many events: a promise where others had to get a turn meanwhile. */
  matchInTurns(event: LogEvent): readonly SigmaRule[] | Promise<readonly SigmaRule[]>;
  /** Counts since the engine was made. */
  readonly counts: EngineCounts;
}

/** What an engine has done so far. */
export interface EngineCounts {
  events: number;
  /** Events that at least one rule speaks about. */
  covered: number;
  /** Times a rule was really asked, after the prefilter. */
  asked: number;
  /** Rule id -> events on which it ran into a bound and was given up. */
  bounded: Map<string, number>;
}

/** Compiles rules and the filters that take hits from them. Engines that run side by side share their work, and so their turns. */
export function createEngine(
  rules: readonly SigmaRule[],
  filters: readonly SigmaFilter[] = [],
  work = new Work(),
): Engine {
  const asked = rules.filter((rule) => rule.not_evaluable.length === 0);
  const candidates = asked.map((rule) => ({
    logsource: rule.logsource,
    requirement: requirementOf(rule),
    filters: filtersFor(rule, filters),
  }));
  const laneOf = createLanes((origin) => createLane(origin, candidates));
  const counts: EngineCounts = { events: 0, covered: 0, asked: 0, bounded: new Map() };

  /** What of an event is still to be asked; undefined when there is nothing. */
  const begin = (event: LogEvent): Asking | undefined => {
    counts.events++;
    const lane = laneOf(event.origin);
    if (lane.size === 0) return undefined;
    counts.covered++;
    const indexes = lane.candidates(event);
    return indexes.length === 0 ? undefined : { indexes, at: 0, view: viewOf(event, work), hits: undefined };
  };

  /** Asks on, to the end or until others are due. */
  const ask = (asking: Asking, gives_way: boolean): void => {
    const { indexes, view } = asking;
    while (asking.at < indexes.length) {
      const index = indexes[asking.at++] ?? 0;
      const rule = asked[index];
      if (rule === undefined) continue;
      counts.asked++;
      work.begin();
      try {
        if (isHit(rule, candidates[index]?.filters ?? [], view)) (asking.hits ??= []).push(rule);
      } catch (reason) {
        // One rule at its bound is written down; the next one runs (ATK-H6).
        if (!(reason instanceof TooMuchWork)) throw reason;
        counts.bounded.set(rule.id, (counts.bounded.get(rule.id) ?? 0) + 1);
      }
      if (gives_way && work.is_due) return;
    }
  };

  return {
    rules: asked,
    not_evaluable: rules.filter((rule) => rule.not_evaluable.length > 0),
    counts,
    match(event) {
      const asking = begin(event);
      if (!asking) return NONE;
      ask(asking, false);
      return asking.hits ?? NONE;
    },
    matchInTurns(event) {
      const asking = begin(event);
      if (!asking) return NONE;
      ask(asking, true);
      if (!work.is_due) return asking.hits ?? NONE;
      return (async () => {
        await work.turn();
        while (asking.at < asking.indexes.length) {
          ask(asking, true);
          if (work.is_due) await work.turn();
        }
        return asking.hits ?? NONE;
      })();
    },
  };
}

/** An event, and how far its rules were asked. */
interface Asking {
  indexes: readonly number[];
  at: number;
  view: View;
  hits: SigmaRule[] | undefined;
}

/** Lanes by origin, made when the first event of an origin comes. Origins are written by strangers: past the bound the oldest goes. */
function createLanes(create: (origin: LogOrigin) => Lane): (origin: LogOrigin) => Lane {
  const quick = new WeakMap<LogOrigin, Lane>();
  const lanes = new Map<string, Lane>();
  return (origin) => {
    const known = quick.get(origin);
    if (known) return known;
    const { product, service, categories, channel, event_id } = origin;
    const key = JSON.stringify([product, service, categories, channel, event_id]);
    const lane = lanes.get(key) ?? create(origin);
    if (!lanes.has(key)) makeRoom(lanes, LANES_MAX);
    lanes.set(key, lane);
    quick.set(origin, lane);
    return lane;
  };
}

/** The filters that may take hits from a rule. */
export const filtersFor = (rule: SigmaRule, filters: readonly SigmaFilter[]): SigmaFilter[] =>
  filters.filter((filter) => isFilterOf(filter, rule));

/** A filter says for which rules it is, and its log source must not be another one than theirs. */
const isFilterOf = ({ rules, logsource }: SigmaFilter, { id, name, logsource: own }: SigmaRule): boolean => {
  const is_named = rules === 'any' || rules.includes(id) || (name !== undefined && rules.includes(name));
  const { product, service, category } = own;
  const origin = { product, service, categories: category === undefined ? [] : [category] };
  return is_named && isFor(logsource, { ...origin, channel: undefined, event_id: undefined });
};

const NONE: readonly SigmaRule[] = [];
const LANES_MAX = 512;
