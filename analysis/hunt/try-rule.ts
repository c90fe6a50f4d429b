/** One rule tried out: is it sound, and what does it match. */
import type { RuleTrial } from '../../protocol/index.ts';
import type { Recording } from '../recordings/index.ts';
import { createCorrelator, createEngine, lintSigma, parseSigma, type Ruleset } from '../sigma/index.ts';

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
      const matched = engine.matchInTurns(event);
      for (const rule of matched instanceof Promise ? await matched : matched) {
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

const PROBLEMS_MAX = 100;
const LOCATORS_MAX = 50;
