/** What a figure is worth: red below its floor, green at its target less the allowance, yellow between. */
import type { Goal } from './goals.ts';

/** A line without marks is only told. */
export type Verdict = 'green' | 'yellow' | 'red' | 'told';

/** Judges a figure. NaN is red: nothing was measured where something was promised. */
export function verdictOf(
  { better, floor, target }: Pick<Goal, 'better' | 'floor' | 'target'>,
  figure: number,
): Verdict {
  if (floor === undefined || target === undefined) return 'told';
  const reaches = (mark: number) => (better === 'more' ? figure >= mark : figure <= mark);
  if (!reaches(floor)) return 'red';
  return reaches(withAllowance(target, better)) ? 'green' : 'yellow';
}

/**
 * The target less what the product is allowed for: the prototypes that set the targets had neither authentication nor tracing
 * nor audit. 15 %, and not more (performance.md).
 */
export const withAllowance = (target: number, better: Goal['better']): number =>
  better === 'more' ? target * (1 - ALLOWANCE) : target * (1 + ALLOWANCE);

const ALLOWANCE = 0.15;
