/** Rules over events, one event at a time: which rules match it, and which could not be asked. */
import type { LogEvent, LogOrigin } from '../events/index.ts';
import { makeRoom } from '../../seams/index.ts';
import { meetsDetection } from './decide.ts';
import { createLane, isFor, type Lane } from './lane.ts';
import { TooMuchWork } from './pattern.ts';
import { requirementOf } from './requirement.ts';
import type { SigmaFilter, SigmaRule } from './rule.ts';
import { viewOf } from './view.ts';

/** A compiled set of rules. */
export interface Engine {
  /** The rules that are asked; those that cannot be decided here are in `not_evaluable`. */
  readonly rules: readonly SigmaRule[];
  readonly not_evaluable: readonly SigmaRule[];
  /** The rules that match the event, in their order. */
  match(event: LogEvent): readonly SigmaRule[];
  /** Counts since the engine was made. */
  readonly counts: EngineCounts;
}

export interface EngineCounts {
  events: number;
  /** Events that at least one rule speaks about. */
  covered: number;
  /** Times a rule was really asked, after the prefilter. */
  asked: number;
  /** Rule id -> events on which it ran into a bound and was given up. */
  bounded: Map<string, number>;
}

/** Compiles rules and the filters that take hits from them. */
export function createEngine(rules: readonly SigmaRule[], filters: readonly SigmaFilter[] = []): Engine {
  const asked = rules.filter((rule) => rule.not_evaluable.length === 0);
  const candidates = asked.map((rule) => ({
    logsource: rule.logsource,
    requirement: requirementOf(rule),
    filters: filtersFor(rule, filters),
  }));
  const laneOf = createLanes((origin) => createLane(origin, candidates));
  const counts: EngineCounts = { events: 0, covered: 0, asked: 0, bounded: new Map() };

  return {
    rules: asked,
    not_evaluable: rules.filter((rule) => rule.not_evaluable.length > 0),
    counts,
    match(event) {
      counts.events++;
      const lane = laneOf(event.origin);
      if (lane.size === 0) return NONE;
      counts.covered++;
      const indexes = lane.candidates(event);
      if (indexes.length === 0) return NONE;
      const view = viewOf(event);
      let hits: SigmaRule[] | undefined;
      for (const index of indexes) {
        const rule = asked[index];
        if (rule === undefined) continue;
        counts.asked++;
        try {
          if (!meetsDetection(rule, view)) continue;
          const own = candidates[index]?.filters ?? [];
          if (own.every((filter) => meetsDetection(filter, view))) (hits ??= []).push(rule);
        } catch (reason) {
          // One rule at its bound is written down; the next one runs (ATK-H6).
          if (!(reason instanceof TooMuchWork)) throw reason;
          counts.bounded.set(rule.id, (counts.bounded.get(rule.id) ?? 0) + 1);
        }
      }
      return hits ?? NONE;
    },
  };
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
