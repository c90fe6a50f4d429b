/** Telling people over a webhook that approvals wait: enough to decide where to look, never the params themselves. */
import type { NotifyWaiting } from '../orchestrator/index.ts';
import { sha256Of, type Clock, type Random } from '../seams/index.ts';
import type { Config } from './config.ts';
import { readSecret } from './effects.ts';
import { createWebhook } from './webhook.ts';

/** The notifier of the configured webhook; undefined when there is none: the stream and `aurora approvals` still tell. */
export function notifierOf(
  { notify }: Pick<Config, 'notify'>,
  seams: { clock: Clock; random: Random },
): NotifyWaiting | undefined {
  const { webhook } = notify;
  if (!webhook) return undefined;
  const post = createWebhook({ ...webhook, secret: readSecret(webhook.secret_file) }, seams);
  return async (approvals) => {
    const waiting = approvals.map(
      ({ approval_id, task_id, agent_id, skill, action_class, targets, requester, action_hash, expires_at }) => ({
        approval_id,
        task_id,
        agent_id,
        skill,
        action_class,
        targets,
        requester,
        action_hash,
        expires_at,
      }),
    );
    const idempotency_key = sha256Of(waiting.map(({ approval_id }) => approval_id).join());
    await post({ body: { kind: 'approvals_waiting', approvals: waiting }, idempotency_key }, NEVER);
  };
}

const NEVER = new AbortController().signal;
