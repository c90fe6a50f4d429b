/** The world outside, as far as an agent may change it: one driver, asked only by `ctx.effects` (wire.md 8). */

import { AuroraError } from '../protocol/index.ts';

/** One granted effect. */
export interface EffectOrder {
  kind: string;
  target: string;
  desired: Record<string, unknown>;
  /** Names the effect within its task; whoever is asked twice under both names must do it once. */
  effect_key: string;
  task_id: string;
  approval_id: string;
  fence: number;
  agent_id: string;
  /** ISO time of the grant. */
  at: string;
  /** Proves the grant to whoever carries the effect out. */
  token?: string;
}

/** What a driver answers for an effect that took place. */
export interface EffectReceipt {
  /** Names the records of this action. */
  action_id: string;
}

/** Carries effects out. */
export interface Effects {
  /**
   * Resolves when the effect took place; throws an AuroraError when it did not, or when nobody can say. The signal stops
   * further tries, never a call that is under way: half a call is an effect that nobody knows of. `mayGoOn` is asked before
   * each further try, and rejects once the effect is no longer allowed.
   */
  apply(order: EffectOrder, signal: AbortSignal, mayGoOn?: () => Promise<void>): Promise<EffectReceipt>;
  /** Why nothing at all can be carried out here: asked before an approval is used up for it. */
  readonly unable?: () => AuroraError;
}

/** The driver of an agent that has none: it says so, and nothing is applied. */
export const noEffects: Effects & Required<Pick<Effects, 'unable'>> = {
  apply: () => Promise.reject(noDriver()),
  unable: noDriver,
};

/** No other attempt finds one, and the agent does what it can: only a person changes that. */
function noDriver(): AuroraError {
  return new AuroraError(4120, { message: 'no effect driver is configured: set effects.webhook.url for this agent' });
}

/** A driver that only remembers what it was asked, for tests; `fail` is thrown instead when it answers an error. */
export function recordedEffects(fail: (order: EffectOrder) => Error | undefined = () => undefined): Effects & {
  orders: EffectOrder[];
} {
  const orders: EffectOrder[] = [];
  return {
    orders,
    async apply(order) {
      orders.push(order);
      const fault = fail(order);
      if (fault) throw fault;
      return { action_id: `action_${orders.length}` };
    },
  };
}
