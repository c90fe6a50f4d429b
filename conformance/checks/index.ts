/** All checks, in the order of their sentences. */
import type { Check } from '../check.ts';
import { batchChecks } from './batches.ts';

/** Every check that is tried; those that are watched over a whole run stand in `watched.ts`. */
export const checks: readonly Check[] = [...batchChecks];
