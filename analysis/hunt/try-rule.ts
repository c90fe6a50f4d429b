/** One rule tried out: is it sound, what does it match, and why not the rest. */
import { AuroraError, type RuleExplanation, type RuleTrial } from '../../protocol/index.ts';
import type { Recording } from '../recordings/index.ts';
import {
  createCorrelator,
  createEngine,
  explain,
  lintSigma,
  parseSigma,
  type Ruleset,
  type SigmaRule,
} from '../sigma/index.ts';
import { createNearestMisses, type Explained } from './nearest-misses.ts';

/** Validates and lints a rule text, and replays it over events where some are given. A rule that is wrong is an answer, not an error. */
export async function testRule(text: string, recording: Recording | undefined): Promise<RuleTrial> {
  const problems = lintSigma(text).slice(0, PROBLEMS_MAX);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const summary = `The rule is not valid: ${errors.length} error${errors.length === 1 ? '' : 's'}.`;
    return { valid: false, summary, problems, rules: [], hits: [], undecidable: [], events: 0, not_checked: [] };
  }
  const { rules, correlations, filters } = parseSigma(text);
  const listed = [...rules, ...correlations, ...filters].map(({ id, title, kind }) => ({ id, title, kind }));
  const replay = recording && (await replayOver(recording, { rules, correlations, filters }));
  const undecidable = rules
    .filter(({ not_evaluable }) => not_evaluable.length > 0)
    .map(({ id, not_evaluable }) => ({ rule: id, why: not_evaluable.join(', ') }));
  const warned = problems.length === 0 ? '' : ` with ${problems.length} warning${problems.length === 1 ? '' : 's'}`;
  return {
    valid: true,
    summary: `The rule is valid${warned}${outcomeOf(replay, undecidable, rules.length)}.`,
    problems,
    rules: listed,
    hits: replay?.hits ?? [],
    undecidable,
    events: replay?.events ?? 0,
    not_checked: replay?.not_checked ?? [{ what: 'what it matches', why: 'no events were given' }],
  };
}

/** Hits, or none, or that nobody can tell: silence of a rule that was never asked is not a miss. */
function outcomeOf(
  replay: Pick<RuleTrial, 'hits' | 'events'> | undefined,
  undecidable: RuleTrial['undecidable'],
  rules: number,
): string {
  const [first] = undecidable;
  const total = replay?.hits.reduce((sum, { count }) => sum + count, 0) ?? 0;
  const hits = replay ? `; ${total} hits in ${replay.events} events` : '';
  if (!first) return hits;
  if (undecidable.length < rules) return `${hits}; ${undecidable.length} of ${rules} rules cannot be decided here`;
  const unknown = replay ? `: whether it matches one of ${replay.events} events is not known` : '';
  return `, but cannot be decided here (${first.why})${unknown}`;
}

async function replayOver(
  recording: Recording,
  { rules, correlations, filters }: Pick<Ruleset, 'rules' | 'correlations' | 'filters'>,
) {
  const engine = createEngine(rules, filters);
  const correlator = createCorrelator(correlations, rules);
  const hits = new Map<string, { count: number; locators: string[] }>();
  const add = (id: string, locator: string): void => {
    const known = hits.get(id) ?? { count: 0, locators: [] };
    known.count++;
    if (known.locators.length < LOCATORS_MAX) known.locators.push(locator);
    hits.set(id, known);
  };
  let events = 0;
  for await (const batch of recording.batches) {
    for (const event of batch) {
      events++;
      for (const rule of engine.match(event)) {
        correlator.observe(rule, event);
        add(rule.id, event.locator);
      }
    }
  }
  for (const { rule, locators } of correlator.finish()) add(rule.id, locators.join(', '));
  const { unread, items, items_read } = recording.report();
  return {
    events,
    hits: [...hits].map(([rule, { count, locators }]) => ({ rule, count, locators })),
    not_checked: [
      ...unread.map(({ what, why }) => ({ what, why })),
      ...(items_read < items && unread.length === 0
        ? [{ what: `${items - items_read} of ${items} records`, why: 'they cannot be read' }]
        : []),
      ...[...engine.counts.bounded].map(([rule, count]) => ({
        what: `${rule} on ${count} events`,
        why: 'it ran into the bound of work',
      })),
      ...engine.not_evaluable.map(({ title, not_evaluable }) => ({
        what: `${title}, on every event`,
        why: `it cannot be decided here: ${not_evaluable.join(', ')}`,
      })),
      ...(engine.rules.length > 0 && engine.counts.covered < events
        ? [{ what: `${events - engine.counts.covered} of ${events} events`, why: 'the rule is not for their log' }]
        : []),
      ...correlator.gaps(),
    ],
  };
}

/**
 * Explains a rule, given as text or by the id it is mounted under. Every event is tried; shown are the first that match and the misses
 * that came nearest. Throws 4220 without an event, 4222 on a bad rule.
 */
export async function explainRule(
  wanted: { text?: string | undefined; id?: string | undefined },
  recording: Recording,
  ruleset: Ruleset | undefined,
): Promise<RuleExplanation> {
  const rule = ruleOf(wanted, ruleset);
  const engine = createEngine([rule]);
  const matches: Explained[] = [];
  const misses = createNearestMisses();
  let [events, matched] = [0, 0];
  for await (const batch of recording.batches) {
    for (const event of batch) {
      events++;
      const covered = engine.counts.covered;
      if (engine.match(event).length > 0) {
        matched++;
        if (matches.length < MATCHES_SHOWN_MAX) matches.push({ event, explanation: explain(rule, event) });
      } else misses.offer(rule, event, engine.counts.covered > covered);
    }
  }
  const shown = [...matches, ...misses.nearest()];
  const [first] = shown;
  if (!first) throw new AuroraError(4220, { message: 'There is no event in it', detail: { path: '/events' } });
  return {
    rule: { id: rule.id, title: rule.title, level: rule.level },
    summary: events === 1 ? first.explanation.why : summaryOf(rule, matched, events),
    events: shown.map(({ event, explanation }) => ({ locator: event.locator, ...explanation })),
    more_events: events - shown.length,
  };
}

function summaryOf({ not_evaluable }: SigmaRule, matched: number, events: number): string {
  return not_evaluable.length > 0
    ? `It cannot be decided here, for none of ${events} events: ${not_evaluable.join(', ')}.`
    : `It matches ${matched} of ${events} events.`;
}

function ruleOf(
  { text, id }: { text?: string | undefined; id?: string | undefined },
  ruleset: Ruleset | undefined,
): SigmaRule {
  if (text !== undefined) {
    const { rules } = parseSigma(text);
    const rule = id === undefined ? rules[0] : rules.find((each) => each.id === id);
    if (rule) return rule;
    throw new AuroraError(4220, { message: 'There is no rule with a detection in it', detail: { path: '/rule' } });
  }
  const rule = ruleset?.rules.find((each) => each.id === id || each.name === id);
  if (rule) return rule;
  throw new AuroraError(4220, { message: `No rule ${id ?? ''} is mounted`, detail: { path: '/rule_id' } });
}

const PROBLEMS_MAX = 100;
const LOCATORS_MAX = 50;
const MATCHES_SHOWN_MAX = 20;
