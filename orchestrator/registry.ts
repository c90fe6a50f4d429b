/** Which agent offers which skill, and who of them has room now. */
import type { CardFacts, HandoffTo, SkillTraits } from '../protocol/index.ts';
import type { Peer } from '../mesh/index.ts';
import type { Clock, Metrics } from '../seams/index.ts';
import { createBreakers, type BreakerLimits, type OpenBreaker, type Outcome } from './breaker.ts';
import type { Interest } from './interest.ts';
import { createPools, type Pool } from './pools.ts';
import { createPresence, type KnownOffer, type Missed } from './presence.ts';
import { createQueue, type QueueLimits } from './queue.ts';
import { createRefusals } from './refusals.ts';
import { createWaits, type Waiter } from './waits.ts';

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
  /** Whether its key is still pinned; asked whenever it may be chosen, asks for anything, or answered. */
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
  /** Who began it: those of equal priority take turns. */
  tenant?: string;
  /** Instances that are only taken when there is no other. */
  avoid?: readonly string[];
  /** Exactly this instance, with room or without: it has the task already. 5030 `gone` when it is not back within `only_ms_max`. */
  only?: string;
  only_ms_max?: number;
  /** The task was accepted already: what refuses a newcomer, full queues and open breakers, makes this one wait. */
  is_admitted?: boolean;
}

/** A slot on an instance, held until released. */
export interface Slot {
  instance: Instance;
  traits: SkillTraits;
  /** Says what became of the task, for the breaker; nothing said is `ignored`. Only the first word counts. */
  report(outcome: Outcome, why?: string): void;
  /** Whether what the instance says still counts; the link of one whose key was taken back is closed. */
  isTrusted(): boolean;
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
   * 5030 when the breakers of all that fit are open or too many wait in all, 4290 when the caller has too many waiting. Ask before
   * the task is kept (INV12). Whoever may wait counts as one who does until it calls what is answered: many may be kept at once,
   * and each has its room by then (INV11).
   */
  admit(wanted: Wanted): () => void;
  /** Waits for a slot on the least busy instance that fits. Throws as `admit`, and 5030 when those that fit are away for `route_ms_max`. */
  acquire(wanted: Wanted, signal: AbortSignal): Promise<Slot>;
  /** A slot for somebody who does not wait; undefined when there is none. Nobody is overtaken: who waits would have got it. */
  take(wanted: Wanted): Slot | undefined;
  /** Whether somebody connected, or known and away, offers a skill to whoever asks for it. */
  offers(skill: string): boolean;
  /** Whether somebody connected who may be asked for it would act, not only read. */
  acts(wanted: Pick<Wanted, 'to' | 'skill' | 'path'>): boolean;
  /** What the cards of those connected, or known and away, ask to be shown in investigations. */
  interests(): Interest[];
  instances(): Instance[];
  /** Gives an agent nothing new until that is taken back: what it does now it ends, and who waits for it goes on waiting. */
  drain(agent_id: string): void;
  undrain(agent_id: string): void;
  drained(): ReadonlySet<string>;
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

/** The registry unless a configuration says otherwise. */
export const REGISTRY_LIMITS: RegistryLimits = {
  queue_max: 256,
  queue_all_max: 10_000,
  tenant_share: 0.5,
  tenant_ms: 60_000,
  route_ms_max: 10_000,
};

/** What placing needs. */
export interface RegistryDeps {
  clock: Clock;
  metrics?: Metrics | undefined;
  /** The defaults unless said. */
  limits?: Partial<RegistryLimits> | undefined;
  /** What agents that are away would offer; nothing unless said. */
  knownOffer?: KnownOffer;
  /** Agents that nobody waits for any more; none unless said. */
  missed?: Missed;
}

/** Makes an empty registry. */
export function createRegistry(deps: RegistryDeps): Registry {
  const { clock, metrics, knownOffer = () => undefined, missed = () => [] } = deps;
  const bounds = { ...REGISTRY_LIMITS, ...deps.limits };
  const pools = createPools<Waiter>();
  const drained = new Set<string>();
  let is_watching = false;
  const queue = createQueue<Waiter>({ clock, metrics, limits: bounds });
  const breakers = createBreakers({ clock, metrics, limits: bounds.breaker, onReady });
  const instances = () => pools.instances();
  const presence = createPresence({ instances, knownOffer, missed });
  const refusals = createRefusals({ metrics, presence, instances, breakers, queue, drained, hasUsable });
  const waits = createWaits({ clock, route_ms_max: bounds.route_ms_max, queue, hasUsable, slotAt });

  return {
    add,
    remove,
    expect: presence.expect,
    forget: presence.forget,
    admit(wanted) {
      const pool = pools.of(wanted);
      // Whoever is free is so for one of those who are being kept already.
      const is_free = queue.waiting(pool.queue) === 0 && choose(pool, wanted) !== undefined;
      const refusal = is_free ? undefined : refusals.toNewcomer(pool, wanted);
      if (refusal) throw refusal;
      return queue.reserve({ queue: pool.queue, tenant: wanted.tenant ?? '' });
    },
    acquire,
    take,
    offers: presence.offers,
    acts(wanted) {
      const [instance] = pools.of(wanted).members;
      const traits = instance?.card.skills.get(wanted.skill);
      return traits !== undefined && traits.effect !== 'read' && traits.action_class !== 'read';
    },
    interests: presence.interests,
    instances: () => [...instances()],
    drain: (agent_id) => void drained.add(agent_id),
    undrain(agent_id) {
      drained.delete(agent_id);
      onReady(agent_id);
    },
    drained: () => drained,
    expected: presence.expected,
    breakers: () => breakers.open(),
    wake: () => serve(pools.all()),
  };

  async function acquire(wanted: Wanted, signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    const slot = take(wanted);
    if (slot) return slot;
    if (wanted.only !== undefined) return waits.forReturn(wanted, wanted.only, signal);
    const pool = pools.of(wanted);
    const refusal = wanted.is_admitted ? refusals.toAdmitted(pool) : refusals.toNewcomer(pool, wanted);
    if (refusal) throw refusal;
    return waits.forRoom(pool, wanted, signal, isKnown(pool) ? bounds.route_ms_max : ANNOUNCE_MS_MAX);
  }

  function isKnown({ wanted, members }: Pool<Waiter>): boolean {
    return hasUsable(members) || presence.mayCome(wanted);
  }

  function take(wanted: Wanted): Slot | undefined {
    const holder = holderFor(wanted);
    if (holder || wanted.only !== undefined) return holder && slotOn(holder, wanted.skill);
    const instance = choose(pools.of(wanted), wanted);
    return instance && slotOn(instance, wanted.skill);
  }

  /* ---- who is there ---- */

  function add(instance: Instance): void {
    pools.add(instance);
    presence.add(instance);
    waits.onReturn(instance);
    serve(pools.with(instance));
  }

  function remove(instance: Instance): void {
    pools.remove(instance);
    presence.remove(instance);
  }

  /** A key that was taken back ends the link the next time anybody looks (wire.md 10). */
  function isTrusted(instance: Instance): boolean {
    if (instance.isPinned?.() ?? true) return true;
    remove(instance);
    if (instance.peer.link.open) instance.peer.close(4001, 'no longer pinned');
    return false;
  }

  function isUsable(instance: Instance): boolean {
    return isTrusted(instance) && !instance.is_leaving && instance.peer.link.open;
  }

  /** Whoever is at work is handed nothing, and may be silent: while anybody is, somebody looks at the keys of all who are. */
  function watch(): void {
    if (is_watching) return;
    is_watching = true;
    clock.after(PIN_CHECK_MS, () => {
      is_watching = false;
      let is_at_work = false;
      for (const instance of instances()) if (instance.in_flight > 0) is_at_work = isTrusted(instance) || is_at_work;
      if (is_at_work) watch();
    });
  }

  function hasUsable(members: Iterable<Instance>): boolean {
    for (const instance of members) if (isUsable(instance)) return true;
    return false;
  }

  function holderFor({ to, only, skill }: Wanted): Instance | undefined {
    if (only === undefined) return undefined;
    const candidates = 'agent_id' in to ? presence.of(to.agent_id) : instances();
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
      if (drained.has(instance.agent_id)) continue;
      const rank = instance.in_flight + (avoid.includes(instance.instance_id) ? AVOIDED : 0);
      if (rank >= best_rank) continue;
      if (typeof breakers.verdict(instance.agent_id, wanted.skill) !== 'string' || !isUsable(instance)) continue;
      [best, best_rank] = [instance, rank];
      if (rank === 0) break;
    }
    return best;
  }

