/** Which agent offers which skill, and who of them has room now. */
import { AuroraError, type CardFacts, type HandoffTo, type SkillTraits } from '../protocol/index.ts';
import type { Peer } from '../mesh/index.ts';
import type { Clock, Metrics } from '../seams/index.ts';
import { createBreakers, type BreakerLimits, type OpenBreaker, type Outcome } from './breaker.ts';
import type { Offer } from './offers.ts';
import { interestsOf, type Interest } from './interest.ts';
import { createPools, fits, type Pool } from './pools.ts';
import { createQueue, type QueueLimits, type Waiting } from './queue.ts';

/** One process of an agent that is connected now. */
export interface Instance {
  readonly agent_id: string;
  readonly instance_id: string;
  readonly peer: Peer;
  readonly card: CardFacts;
  /** Requests it takes at once. */
  readonly in_flight_max: number;
  readonly since: string;
  /** Counted by the registry alone. */
  in_flight: number;
  /** Whether its key is still pinned; asked whenever it may be chosen. */
  isPinned?: () => boolean;
  /** Tasks that its hello said it still works on (PROM-P12). */
  readonly holding?: ReadonlySet<string>;
  /** Said goodbye: finishes its work, gets no more. */
  is_leaving: boolean;
}

/** What a task asks of the registry. */
export interface Wanted {
  to: HandoffTo;
  /** The skill to run; where `to` names one it is the same. */
  skill: string;
  /** Agents that must not be chosen: they are on the path already. */
  path: readonly string[];
  priority: number;
  /** On whose behalf: tenants of equal priority take turns. */
  tenant?: string;
  /** Instances that are only taken when there is no other. */
  avoid?: readonly string[];
  /** Exactly this instance, with room or without: it has the task already. 5030 `gone` when it is not back within `only_ms_max`. */
  only?: string;
  only_ms_max?: number;
  /** The task was accepted already: what refuses a newcomer, full queues and open breakers, makes this one wait. */
  is_admitted?: boolean;
}

/** A place on an instance, held until released. */
export interface Place {
  instance: Instance;
  traits: SkillTraits;
  /** Says what became of the task, for the breaker; nothing said is `ignored`. Only the first word counts. */
  report(outcome: Outcome, why?: string): void;
  release(): void;
}

/** The registry of connected agents. */
export interface Registry {
  /** Adds a connected instance, until it is removed. */
  add(instance: Instance): void;
  remove(instance: Instance): void;
  /** Tells the registry that an agent is configured, though perhaps not connected yet. */
  expect(agent_id: string): void;
  forget(agent_id: string): void;
  /**
   * Throws what `acquire` would refuse a newcomer with: 4043 when nobody known fits, 5080 when all that fit are on the path,
   * 5030 when the breakers of all that fit are open or too many wait in all, 4290 when the caller has too many waiting. Nothing
   * is taken or kept: ask before the task is (INV12).
   */
  admit(wanted: Wanted): void;
  /** Waits for a place on the least busy instance that fits. Throws as `admit`, and 5030 when those that fit are away for `route_ms_max`. */
  acquire(wanted: Wanted, signal: AbortSignal): Promise<Place>;
  /** A place for somebody who does not wait; undefined when there is none. Nobody is overtaken: who waits would have got it. */
  take(wanted: Wanted): Place | undefined;
  /** Whether somebody connected, or known and away, offers a skill to whoever asks for it. */
  offers(skill: string): boolean;
  /** What the cards of those connected, or known and away, ask to be shown in investigations. */
  interests(): Interest[];
  instances(): Instance[];
  /** Gives an agent nothing new until it is let go: what it does now it ends, and who waits for it goes on waiting. */
  hold(agent_id: string): void;
  letGo(agent_id: string): void;
  held(): ReadonlySet<string>;
  expected(): string[];
  /** Breakers that are not closed, for health. */
  breakers(): OpenBreaker[];
  /** Wakes those who wait: room, or somebody new. */
  wake(): void;
}

