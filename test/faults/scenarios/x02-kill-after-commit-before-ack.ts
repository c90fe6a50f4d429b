/** X2: the orchestrator dies when a task is kept and nobody knows it: the same key finds it again (INV1, INV5). */
import { dieAt } from '../failpoint.ts';
import type { Scenario } from '../harness.ts';

export const scenario: Scenario = {
  id: 'X2',
  name: 'kill-after-commit-before-ack',
  set: 'short',
  run: (_seed, kit) => dieAt('dispatch.after_commit', kit),
};
