/** The contract of the scorecard: a folder of cases with known answers, and how the product is measured on it. */

/** One measured number. */
export interface Measure {
  metric: string;
  result: number;
  target: number;
  better: 'higher' | 'lower' | 'exact';
  /** What was reached of a target that is not: the table says so, and less than this is a regression. Gone once the target is met. */
  held_at?: number;
}

/** What came of one folder of cases. */
export interface Outcome {
  cases: number;
  measures: Measure[];
  misses: string[];
  engine_ms: number;
}

/** A folder of cases and how the product is measured on it. */
export interface ScoredFolder {
  folder: string;
  score(dir: string, options: { fast: boolean; signal: AbortSignal }): Promise<Outcome>;
}
