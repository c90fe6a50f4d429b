/** Binds what shares an entity within a window of time: a union-find over sightings, the same whatever order they come in. */
import { compareText } from '../order/index.ts';
import { entityKey, type Entity } from './entity.ts';

/** Something seen, with the entities it is about. */
export interface Sighting {
  id: string;
  /** Wall time, ms; without one it is bound to whatever shares an entity, at any time. */
  at: number | undefined;
  entities: readonly Entity[];
}

/** Why two sightings belong together. */
export interface Bond {
  entity: Entity;
  /** All sightings of the group that are about it, in order. */
  ids: string[];
}

/** Sightings that belong together, in order of time. */
export interface Bound {
  ids: string[];
  /** Every entity that two or more of them share, the most shared first. */
  bonds: Bond[];
}

/**
 * Groups sightings: two are bound when they share an entity and lie within the window of one another, or when a third binds
 * both. One that shares nothing is a group of its own, and what more than `HOSTS_MAX` hosts have in common binds nobody.
 */
export function bind(sightings: readonly Sighting[], window_ms: number): Bound[] {
  const ordered = [...sightings].sort(byTime);
  const parent = ordered.map((_, index) => index);
  const rootOf = (index: number): number => {
    let root = index;
    while (parent[root] !== root) root = parent[root] ?? root;
    for (let at = index; at !== root;) [at, parent[at]] = [parent[at] ?? root, root];
    return root;
  };
  // The earlier one stays the root, so that groups come out in order of their first sighting.
  const join = (left: number, right: number) => {
    const [one, other] = [rootOf(left), rootOf(right)];
    parent[Math.max(one, other)] = Math.min(one, other);
  };

  const seen = new Map<string, { entity: Entity; indices: number[] }>();
  for (const [index, { entities }] of ordered.entries()) {
    for (const entity of entities) {
      const key = entityKey(entity);
      const entry = seen.get(key) ?? { entity, indices: [] };
      if (entry.indices.at(-1) !== index) entry.indices.push(index);
      seen.set(key, entry);
    }
  }
  for (const [key, { entity, indices }] of seen) {
    if (hostsOf(entity, indices, ordered) > HOSTS_MAX) {
      seen.delete(key);
      continue;
    }
    for (const [nth, index] of indices.entries()) {
      const before = indices[nth - 1];
      if (before !== undefined && isNear(ordered[before]?.at, ordered[index]?.at, window_ms)) join(before, index);
    }
  }

  const groups = new Map<number, number[]>();
  for (const index of ordered.keys()) append(groups, rootOf(index), index);
  const bonds = new Map<number, Bond[]>();
  for (const { entity, indices } of seen.values()) {
    const shared = new Map<number, number[]>();
    for (const index of indices) append(shared, rootOf(index), index);
    for (const [root, own] of shared) if (own.length > 1) append(bonds, root, { entity, ids: own.map(idOf) });
  }
  return [...groups].map(([root, indices]) => ({
    ids: indices.map(idOf),
    bonds: (bonds.get(root) ?? []).sort(byShare),
  }));

  function idOf(index: number): string {
    return ordered[index]?.id ?? '';
  }
}

/** How many hosts have an entity in common; a host is itself, however much is seen on it. */
function hostsOf({ type }: Entity, indices: readonly number[], ordered: readonly Sighting[]): number {
  if (type === 'host' || indices.length <= HOSTS_MAX) return 1;
  const hosts = indices.map((index) => {
    const sighting = ordered[index];
    return sighting?.entities.find((each) => each.type === 'host')?.value ?? `\0${sighting?.id ?? ''}`;
  });
  return new Set(hosts).size;
}

function append<V>(lists: Map<number, V[]>, key: number, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

const isNear = (earlier: number | undefined, later: number | undefined, window_ms: number): boolean =>
  earlier === undefined || later === undefined || later - earlier <= window_ms;
/** Those without a time first: they are near to everything. */
const byTime = (left: Sighting, right: Sighting): number =>
  compareTime(left.at, right.at) || compareText(left.id, right.id);
const compareTime = (left = -Infinity, right = -Infinity): number => (left < right ? -1 : left > right ? 1 : 0);
const byShare = (left: Bond, right: Bond): number =>
  right.ids.length - left.ids.length || compareText(entityKey(left.entity), entityKey(right.entity));
/** A server that everybody asks, an account that runs everywhere: what more hosts share says nothing about any of them. */
export const HOSTS_MAX = 50;
