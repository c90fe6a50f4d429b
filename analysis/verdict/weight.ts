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
