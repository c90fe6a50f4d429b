/** The shipped effect driver: an action goes on record, then to the configured webhook, and what became of it goes on record too. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuroraError } from '../protocol/index.ts';
import { noEffects, toIso, type Clock, type EffectOrder, type Effects, type Ids, type Log } from '../seams/index.ts';
import { fileActionLog, type ActionLog } from './action-log.ts';
import type { Config } from './config.ts';
import { ConfigError } from './layers.ts';
import { placeOf } from './place.ts';
import type { ProcessSeams } from './seams.ts';
import { createWebhook, type PostToWebhook } from './webhook.ts';

/** The driver of one agent, as configured. Without a webhook it says so before anything is begun. */
export function openEffects(
  agent_id: string,
  config: Pick<Config, 'data' | 'effects'>,
  seams: Pick<ProcessSeams, 'clock' | 'ids' | 'random' | 'log'>,
): { driver: Effects; close: () => Promise<void> } {
  const { webhook } = config.effects;
  const actions = fileActionLog(join(placeOf(config.data).actions, `${agent_id}.jsonl`));
  const post = webhook && createWebhook({ ...webhook, secret: readSecret(webhook.secret_file) }, seams);
  return {
    driver: {
      ...auditedEffects(post ? toWebhook(post) : refuse, { ...seams, actions }),
      ...(!post && { unable: noEffects.unable }),
    },
    close: () => actions.close(),
  };
}

/** Carries one order out, and answers what to put on record of it. */
type Carrier = (order: EffectOrder, signal: AbortSignal, mayGoOn?: () => Promise<void>) => Promise<object>;

/** Puts a record before the call and one after it. What cannot go on record is not done. */
export function auditedEffects(
  carry: Carrier,
  { actions, clock, ids, log }: { actions: Pick<ActionLog, 'write'>; clock: Clock; ids: Ids; log: Log },
): Effects {
  return {
    async apply({ token, ...order }, signal, mayGoOn) {
      const action_id = ids.next('action');
      const record = (state: 'intended' | 'applied' | 'failed', outcome?: object) =>
        actions.write({ action_id, state, recorded_at: toIso(clock.now()), ...order, ...(outcome && { outcome }) });
      const recordEnd = (state: 'applied' | 'failed', outcome: object) =>
        record(state, outcome).catch((err: unknown) => {
          log.error({ action_id, state, err }, 'the end of an action could not be recorded');
        });

      try {
        await record('intended');
      } catch (cause) {
        throw new AuroraError(5030, { message: 'The action cannot be recorded, so it is not done', cause });
      }
      try {
        const granted = { ...order, ...(token !== undefined && { token }) };
        await recordEnd('applied', await carry(granted, signal, mayGoOn));
        return { action_id };
      } catch (reason) {
        const error = AuroraError.from(reason);
        await recordEnd('failed', { code: error.code, message: error.message });
        throw error;
      }
    },
  };
}

/** The message names the task and the effect, so that a receiver who gets it twice acts once. */
const toWebhook =
  (post: PostToWebhook): Carrier =>
  ({ token, ...order }, signal, mayGoOn) =>
    post({ body: order, idempotency_key: `${order.task_id}:${order.effect_key}`, token }, signal, mayGoOn);

const refuse: Carrier = (order, signal) => noEffects.apply(order, signal);

/** The secret in a file. Throws a ConfigError when there is none to read. */
export function readSecret(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    const secret = readFileSync(path, 'utf8').trim();
    if (secret !== '') return secret;
  } catch (cause) {
    throw new ConfigError(`effects.webhook.secret_file: ${path} cannot be read`, { cause });
  }
  throw new ConfigError(`effects.webhook.secret_file: ${path} is empty`);
}
