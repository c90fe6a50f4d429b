/** The rules that can speak about events of one origin, and the few of them that an event must be shown to. */
import { fieldOf, type LogEvent, type LogOrigin, type Value } from '../events/index.ts';
import { createAutomaton, type Automaton } from '../literals/index.ts';
import type { Requirement } from './requirement.ts';
import type { LogSource } from './rule.ts';
import { textsIn } from './view.ts';

/** What a lane needs of a rule. */
export interface Candidate {
  logsource: LogSource;
  requirement: Requirement;
}

/** The rules for one origin. */
export interface Lane {
  /** How many rules there are for such events at all. */
  size: number;
  /** The indexes of the rules to ask about this event, ascending. */
  candidates(event: LogEvent): readonly number[];
}

/** Sorts out the rules for an origin. */
export function createLane(origin: LogOrigin, rules: readonly Candidate[]): Lane {
  const always: number[] = [];
  const texts = new Map<string | undefined, { text: string; owner: number }[]>();
  let size = 0;
  rules.forEach(({ logsource, requirement }, owner) => {
    if (!isFor(logsource, origin)) return;
    size++;
    const { literals, event_ids } = requirement;
    if (event_ids && origin.event_id !== undefined && !event_ids.has(origin.event_id)) return;
    if (literals === undefined) always.push(owner);
    for (const { field, text } of literals ?? []) {
      const list = texts.get(field);
      if (list) list.push({ text, owner });
      else texts.set(field, [{ text, owner }]);
    }
  });
  const automata = [...texts].map(([field, list]): [string | undefined, Automaton] => [field, createAutomaton(list)]);
  const seen = new Uint32Array(rules.length);
  let round = 0;
  let found: number[] = [];
  const add = (owner: number): void => {
    if (seen[owner] === round) return;
    seen[owner] = round;
    found.push(owner);
  };
  return {
    size,
    candidates(event) {
      round++;
      found = [];
      for (const [field, automaton] of automata) {
        if (field !== undefined) scanValue(automaton, fieldOf(event, field), add);
        else for (const value of event.fields.values()) scanValue(automaton, value, add);
      }
      return found.length === 0 ? always : [...always, ...found].sort((left, right) => left - right);
    },
  };
}

/** Most values are one text, and most of them too short to hold anything. */
function scanValue(automaton: Automaton, value: Value | undefined, found: (owner: number) => void): void {
  if (typeof value === 'string') {
    if (value.length >= automaton.chars_min) automaton.scan(value, found);
  } else if (value !== undefined) {
    for (const text of textsIn(value)) automaton.scan(text, found);
  }
}

/** Whether a rule for that log source speaks about events of that origin: all it names must fit. */
export const isFor = ({ category, product, service }: LogSource, origin: LogOrigin): boolean =>
  (product === undefined || product === origin.product) &&
  (service === undefined || service === origin.service) &&
  (category === undefined || origin.categories.includes(category));
