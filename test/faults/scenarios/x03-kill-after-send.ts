/** X3: the orchestrator dies when the work has left for an agent: it is taken up again or redone, with one effect (INV6). */
import { dieAt } from '../failpoint.ts';
import type { Scenario } from '../harness.ts';

export const scenario: Scenario = {
  id: 'X3',
  name: 'kill-after-send',
  set: 'full',
  run: (_seed, kit) => dieAt('dispatch.after_send', kit),
};
