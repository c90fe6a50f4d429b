/** All checks, in the order of their sentences. */
import type { Check } from '../check.ts';
import { batchChecks } from './batches.ts';
import { cardChecks } from './card.ts';
import { discoveryChecks } from './discovery.ts';
import { handingOnChecks } from './handing-on.ts';
import { helloChecks } from './hello.ts';
import { leavingChecks } from './leaving.ts';
import { lifeChecks } from './life.ts';
import { progressChecks } from './progress.ts';
import { workChecks } from './work.ts';

/** Every check that is tried; those that are watched over a whole run stand in `watched.ts`. */
export const checks: readonly Check[] = [
  ...batchChecks,
  ...discoveryChecks,
  ...cardChecks,
  ...helloChecks,
  ...lifeChecks,
  ...workChecks,
  ...progressChecks,
  ...handingOnChecks,
  ...leavingChecks,
];