  function slotOn(instance: Instance, skill: string): Slot {
    const traits = instance.card.skills.get(skill);
    if (!traits) throw new Error(`${instance.agent_id} lost ${skill} while it was chosen`);
    const report = breakers.begin(instance.agent_id, skill);
    instance.in_flight++;
    pools.update(instance);
    if (instance.isPinned) watch();
    let is_released = false;
    const release = () => {
      if (is_released) return;
      is_released = true;
      instance.in_flight--;
      pools.update(instance);
      report('ignored');
      serve(pools.with(instance));
    };
    return { instance, traits, report, isTrusted: () => isTrusted(instance), release };
  }

  function slotAt(instance: Instance, wanted: Wanted): Slot | undefined {
    return holderFor(wanted) === instance ? slotOn(instance, wanted.skill) : undefined;
  }

  /** Gives slots of these pools to those who wait there, one after the other, as long as there are any. */
  function serve(served: Iterable<Pool<Waiter>>): void {
    for (let next = nextOf(served); next; next = nextOf(served)) {
      queue.onServed(next.waiter);
      next.waiter.resolve(slotOn(next.instance, next.waiter.wanted.skill));
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
    for (const instance of presence.of(agent_id)) serve(pools.with(instance));
  }
}

/** More than anybody can have in flight: who is to be avoided ranks behind all others. */
const AVOIDED = 1_000_000_000;
/** How long admitted work waits for an agent to announce itself, ms: whoever lost its orchestrator dials again within 36 s (wire.md 10). */
export const ANNOUNCE_MS_MAX = 45_000;
/** How long an agent that is at work may go on after its key was taken back, ms. */
const PIN_CHECK_MS = 1_000;
