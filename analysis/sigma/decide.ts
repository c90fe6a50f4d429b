/** Whether an event meets a detection: conditions over selections. */
import type { Condition } from './condition.ts';
import type { Detection } from './rule.ts';
import { selects } from './selection.ts';
import type { View } from './view.ts';

/** Whether the rule matches the event and none of its filters takes the hit away. */
export const isHit = (rule: Detection, filters: readonly Detection[], view: View): boolean =>
  meetsDetection(rule, view) && filters.every((filter) => meetsDetection(filter, view));

const meetsDetection = ({ conditions, selections }: Detection, view: View): boolean =>
  conditions.some(({ tree }) => meetsCondition(tree, selections, view));

/** Whether the condition holds. A selection is only asked when its answer still matters. */
export function meetsCondition(condition: Condition, selections: Detection['selections'], view: View): boolean {
  const isMet = (name: string): boolean => {
    const selection = selections.get(name);
    return selection !== undefined && selects(selection, view);
  };
  switch (condition.kind) {
    case 'selection':
      return isMet(condition.name);
    case 'not':
      return !meetsCondition(condition.of, selections, view);
    case 'and':
      return condition.of.every((each) => meetsCondition(each, selections, view));
    case 'or':
      return condition.of.some((each) => meetsCondition(each, selections, view));
    case 'of': {
      const { least, names } = condition;
      if (least === 'all') return names.every(isMet);
      if (least === 1) return names.some(isMet);
      let met = 0;
      return names.some((name) => isMet(name) && ++met >= least);
    }
  }
}
