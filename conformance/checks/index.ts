/** All checks, in the order of their sentences. */
import type { Check } from '../check.ts';
import { attemptChecks } from './attempts.ts';
import { batchChecks } from './batches.ts';
import { childrenChecks } from './children.ts';
import { idempotencyChecks } from './idempotency.ts';
import { registeringChecks } from './registering.ts';
import { routingChecks } from './routing.ts';
import { subscriptionChecks } from './subscriptions.ts';
import { taskChecks } from './tasks.ts';

/** Every check that is tried; those that are watched over a whole run stand in `watched.ts`. */
export const checks: readonly Check[] = [
  ...batchChecks,
  ...routingChecks,
  ...childrenChecks,
  ...attemptChecks,
  ...taskChecks,
  ...subscriptionChecks,
  ...idempotencyChecks,
  ...registeringChecks,
];
