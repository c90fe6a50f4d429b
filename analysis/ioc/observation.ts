/** What a check says about one indicator, before it is weighed. */
import type { Severity } from '../../protocol/index.ts';

/** One statement of one check. */
export interface Observation {
  /** The check's name; observations of one check are not independent of one another. */
  check: string;
  title: string;
  severity: Severity;
  /** 0 for a mere fact. */
  weight: number;
  /** The text that shows it: the value, or the numbers. */
  shown: string;
  techniques?: readonly string[];
}

/** A fact that speaks neither for nor against. */
export const fact = (check: string, title: string, shown: string): Observation => ({
  check,
  title,
  shown,
  severity: 'info',
  weight: 0,
});
