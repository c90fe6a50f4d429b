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

/** Why a rule matches an event, or not. */
export const Explanation = z.object({
  matched: z.boolean(),
  why: z.string().describe('one sentence that names what decided'),
  logsource: z.object({ matched: z.boolean(), wanted: z.string(), event: z.string() }),
  conditions: z.array(z.object({ text: z.string(), matched: z.boolean() })),
  selections: z.array(SelectionExplanation),
});
export type Explanation = z.infer<typeof Explanation>;

/** Result of `explain_rule`. */
export const RuleExplanation = z.object({
  rule: z.object({ id: z.string(), title: z.string(), level: z.string() }),
  summary: z.string(),
  events: z.array(Explanation.extend({ locator: z.string() })),
  more_events: z.number().int().nonnegative(),
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
