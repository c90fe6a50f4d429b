/** X1: the orchestrator dies before what it was asked is kept: nobody was told that it was, and asking again makes one task. */
import { dieAt } from '../failpoint.ts';
import type { Scenario } from '../harness.ts';

export const scenario: Scenario = {
  id: 'X1',
  name: 'kill-before-commit',
  set: 'full',
  run: (_seed, kit) => dieAt('dispatch.before_commit', kit),
};
