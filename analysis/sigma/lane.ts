/** The rules that can speak about events of one origin, and the few of them that an event must be shown to. */
import type { LogOrigin } from '../events/index.ts';
import { createAutomaton, type Automaton } from './automaton.ts';
import type { Requirement } from './requirement.ts';
import type { LogSource } from './rule.ts';
import type { View } from './view.ts';

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
  candidates(view: View): readonly number[];
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
  return {
    size,
    candidates(view) {
      if (automata.length === 0) return always;
      round++;
      const found: number[] = [];
      const add = (owner: number): void => {
        if (seen[owner] === round) return;
        seen[owner] = round;
        found.push(owner);
      };
      for (const [field, automaton] of automata) {
        const { raw } = field === undefined ? view.readAll() : view.read(field);
        for (const text of raw) automaton.scan(text, add);
      }
      return found.length === 0 ? always : [...always, ...found].sort((left, right) => left - right);
    },
  };
}

/** Whether a rule for that log source speaks about events of that origin: all it names must fit. */
export const isFor = ({ category, product, service }: LogSource, origin: LogOrigin): boolean =>
  (product === undefined || product === origin.product) &&
  (service === undefined || service === origin.service) &&
  (category === undefined || origin.categories.includes(category));
