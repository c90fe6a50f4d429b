/** All checks, in the order of their sentences. */
import type { Check } from '../check.ts';
import { batchChecks } from './batches.ts';
import { callChecks } from './calls.ts';
import { cancelChecks } from './cancel.ts';
import { frameChecks } from './frames.ts';
import { httpChecks } from './http.ts';
import { idChecks } from './ids.ts';
import { notificationChecks } from './notifications.ts';
import { survivalChecks } from './survival.ts';
import { upgradeChecks } from './upgrade.ts';
import { websocketChecks } from './websocket.ts';

/** Every check that is tried; those that are watched over a whole run stand in `watched.ts`. */
export const checks: readonly Check[] = [
  ...upgradeChecks,
  ...websocketChecks,
  ...frameChecks,
  ...idChecks,
  ...notificationChecks,
  ...batchChecks,
  ...callChecks,
  ...httpChecks,
  ...cancelChecks,
  ...survivalChecks,
];
