/** Hunting: rules, searches and hypotheses over recorded events, with a receipt of what was looked at. */
export { Hypothesis, huntHypothesis } from './hypothesis.ts';
export { huntWithRules, type HuntInput } from './hunt.ts';
export { parseQuery } from './query.ts';
export { searchEvents, SearchResult } from './search.ts';
export { explainRule } from './explain-rule.ts';
export { testRule } from './try-rule.ts';
