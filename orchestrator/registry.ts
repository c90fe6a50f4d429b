/** Which agent offers which skill, and who of them has room now. */
import { AuroraError, type CardFacts, type HandoffTo, type SkillTraits } from '../protocol/index.ts';
import type { Peer } from '../mesh/index.ts';
import type { Clock } from '../seams/index.ts';

/** One process of an agent that is connected now. */
export interface Instance {
  readonly agent_id: string;
  readonly instance_id: string;
  readonly peer: Peer;
  readonly card: CardFacts;
  /** Requests it takes at once. */
  readonly in_flight_max: number;
  readonly since: string;
  in_flight: number;
  /** Whether its key is still pinned; asked whenever it may be chosen. */
  isPinned?: () => boolean;
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
  /** Instances that are only taken when there is no other. */
  avoid?: readonly string[];
}

/** A place on an instance, held until released. */
export interface Place {
  instance: Instance;
  traits: SkillTraits;
  release(): void;
}

/** The registry of connected agents. */
export interface Registry {
  /** Adds a connected instance; answers how to take it out again. */
  add(instance: Instance): () => void;
  /** Tells the registry that an agent is configured, though perhaps not connected yet. */
  expect(agent_id: string): void;
  forget(agent_id: string): void;
  /**
   * Waits for a place on the least busy instance that fits. Throws 4043 when nobody known fits, 5080 when all that fit are
   * on the path, 5030 when those that fit are not connected within `route_ms_max`, 4290 when too many wait already.
   */
  acquire(wanted: Wanted, signal: AbortSignal): Promise<Place>;
  instances(): Instance[];
  expected(): string[];
  /** Wakes those who wait: room, or somebody new. */
  wake(): void;
}

/** Bounds of waiting (wire.md 10). */
export interface RegistryLimits {
  /** Tasks that may wait for one agent or skill: 256. */
  queue_max: number;
  /** Tasks that may wait in all: 10 000. */
  queue_all_max: number;
  /** How long a task waits for an agent that is known but not connected, ms. */
  route_ms_max: number;
}

/** The defaults. */
export const REGISTRY_LIMITS: RegistryLimits = { queue_max: 256, queue_all_max: 10_000, route_ms_max: 10_000 };

/** Makes an empty registry. */
export function createRegistry(clock: Clock, limits: RegistryLimits = REGISTRY_LIMITS): Registry {
  const connected = new Set<Instance>();
  const expected = new Set<string>();
  const queue = new Set<Waiter>();
  /** When each instance was last chosen: equals take turns. */
  const taken = new WeakMap<Instance, number>();
  let turn = 0;

  const fitting = (wanted: Wanted) =>
    [...connected].filter((instance) => !instance.is_leaving && fits(instance, wanted) && isStillPinned(instance));

  /** A key that was taken back ends the link the next time somebody would be handed work over it (wire.md 10). */
  const isStillPinned = (instance: Instance): boolean => {
    if (instance.isPinned?.() ?? true) return true;
    connected.delete(instance);
    instance.peer.close(4001, 'no longer pinned');
    return false;
  };

  const place = (wanted: Wanted): Place | undefined => {
    const free = fitting(wanted)
      .filter((instance) => !wanted.path.includes(instance.agent_id) && instance.in_flight < instance.in_flight_max)
      .sort(
        (left, right) =>
          isAvoided(left, wanted) - isAvoided(right, wanted) ||
          left.in_flight - right.in_flight ||
          (taken.get(left) ?? 0) - (taken.get(right) ?? 0),
      );
    const [instance] = free;
    const traits = instance?.card.skills.get(wanted.skill);
    if (!instance || !traits) return undefined;
    instance.in_flight++;
    taken.set(instance, ++turn);
    let is_released = false;
    const release = () => {
      if (is_released) return;
      is_released = true;
      instance.in_flight--;
      wake();
    };
    return { instance, traits, release };
  };

  function wake(): void {
    for (const waiter of [...queue].sort((left, right) => right.wanted.priority - left.wanted.priority)) {
      const found = place(waiter.wanted);
      if (found) waiter.resolve(found);
    }
  }

  /** Nobody who could ever fit is a caller's mistake; somebody who is merely away is ours. */
  const refuseHopeless = (wanted: Wanted) => {
    const fit = fitting(wanted);
    if (fit.length > 0 && fit.every(({ agent_id }) => wanted.path.includes(agent_id))) {
      throw new AuroraError(5080, { message: 'Handoff refused: everybody with this skill is on the path already' });
    }
    if (fit.length > 0) return;
    const away = [...expected].filter(isAway);
    const may_come = 'agent_id' in wanted.to ? away.includes(wanted.to.agent_id) : away.length > 0;
    if (!may_come)
      throw new AuroraError(4043, { message: `No agent for ${describe(wanted)}`, detail: { wanted: wanted.to } });
  };
  const isAway = (agent_id: string) =>
    ![...connected].some((instance) => instance.agent_id === agent_id && !instance.is_leaving);

  async function acquire(wanted: Wanted, signal: AbortSignal): Promise<Place> {
    signal.throwIfAborted();
    const found = place(wanted);
    if (found) return found;
    refuseHopeless(wanted);
    const alike = [...queue].filter((waiter) => waiter.wanted.skill === wanted.skill).length;
    if (queue.size >= limits.queue_all_max || alike >= limits.queue_max) {
      throw new AuroraError(4290, {
        message: `Too many tasks wait for ${wanted.skill}`,
        retry_after_ms: RETRY_AFTER_MS,
      });
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        queue.delete(waiter);
        stopTimer();
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        leave();
        reject(AuroraError.from(signal.reason));
      };
      const waiter: Waiter = {
        wanted,
        resolve: (place) => {
          leave();
          resolve(place);
        },
      };
      // Waiting for room is bounded by the task's deadline; waiting for somebody to appear is bounded here.
      const look = () => {
        if (fitting(wanted).length > 0) {
          stopTimer = clock.after(limits.route_ms_max, look);
          return;
        }
        leave();
        const message = `No agent for ${describe(wanted)} is connected`;
        reject(new AuroraError(5030, { message, retry_after_ms: RETRY_AFTER_MS }));
      };
      let stopTimer = clock.after(limits.route_ms_max, look);
      signal.addEventListener('abort', onAbort, { once: true });
      queue.add(waiter);
    });
  }

  return {
    add(instance) {
      connected.add(instance);
      wake();
      return () => void connected.delete(instance);
    },
    expect: (agent_id) => void expected.add(agent_id),
    forget: (agent_id) => void expected.delete(agent_id),
    acquire,
    instances: () => [...connected],
    expected: () => [...expected],
    wake,
  };
}

const isAvoided = ({ instance_id }: Instance, { avoid = [] }: Wanted): number => (avoid.includes(instance_id) ? 1 : 0);

interface Waiter {
  wanted: Wanted;
  resolve(place: Place): void;
}

/** By id, else by the skills that a card marks routable, else by tags (wire.md 5). */
function fits({ agent_id, card }: Instance, { to, skill }: Wanted): boolean {
  const traits = card.skills.get(skill);
  if (!traits) return false;
  if ('agent_id' in to) return to.agent_id === agent_id;
  if ('tags' in to) return to.tags.every((tag) => card.tags.includes(tag));
  return traits.routable;
}

const describe = ({ to, skill }: Wanted): string =>
  'agent_id' in to ? `${skill} at ${to.agent_id}` : 'tags' in to ? `${skill} with tags ${to.tags.join(', ')}` : skill;

const RETRY_AFTER_MS = 1_000;
