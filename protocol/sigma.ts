/** What is said about Sigma rules: their problems with places, what they match, and why. */
import { z } from 'zod';
import { NotChecked } from './result.ts';

/** One thing that is wrong with a rule, or only worth a second look. */
export const SigmaProblem = z.object({
  severity: z.enum(['error', 'warning']),
  path: z.string().describe('detection.selection.Image|endswith, or empty for the file'),
  message: z.string(),
  line: z.number().int().positive(),
  column: z.number().int().positive(),
});
export type SigmaProblem = z.infer<typeof SigmaProblem>;

/** One line of a selection, asked of one event. */
export const FieldExplanation = z.object({
  key: z.string().describe('as the rule writes it: Image|endswith'),
  line: z.number().int().positive(),
  matched: z.boolean(),
  event_values: z.array(z.string()).describe('what the event has there, cut; empty when the field is absent or empty'),
  matched_values: z.array(z.string()).describe('the values of the rule that matched'),
  missed_values: z.array(z.string()).describe('the first of those that did not'),
  why: z.string(),
});
export type FieldExplanation = z.infer<typeof FieldExplanation>;

/** One selection, asked of one event. */
export const SelectionExplanation = z.object({
  name: z.string(),
  matched: z.boolean(),
  fields: z.array(FieldExplanation),
});
export type SelectionExplanation = z.infer<typeof SelectionExplanation>;

/** One filter, asked of an event that the rule it is for would report. */
export const FilterExplanation = z.object({
  id: z.string(),
  title: z.string(),
  suppresses: z.boolean().describe('its condition does not hold, so the hit is taken away'),
  why: z.string(),
  conditions: z.array(z.object({ text: z.string(), matched: z.boolean() })),
  selections: z.array(SelectionExplanation),
});
export type FilterExplanation = z.infer<typeof FilterExplanation>;

/** Why a rule matches an event, or not. */
export const Explanation = z.object({
  matched: z.boolean().describe('after filters: whether there is a hit'),
  why: z.string().describe('one sentence that names what decided'),
  logsource: z.object({ matched: z.boolean(), wanted: z.string(), event: z.string() }),
  conditions: z.array(z.object({ text: z.string(), matched: z.boolean() })),
  selections: z.array(SelectionExplanation),
  filters: z
    .array(FilterExplanation)
    .default([])
    .describe('those for this rule; empty when its condition does not hold'),
});
export type Explanation = z.infer<typeof Explanation>;

/** What a correlation counted in one group: its best window, and whether that was enough. */
export const GroupExplanation = z.object({
  group: z.record(z.string(), z.string()).describe('the values of the group-by fields'),
  hits: z.number().int().describe('of the rules it refers to, in the group'),
  fired: z.number().int().describe('how often the condition held'),
  fired_at: z.array(z.string()).describe('when, by the time of the last event; the first times'),
  reached: z
    .number()
    .nullable()
    .describe('count, sum, average or number of rules in the window below; null for shares'),
  window: z.object({ from: z.string(), to: z.string(), hits: z.number().int() }),
  locators: z.array(z.string()).describe('the events of that window, the first of them'),
  missing: z.array(z.string()).describe('rules that a temporal correlation waits for in that window'),
  why: z.string(),
});
export type GroupExplanation = z.infer<typeof GroupExplanation>;

/** Why a correlation fires over the events, or not. */
export const CorrelationExplanation = z.object({
  id: z.string(),
  title: z.string(),
  level: z.string(),
  type: z.string(),
  fired: z.number().int().nonnegative(),
  why: z.string(),
  wants: z.string().describe('the condition in words: what is counted, how much, within which span, by which fields'),
  rules: z.array(z.object({ id: z.string(), title: z.string(), hits: z.number().int() })),
  ungrouped: z.number().int().describe('hits without a group field: they do not count'),
  groups: z.array(GroupExplanation).describe('those that fired first, then the nearest'),
  more_groups: z.number().int().nonnegative(),
});
export type CorrelationExplanation = z.infer<typeof CorrelationExplanation>;

/** Result of `explain_rule`. */
export const RuleExplanation = z.object({
  rule: z.object({ id: z.string(), title: z.string(), level: z.string() }),
  summary: z.string(),
  events: z.array(
    Explanation.extend({ locator: z.string(), rule_id: z.string().optional().describe('of several rules') }),
  ),
  more_events: z.number().int().nonnegative(),
  correlations: z.array(CorrelationExplanation).default([]),
  not_checked: z.array(NotChecked).default([]),
});
export type RuleExplanation = z.infer<typeof RuleExplanation>;

/** Result of `test_rule`. */
export const RuleTrial = z.object({
  valid: z.boolean(),
  summary: z.string(),
  problems: z.array(SigmaProblem),
  rules: z.array(z.object({ id: z.string(), title: z.string(), kind: z.enum(['rule', 'correlation', 'filter']) })),
  hits: z.array(z.object({ rule: z.string(), count: z.number().int(), locators: z.array(z.string()) })),
  undecidable: z
    .array(z.object({ rule: z.string(), why: z.string() }))
    .default([])
    .describe('rules that are sound and cannot be decided here: that they have no hit says nothing'),
  events: z.number().int().nonnegative(),
  not_checked: z.array(NotChecked),
});
export type RuleTrial = z.infer<typeof RuleTrial>;
