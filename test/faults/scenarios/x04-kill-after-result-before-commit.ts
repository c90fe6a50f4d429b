/** X4: the orchestrator dies with a result in its hands: the agent answers again, with one effect. */
import { dieAt } from '../failpoint.ts';
import type { Scenario } from '../harness.ts';

export const scenario: Scenario = {
  id: 'X4',
  name: 'kill-after-result-before-commit',
  set: 'full',
  run: (_seed, kit) => dieAt('dispatch.after_result', kit),
};
