/** The token of one granted effect: it tells whoever carries the effect out, and has no link of ours, what was granted (wire.md 4, ATK-E5). */
import { sign } from 'node:crypto';
import { digestOf, fingerprintOf, publicKeyOf, type Identity } from '../mesh/index.ts';
import type { ApprovalUse } from '../protocol/index.ts';
import type { Clock, Ids } from '../seams/index.ts';
import type { TaskRow } from './ledger.ts';

/** What is signed for. */
export interface GrantedEffect {
  task: Pick<TaskRow, 'task_id' | 'due'>;
  /** What people allowed: the task's own action, or the one that was asked about in the middle of its work. */
  action: Pick<TaskRow, 'skill' | 'params'>;
  use: ApprovalUse;
  agent_id: string;
  fence: number;
}

/** Signs one grant: a compact JWS with the claims of a JWT. */
export type SignEffect = (granted: GrantedEffect) => string;

/** Signs with the key that every agent has pinned as the orchestrator's. `typ` keeps it from being taken for another token of ours. */
export function createEffectTokens(deps: { self: Identity; clock: Clock; ids: Ids }): SignEffect {
  const { self, clock, ids } = deps;
  const kid = fingerprintOf(publicKeyOf(self.private_key));
  const head = partOf({ alg: 'EdDSA', typ: 'aurora-effect+jwt', kid });

  return ({ task, action, use, agent_id, fence }) => {
    const now = clock.now();
    const left_ms = Math.min(TOKEN_MS_MAX, task.due - clock.monotonic());
    const { approval_id, action_hash, effect_key, effect_sha256 } = use;
    const claims = {
      iss: self.id,
      aud: `effects:${agent_id}`,
      sub: agent_id,
      iat: Math.floor(now / 1_000),
      exp: Math.floor((now + left_ms) / 1_000),
      jti: ids.next('grant'),
      task_id: task.task_id,
      fence,
      approval_id,
      action_hash,
      skill: action.skill,
      params_sha256: digestOf(action.params),
      effect_key,
      ...(effect_sha256 !== undefined && { effect_sha256 }),
    };
    const text = `${head}.${partOf(claims)}`;
    return `${text}.${sign(null, Buffer.from(text), self.private_key).toString('base64url')}`;
  };
}

const partOf = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Longer than a driver tries (35 s), and never beyond the deadline of the task. */
const TOKEN_MS_MAX = 120_000;
