/** All checks, in the order of their sentences. */
import type { Check } from '../check.ts';
import { approvalChecks } from './approvals.ts';
import { attemptChecks } from './attempts.ts';
import { batchChecks } from './batches.ts';
import { blobChecks } from './blobs.ts';
import { callChecks } from './calls.ts';
import { cancelChecks } from './cancel.ts';
import { cardChecks } from './card.ts';
import { childrenChecks } from './children.ts';
import { discoveryChecks } from './discovery.ts';
import { frameChecks } from './frames.ts';
import { handingOnChecks } from './handing-on.ts';
import { helloChecks } from './hello.ts';
import { httpChecks } from './http.ts';
import { idempotencyChecks } from './idempotency.ts';
import { idChecks } from './ids.ts';
import { lastingChecks } from './lasting.ts';
import { leavingChecks } from './leaving.ts';
import { lifeChecks } from './life.ts';
import { limitChecks } from './limits.ts';
import { notificationChecks } from './notifications.ts';
import { placingChecks } from './placing.ts';
import { progressChecks } from './progress.ts';
import { registeringChecks } from './registering.ts';
import { routingChecks } from './routing.ts';
import { stoppedChecks } from './stopped.ts';
import { subscriptionChecks } from './subscriptions.ts';
import { survivalChecks } from './survival.ts';
import { takingUpChecks } from './taking-up.ts';
import { taskChecks } from './tasks.ts';
import { upgradeChecks } from './upgrade.ts';
import { websocketChecks } from './websocket.ts';
import { workChecks } from './work.ts';

/** Every check that is tried; those that are watched over a whole run stand in `watched.ts`. */
export const checks: readonly Check[] = [
  ...upgradeChecks,
  ...websocketChecks,
  ...frameChecks,
  ...idChecks,
  ...notificationChecks,
  ...batchChecks,
  ...callChecks,
  ...limitChecks,
  ...discoveryChecks,
  ...cardChecks,
  ...httpChecks,
  ...helloChecks,
  ...lifeChecks,
  ...workChecks,
  ...lastingChecks,
  ...takingUpChecks,
  ...progressChecks,
  ...cancelChecks,
  ...stoppedChecks,
  ...handingOnChecks,
  ...routingChecks,
  ...attemptChecks,
  ...childrenChecks,
  ...placingChecks,
  ...taskChecks,
  ...subscriptionChecks,
  ...idempotencyChecks,
  ...approvalChecks,
  ...blobChecks,
  ...registeringChecks,
  ...survivalChecks,
  ...leavingChecks,
];