/** Bounds of placing. */
export interface RegistryLimits extends QueueLimits {
  /** How long a task waits for an agent that is known but not connected, ms. */
  route_ms_max: number;
  breaker?: Partial<BreakerLimits>;
}

/** What an agent that is away would offer, as far as it is known: `undefined` when it never came. */
export type KnownOffer = (agent_id: string) => Offer | undefined;

/** The defaults. */
export const REGISTRY_LIMITS: RegistryLimits = {
  queue_max: 256,
  queue_all_max: 10_000,
  tenant_share: 0.5,
  tenant_ms: 60_000,
  route_ms_max: 10_000,
};

/** Makes an empty registry. */
export function createRegistry(
  clock: Clock,
  limits: Partial<RegistryLimits> = {},
  metrics?: Metrics,
  knownOffer: KnownOffer = () => undefined,
): Registry {
  const bounds = { ...REGISTRY_LIMITS, ...limits };
  const pools = createPools<Waiter>();
  const by_agent = new Map<string, Set<Instance>>();
  const expected = new Set<string>();
  const held = new Set<string>();
  /** Those who wait for one instance to come back. */
  const awaiting = new Map<string, Set<(instance: Instance) => void>>();
  const queue = createQueue<Waiter>({ clock, metrics, limits: bounds });
  const breakers = createBreakers({ clock, metrics, limits: bounds.breaker, onReady });

  return {
    add,
    remove,
    expect: (agent_id) => void expected.add(agent_id),
    forget: (agent_id) => void expected.delete(agent_id),
    admit(wanted) {
      const pool = pools.of(wanted);
      const refusal = choose(pool, wanted) ? undefined : refusalOf(pool, wanted);
      if (refusal) throw refusal;
    },
    acquire,
    take,
    offers,
    interests,
    instances: () => [...pools.instances()],
    hold: (agent_id) => void held.add(agent_id),
    letGo(agent_id) {
      held.delete(agent_id);
      onReady(agent_id);
    },
    held: () => held,
    expected: () => [...expected],
    breakers: () => breakers.open(),
    wake: () => serve(pools.all()),
  };

  async function acquire(wanted: Wanted, signal: AbortSignal): Promise<Place> {
    signal.throwIfAborted();
    const place = take(wanted);
    if (place) return place;
    if (wanted.only !== undefined) return waitForReturn(wanted, wanted.only, signal);
    const pool = pools.of(wanted);
    const refusal = wanted.is_admitted ? unreachable(pool) : refusalOf(pool, wanted);
    if (refusal) throw refusal;
    return waitForRoom(pool, wanted, signal);
  }

  function take(wanted: Wanted): Place | undefined {
    const holder = holderFor(wanted);
    if (holder || wanted.only !== undefined) return holder && placeOn(holder, wanted.skill);
    const instance = choose(pools.of(wanted), wanted);
    return instance && placeOn(instance, wanted.skill);
  }

  /* ---- who is there ---- */

  function add(instance: Instance): void {
    const { agent_id, instance_id } = instance;
    pools.add(instance);
    by_agent.set(agent_id, (by_agent.get(agent_id) ?? new Set()).add(instance));
    for (const resolve of [...(awaiting.get(instance_id) ?? [])]) resolve(instance);
    serve(pools.with(instance));
  }

  function remove(instance: Instance): void {
    pools.remove(instance);
    const same = by_agent.get(instance.agent_id);
    if (same?.delete(instance) && same.size === 0) by_agent.delete(instance.agent_id);
  }

  /** A key that was taken back ends the link the next time somebody would be handed work over it (wire.md 10). */
  function isUsable(instance: Instance): boolean {
    if (instance.isPinned?.() ?? true) return !instance.is_leaving;
    remove(instance);
    instance.peer.close(4001, 'no longer pinned');
    return false;
  }

  function holderFor({ to, only, skill }: Wanted): Instance | undefined {
    if (only === undefined) return undefined;
    const candidates = 'agent_id' in to ? (by_agent.get(to.agent_id) ?? []) : pools.instances();
    for (const instance of candidates)
      if (instance.instance_id === only && instance.card.skills.has(skill) && isUsable(instance)) return instance;
    return undefined;
  }

  /* ---- placing ---- */

  /** The least busy with room whose breaker lets it, one that is to be avoided last; equals take turns. */
  function choose({ wanted, free }: Pool<Waiter>, { avoid = [] }: Wanted): Instance | undefined {
    let best: Instance | undefined;
    let best_rank = Infinity;
    for (const instance of free) {
      if (held.has(instance.agent_id)) continue;
      const rank = instance.in_flight + (avoid.includes(instance.instance_id) ? AVOIDED : 0);
      if (rank >= best_rank) continue;
      if (typeof breakers.verdict(instance.agent_id, wanted.skill) !== 'string' || !isUsable(instance)) continue;
      [best, best_rank] = [instance, rank];
      if (rank === 0) break;
    }
    return best;
  }

  function placeOn(instance: Instance, skill: string): Place {
    const traits = instance.card.skills.get(skill);
    if (!traits) throw new Error(`${instance.agent_id} lost ${skill} while it was chosen`);
    const report = breakers.begin(instance.agent_id, skill);
    instance.in_flight++;
    pools.update(instance);
    let is_released = false;
    const release = () => {
      if (is_released) return;
      is_released = true;
      instance.in_flight--;
      pools.update(instance);
      report('ignored');
      serve(pools.with(instance));
    };
    return { instance, traits, report, release };
  }

  /** Gives places of these pools to those who wait there, one after the other, as long as there are any. */
  function serve(served: Iterable<Pool<Waiter>>): void {
    for (let next = nextOf(served); next; next = nextOf(served)) {
      queue.onServed(next.waiter);
      next.waiter.resolve(placeOn(next.instance, next.waiter.wanted.skill));
    }
  }

  function nextOf(served: Iterable<Pool<Waiter>>): { waiter: Waiter; instance: Instance } | undefined {
    let next: { waiter: Waiter; instance: Instance } | undefined;
    for (const pool of served) {
      if (pool.line.size === 0 || pool.free.size === 0) continue;
      const waiter = queue.headOf(pool.line);
      if (!waiter || (next && !queue.isBefore(waiter, next.waiter))) continue;
      const instance = choose(pool, waiter.wanted);
      if (instance) next = { waiter, instance };
    }
    return next;
  }

  function onReady(agent_id: string): void {
    for (const instance of by_agent.get(agent_id) ?? []) serve(pools.with(instance));
  }

  /* ---- refusing ---- */

  function refusalOf(pool: Pool<Waiter>, { tenant = '' }: Wanted): AuroraError | undefined {
    const refusal = unreachable(pool) ?? heldBack(pool) ?? ejected(pool) ?? queue.refusal({ queue: pool.name, tenant });
    if (refusal) metrics?.count('refusals_total', { code: String(refusal.code) });
    return refusal;
  }

  /** Nobody who could ever fit is a caller's mistake; somebody who is merely away is ours. */
  function unreachable({ wanted, name, members }: Pool<Waiter>): AuroraError | undefined {
    if (hasUsable(members)) return undefined;
    for (const instance of pools.instances()) {
      if (fits(instance, wanted) && !instance.is_leaving && !members.has(instance))
        return new AuroraError(5080, { message: 'Handoff refused: everybody with this skill is on the path already' });
    }
    if (mayCome(wanted)) return undefined;
    return new AuroraError(4043, { message: `No agent for ${name}`, detail: { wanted: wanted.to } });
  }

  /** Who is away and never offered the skill will not bring it: nobody waits for that one. */
  function mayCome({ to, skill }: Pick<Wanted, 'to' | 'skill'>): boolean {
    const mayBring = (agent_id: string) => {
      const offer = knownOffer(agent_id);
      if (!isAway(agent_id) || !offer) return isAway(agent_id);
      return Object.hasOwn(offer, skill) && (!('skill' in to) || offer[skill]?.routable === true);
    };
    if ('agent_id' in to) return expected.has(to.agent_id) && mayBring(to.agent_id);
    for (const agent_id of expected) if (mayBring(agent_id)) return true;
    return false;
  }

  function offers(skill: string): boolean {
    const wanted = { to: { skill }, skill };
    for (const instance of pools.instances()) if (!instance.is_leaving && fits(instance, wanted)) return true;
    return [...expected].some((agent_id) => isAway(agent_id) && knownOffer(agent_id)?.[skill]?.routable === true);
  }

  function interests(): Interest[] {
    const here = [...pools.instances()].filter(({ is_leaving }) => !is_leaving);
    const away = [...expected].filter(isAway);
    return [
      ...here.flatMap(({ agent_id, card }) => interestsOf(agent_id, card.skills)),
      ...away.flatMap((agent_id) => interestsOf(agent_id, Object.entries(knownOffer(agent_id) ?? {}))),
    ];
  }

  function isAway(agent_id: string): boolean {
    for (const { is_leaving } of by_agent.get(agent_id) ?? []) if (!is_leaving) return false;
    return true;
  }

  function hasUsable(members: Iterable<Instance>): boolean {
    for (const instance of members) if (isUsable(instance)) return true;
    return false;
  }

  /** Somebody said that these agents are to get nothing new. */
  function heldBack({ name, members }: Pool<Waiter>): AuroraError | undefined {
    const usable = [...members].filter(({ is_leaving }) => !is_leaving);
    if (usable.length === 0 || usable.some(({ agent_id }) => !held.has(agent_id))) return undefined;
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

  /* ---- waiting ---- */

  /** Waiting for room is bounded by the task's deadline; waiting for somebody to appear is bounded here. */
  function waitForRoom(pool: Pool<Waiter>, wanted: Wanted, signal: AbortSignal): Promise<Place> {
    return waiting(signal, (resolve, reject) => {
      const { tenant = '', priority } = wanted;
      const waiter: Waiter = { queue: pool.name, tenant, priority, order: 0, wanted, resolve };
      const look = () => {
        if (hasUsable(pool.members)) stopTimer = clock.after(bounds.route_ms_max, look);
        else reject(unavailable(`No agent for ${pool.name} is connected`));
      };
      let stopTimer = clock.after(bounds.route_ms_max, look);
      queue.add(pool.line, waiter);
      return () => {
        stopTimer();
        queue.remove(pool.line, waiter);
      };
    });
  }

  function waitForReturn(wanted: Wanted, instance_id: string, signal: AbortSignal): Promise<Place> {
    return waiting(signal, (resolve, reject) => {
      const those = awaiting.get(instance_id) ?? new Set();
      const onReturn = (instance: Instance) => {
        if (holderFor(wanted) === instance) resolve(placeOn(instance, wanted.skill));
      };
      const stopTimer = clock.after(wanted.only_ms_max ?? bounds.route_ms_max, () =>
        reject(unavailable(`${instance_id} has not come back`, { gone: true })),
      );
      awaiting.set(instance_id, those.add(onReturn));
      return () => {
        stopTimer();
        those.delete(onReturn);
        if (those.size === 0) awaiting.delete(instance_id);
      };
    });
  }
}

/** A promise that `begin` starts and that an abort ends; whatever ends it, what `begin` answered is called first. */
function waiting<T>(
  signal: AbortSignal,
  begin: (resolve: (value: T) => void, reject: (reason: Error) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      end();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = () => {
      leave();
      reject(AuroraError.from(signal.reason));
    };
    const end = begin(
      (value) => {
        leave();
        resolve(value);
      },
      (reason) => {
        leave();
        reject(reason);
      },
    );
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

interface Waiter extends Waiting {
  readonly wanted: Wanted;
  resolve(place: Place): void;
}

const unavailable = (message: string, detail?: object): AuroraError =>
  new AuroraError(5030, { message, retry_after_ms: RETRY_AFTER_MS, ...(detail && { detail }) });

const RETRY_AFTER_MS = 1_000;
/** More than anybody can have in flight: who is to be avoided ranks behind all others. */
const AVOIDED = 1_000_000_000;
