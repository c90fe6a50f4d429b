/** Connected instances, grouped by what they can be asked for, so that nobody looks through all of them to place one task. */
import type { HandoffTo } from '../protocol/index.ts';
import type { Line } from './queue.ts';
import type { Instance, Wanted } from './registry.ts';

/** All who can serve the same want; whoever waits for it could take any of them. */
export interface Pool<W> {
  readonly wanted: Pick<Wanted, 'to' | 'skill' | 'path'>;
  /** What is wanted, said in a few words; pools that differ by their path only say the same. */
  readonly name: string;
  /** What the bound of one queue counts together: everything for one agent that is named, whatever the skill (PROM-P8). */
  readonly queue: string;
  readonly members: Set<Instance>;
  /** Members with room; whoever was chosen or released longest ago stands first, so that equals take turns. */
  readonly free: Set<Instance>;
  readonly line: Line<W>;
}

/** The pools, and who is in them. */
export interface Pools<W> {
  /** The pool of a want; made when it is first asked for. */
  of(wanted: Pick<Wanted, 'to' | 'skill' | 'path'>): Pool<W>;
  /** The pools that an instance is in. */
  with(instance: Instance): Iterable<Pool<W>>;
  all(): Pool<W>[];
  add(instance: Instance): void;
  remove(instance: Instance): void;
  /** Its `in_flight` has changed. */
  update(instance: Instance): void;
  instances(): Iterable<Instance>;
}

/** Makes pools without anybody in them. */
export function createPools<W>(): Pools<W> {
  const pools = new Map<string, Pool<W>>();
  const memberships = new Map<Instance, Set<Pool<W>>>();

  return {
    of(wanted) {
      const key = JSON.stringify([wanted.to, wanted.skill, wanted.path]);
      return pools.get(key) ?? make(key, wanted);
    },
    with: (instance) => memberships.get(instance) ?? [],
    all: () => [...pools.values()],
    instances: () => memberships.keys(),
    add(instance) {
      memberships.set(instance, new Set());
      for (const pool of pools.values()) join(pool, instance);
    },
    remove(instance) {
      for (const { members, free } of memberships.get(instance) ?? []) {
        members.delete(instance);
        free.delete(instance);
      }
      memberships.delete(instance);
    },
    update(instance) {
      for (const { free } of memberships.get(instance) ?? []) {
        free.delete(instance);
        if (hasRoom(instance)) free.add(instance);
      }
    },
  };

  function make(key: string, { to, skill, path }: Pool<W>['wanted']): Pool<W> {
    if (pools.size >= POOLS_MAX) sweep();
    const wanted = { to, skill, path };
    const pool = {
      wanted,
      name: describe(to, skill),
      queue: 'agent_id' in to ? `agent ${to.agent_id}` : describe(to, skill),
      members: new Set<Instance>(),
      free: new Set<Instance>(),
      line: new Map(),
    };
    pools.set(key, pool);
    for (const instance of memberships.keys()) join(pool, instance);
    return pool;
  }

  function join(pool: Pool<W>, instance: Instance): void {
    if (!fits(instance, pool.wanted) || pool.wanted.path.includes(instance.agent_id)) return;
    pool.members.add(instance);
    if (hasRoom(instance)) pool.free.add(instance);
    memberships.get(instance)?.add(pool);
  }

  /** Where nobody waits, nothing is lost: a pool is made again when it is asked for. */
  function sweep(): void {
    for (const [key, pool] of pools) {
      if (pool.line.size > 0) continue;
      pools.delete(key);
      for (const instance of pool.members) memberships.get(instance)?.delete(pool);
    }
  }
}

/** By id, else by the skills that a card marks routable, else by tags (wire.md 5). */
export function fits({ agent_id, card }: Instance, { to, skill }: Pick<Wanted, 'to' | 'skill'>): boolean {
  const traits = card.skills.get(skill);
  if (!traits) return false;
  if ('agent_id' in to) return to.agent_id === agent_id;
  if ('tags' in to) return to.tags.every((tag) => card.tags.includes(tag));
  return traits.routable;
}

const hasRoom = ({ in_flight, in_flight_max }: Instance): boolean => in_flight < in_flight_max;

const describe = (to: HandoffTo, skill: string): string =>
  'agent_id' in to ? `${skill} at ${to.agent_id}` : 'tags' in to ? `${skill} with tags ${to.tags.join(', ')}` : skill;

/** Pools that are remembered, besides those where somebody waits. */
const POOLS_MAX = 1_024;
