/** What a Sigma file holds: rules, correlations and filters, as their authors wrote them, checked. */
import type { Condition } from './condition.ts';
import type { Correlation } from './correlation.ts';
import type { SigmaProblem } from '../../protocol/index.ts';
import type { Selection } from './selection.ts';

/** How grave a hit is, in Sigma's words. */
export type Level = 'informational' | 'low' | 'medium' | 'high' | 'critical';

/** Which log a rule is for; what it leaves out does not matter. */
export interface LogSource {
  category?: string | undefined;
  product?: string | undefined;
  service?: string | undefined;
}

/** Which log that is, for people: `windows/process_creation`. */
export const nameOfSource = ({ product, service, category }: LogSource): string =>
  [product, service, category].filter((part) => part !== undefined).join('/') || 'a log that does not say what it is';

/** What rules of every kind say about themselves. */
export interface RuleHead {
  /** The id; of a rule without one its name or title. */
  id: string;
  name: string | undefined;
  title: string;
  status: string | undefined;
  level: Level;
  author: string | undefined;
  description: string | undefined;
  falsepositives: readonly string[];
  /** ATT&CK technique ids from the tags, as written there, upper-case. */
  techniques: readonly string[];
  tags: readonly string[];
}

/** Selections and the conditions over them; one condition that holds is enough. */
export interface Detection {
  selections: ReadonlyMap<string, Selection>;
  conditions: readonly { text: string; tree: Condition }[];
  /** Why it can be read but not decided here: a placeholder without a value, a pattern that must not run. */
  not_evaluable: readonly string[];
}

/** A rule over single events. */
export interface SigmaRule extends RuleHead, Detection {
  kind: 'rule';
  logsource: LogSource;
}

/** A rule over the hits of other rules. */
export interface CorrelationRule extends RuleHead {
  kind: 'correlation';
  correlation: Correlation;
}

/** Takes hits away from the rules it names: the analyst's means against noise. */
export interface SigmaFilter extends Detection {
  kind: 'filter';
  id: string;
  title: string;
  logsource: LogSource;
  /** Ids or names; `any` is all of the log source. */
  rules: readonly string[] | 'any';
}

/** One file read. Warnings do not keep a rule from running. */
export interface SigmaFile {
  rules: readonly SigmaRule[];
  correlations: readonly CorrelationRule[];
  filters: readonly SigmaFilter[];
  warnings: readonly SigmaProblem[];
}
