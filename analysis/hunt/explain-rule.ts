/** One rule explained over events: what it matches, what a filter takes away, what its correlations make of it, and why not the rest. */
import { AuroraError, type RuleExplanation } from '../../protocol/index.ts';
import { neutralize } from '../evidence/index.ts';
import type { Recording } from '../recordings/index.ts';
import {
  createCorrelator,
  createEngine,
  explain,
  parseSigma,
  Work,
  type CorrelationRule,
  type RuleHead,
  type Ruleset,
  type SigmaFilter,
  type SigmaRule,
} from '../sigma/index.ts';
import { createNearestMisses, type Explained } from './nearest-misses.ts';
import { unreadIn } from './unread.ts';

/** What is asked about: rules with their filters, and the correlations over them. */
interface Asked {
  head: RuleHead;
  rules: readonly SigmaRule[];
  correlations: readonly CorrelationRule[];
  filters: readonly SigmaFilter[];
}

/**
 * Explains what a text holds, or a rule by the id it is mounted under, by the same engine that runs them. Every event is tried; shown are
 * the first that match and the misses that came nearest. Throws 4220 without an event, 4222 on a bad rule.
 */
export async function explainRule(
  wanted: { text?: string | undefined; id?: string | undefined },
  recording: Recording,
  ruleset: Ruleset | undefined,
): Promise<RuleExplanation> {
  const { head, rules, correlations, filters } = askedOf(wanted, ruleset);
  const correlator = createCorrelator(correlations, rules);
  const work = new Work();
  const trials = rules.slice(0, RULES_MAX).map((rule) => createTrial(rule, filters, work));
  let events = 0;
  for await (const batch of recording.batches) {
    for (const event of batch) {
      events++;
      for (const { rule, offer } of trials) {
        if (offer(event)) correlator.observe(rule, event);
        if (work.is_due) await work.turn();
      }
    }
  }
  if (events === 0) {
    const [first] = unreadIn(recording);
    const why = first ? `: ${neutralize(`${first.what}: ${first.why}`)}` : '';
    throw new AuroraError(4220, { message: `There is no event in it${why}`, detail: { path: '/events' } });
  }
  const shown = trials.flatMap(({ rule, shownOf }) => shownOf().map((each) => ({ rule, ...each })));
  const explained = correlator.explain();
  const [only] = trials;
  const said = trials.map(({ rule, told }) => (trials.length === 1 ? told(events, 'It') : told(events, rule.title)));
  const single = events === 1 && trials.length === 1 ? only?.shownOf()[0]?.explanation.why : undefined;
  return {
    rule: { id: head.id, title: head.title, level: head.level },
    summary: [single ?? said.join(' '), ...explained.map(({ title, why }) => `Correlation ${title}: ${why}`)].join(' '),
    events: shown.map(({ rule, event, explanation }) => ({
      locator: event.locator,
      ...(trials.length > 1 && { rule_id: rule.id }),
      ...explanation,
    })),
    more_events: events - new Set(shown.map(({ event }) => event)).size,
    correlations: explained,
    not_checked: [
      ...unreadIn(recording),
      ...correlator.gaps(),
      ...(rules.length > RULES_MAX
        ? [{ what: `${rules.length - RULES_MAX} further rules`, why: `${RULES_MAX} are explained at once` }]
        : []),
    ],
  };
}

/** One rule over all events: what it matches, what its filters took, and the misses that came nearest. */
function createTrial(rule: SigmaRule, filters: readonly SigmaFilter[], work: Work) {
  const engine = createEngine([rule], filters, work);
  const bare = createEngine([rule], [], work);
  const matches: Explained[] = [];
  const misses = createNearestMisses(filters, work);
  let [matched, filtered] = [0, 0];
  return {
    rule,
    /** Whether the event is a hit. */
    offer: (event: Explained['event']): boolean => {
      const covered = engine.counts.covered;
      if (engine.match(event).length > 0) {
        matched++;
        if (matches.length < MATCHES_SHOWN_MAX)
          matches.push({ event, explanation: explain(rule, event, filters, work) });
        return true;
      }
      if (filters.length > 0 && bare.match(event).length > 0) filtered++;
      misses.offer(rule, event, engine.counts.covered > covered);
      return false;
    },
    shownOf: (): Explained[] => [...matches, ...misses.nearest()],
    told: (events: number, name: string): string => {
      if (rule.not_evaluable.length > 0)
        return `${name} cannot be decided here, for none of ${events} events: ${rule.not_evaluable.join(', ')}.`;
      const taken = filtered === 0 ? '' : `; ${filtered} more ${filtered === 1 ? 'is' : 'are'} taken away by filters`;
      return `${name} matches ${matched} of ${events} events${taken}.`;
    },
  };
}

function askedOf({ text, id }: { text?: string | undefined; id?: string | undefined }, ruleset?: Ruleset): Asked {
  if (text === undefined) return choose(ruleset, id, { message: `No rule ${id ?? ''} is mounted`, path: '/rule_id' });
  const file = parseSigma(text);
  const fault = { message: 'There is no rule with a detection in it', path: '/rule' };
  if (id !== undefined) return choose(file, id, fault);
  const [head] = file.rules;
  if (!head) throw new AuroraError(4220, { message: fault.message, detail: { path: fault.path } });
  return { head, rules: file.rules, correlations: file.correlations, filters: file.filters };
}

/** The rule of that id with its filters; of a correlation also all rules and correlations that it rests on. */
function choose(
  from: Pick<Ruleset, 'rules' | 'correlations' | 'filters'> | undefined,
  id: string | undefined,
  { message, path }: { message: string; path: string },
): Asked {
  const isIt = (each: RuleHead): boolean => each.id === id || (each.name !== undefined && each.name === id);
  const rule = from?.rules.find(isIt);
  if (from && rule) return { head: rule, rules: [rule], correlations: [], filters: from.filters };
  const head = from?.correlations.find(isIt);
  if (!from || !head) throw new AuroraError(4220, { message, detail: { path } });
  const needed = new Set<string>();
  const correlations = new Set<CorrelationRule>();
  const waiting = [head];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (correlations.has(next)) continue;
    correlations.add(next);
    for (const reference of next.correlation.rules) {
      needed.add(reference);
      waiting.push(...from.correlations.filter((each) => each.id === reference || each.name === reference));
    }
  }
  const rules = from.rules.filter((each) => needed.has(each.id) || (each.name !== undefined && needed.has(each.name)));
  return { head, rules, correlations: [...correlations], filters: from.filters };
}

const MATCHES_SHOWN_MAX = 20;
/** Rules of one text that are explained. */
const RULES_MAX = 20;
