/** How much one kind of evidence is worth by itself. */
export const WEIGHT = {
  exact: 0.9,
  critical: 0.8,
  high: 0.6,
  medium: 0.3,
  low: 0.1,
  statistics: 0.3,
  text: 0.2,
} as const;

/** What all evidence together is worth at most; nobody is surer than that. */
export const CONFIDENCE_CAP = 0.95;
/** As long as a mandatory part was not checked. */
export const INCOMPLETE_CAP = 0.5;
