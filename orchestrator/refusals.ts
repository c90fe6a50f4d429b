/** Why somebody who asks for a place gets none: nobody fits, nobody is there, or too many wait. */
import { AuroraError } from '../protocol/index.ts';
import type { Metrics } from '../seams/index.ts';
import type { Breakers } from './breaker.ts';
import { fits, type Pool } from './pools.ts';
import type { Presence } from './presence.ts';
import type { Queue } from './queue.ts';
import type { Instance, Wanted } from './registry.ts';
import type { Waiter } from './waits.ts';

/** The reasons. */
export interface Refusals {
  /** For a newcomer whom nobody can take now; undefined when it may wait. */
  readonly toNewcomer: (pool: Pool<Waiter>, wanted: Wanted) => AuroraError | undefined;
  /** For whoever was admitted before: only that nobody could ever take it. Somebody could then, and whoever announces itself is known by that alone. */
  readonly toAdmitted: (pool: Pool<Waiter>) => AuroraError | undefined;
}

/** What refusing needs. */
export interface RefusalDeps {
  metrics: Metrics | undefined;
  presence: Presence;
  instances: () => Iterable<Instance>;
  breakers: Breakers;
  queue: Queue<Waiter>;
  /** Agents that get nothing new. */
  drained: ReadonlySet<string>;
  /** Whether one of them may still be handed work. */
  hasUsable: (members: Iterable<Instance>) => boolean;
}

/** Makes the reasons why nobody takes a piece of work. */
export function createRefusals(deps: RefusalDeps): Refusals {
  const { metrics, presence, instances, breakers, queue, drained, hasUsable } = deps;

  return { toNewcomer, toAdmitted };

  function toNewcomer(pool: Pool<Waiter>, { tenant = '' }: Wanted): AuroraError | undefined {
    const refusal = beyondReach(pool) ?? idle(pool) ?? ejected(pool) ?? queue.refusal({ queue: pool.queue, tenant });
    if (refusal) metrics?.count('refusals_total', { code: String(refusal.code) });
    return refusal;
  }

  /** After a restart an agent that registers is unknown until it did: what waits for it waits (PROM-P1). */
  function toAdmitted(pool: Pool<Waiter>): AuroraError | undefined {
    const refusal = beyondReach(pool);
    return refusal?.code === 4043 && presence.mayAnnounce(pool.wanted) ? undefined : refusal;
  }

  /** Nobody who could ever fit is a caller's mistake; somebody who is merely away is ours. */
  function beyondReach({ wanted, name, members }: Pool<Waiter>): AuroraError | undefined {
    if (hasUsable(members)) return undefined;
    for (const instance of instances()) {
      if (fits(instance, wanted) && !instance.is_leaving && !members.has(instance))
        return new AuroraError(5080, { message: 'Handoff refused: everybody with this skill is on the path already' });
    }
    if (presence.mayCome(wanted)) return undefined;
    const { to, skill } = wanted;
    const gone = presence.missing(skill).find(({ agent_id }) => !('agent_id' in to) || to.agent_id === agent_id);
    if (gone) return unavailable(`No agent for ${name} is here: ${gone.agent_id}: ${gone.why}`);
    return new AuroraError(4043, { message: `No agent for ${name}`, detail: { wanted: wanted.to } });
  }

  /** Somebody said that these agents are to get nothing new. */
  function idle({ name, members }: Pool<Waiter>): AuroraError | undefined {
    const usable = [...members].filter(({ is_leaving }) => !is_leaving);
    if (usable.length === 0 || usable.some(({ agent_id }) => !drained.has(agent_id))) return undefined;
    return unavailable(`Every agent for ${name} is drained: it gets nothing new until somebody resumes it`);
  }

  /** The last one is not passed over in silence: who is, why, and when somebody may try (PROM-P10). */
  function ejected({ wanted, name, members }: Pool<Waiter>): AuroraError | undefined {
    const why = new Map<string, string>();
    let retry_after_ms = Infinity;
    for (const { agent_id, is_leaving } of members) {
      if (is_leaving || why.has(agent_id)) continue;
      const verdict = breakers.verdict(agent_id, wanted.skill);
      if (typeof verdict === 'string') return undefined;
      why.set(agent_id, verdict.why);
      retry_after_ms = Math.min(retry_after_ms, verdict.open_ms);
    }
    if (why.size === 0) return undefined;
    const [first] = why.values();
    const message = `Every agent for ${name} is ejected: ${first ?? ''}`;
    return new AuroraError(5030, { message, retry_after_ms, detail: { ejected: Object.fromEntries(why) } });
  }
}

/** Nobody is there for it now; somebody may be soon. */
export const unavailable = (message: string, detail?: object): AuroraError =>
  new AuroraError(5030, { message, retry_after_ms: RETRY_AFTER_MS, ...(detail && { detail }) });

const RETRY_AFTER_MS = 1_000;
