/** Who waits for a slot: in which order they get one, and how many may wait (PROM-P8). */
import { AuroraError } from '../protocol/index.ts';
import { makeRoom, type Clock, type Metrics } from '../seams/index.ts';

/** Somebody who waits. */
export interface Waiting {
  /** What the bound of one queue counts together. */
  readonly queue: string;
  /** On whose behalf. */
  readonly tenant: string;
  readonly priority: number;
  /** Given when it starts to wait: who came first. */
  order: number;
}

/** All who wait, in lines: who stands in one line could each take the same slots. */
export interface Queue<W extends Waiting> {
  readonly size: number;
  /** How many wait, or will wait, in one of that name. */
  waiting(queue: string): number;
  /** Why one more may not wait: 4290 where the caller waits for too much already, 5030 where all together do. */
  refusal(newcomer: Pick<Waiting, 'queue' | 'tenant'>): AuroraError | undefined;
  /** Counts one who will wait, until what it answers is called; calling twice counts once. */
  reserve(newcomer: Pick<Waiting, 'queue' | 'tenant'>): () => void;
  add(line: Line<W>, waiter: W): void;
  remove(line: Line<W>, waiter: W): void;
  /** Who of a line is next. */
  headOf(line: Line<W>): W | undefined;
  /** The more urgent first; among equals the tenant that was served longest ago; of one tenant who came first. */
  isBefore(left: W, right: W): boolean;
  /** Got its slot: its tenant's turn is over. */
  onServed(waiter: W): void;
}

/** One lane per priority and tenant, first come, first served. */
export type Line<W> = Map<string, { priority: number; waiters: Set<W> }>;

/** Bounds of waiting (wire.md 10). */
export interface QueueLimits {
  /** Tasks that may wait for one agent that is named, whatever the skill, or for one skill: 256. */
  queue_max: number;
  /** Tasks that may wait in all: 10 000. */
  queue_all_max: number;
  /** The share of either that one tenant may fill while another waits, or asked within `tenant_ms`: half of it, 60 s. */
  tenant_share: number;
  tenant_ms: number;
}

/** Makes a queue in which nobody waits. Priorities are strict: who starves below is ended by its own deadline. */
export function createQueue<W extends Waiting>(deps: {
  clock: Clock;
  metrics?: Metrics | undefined;
  limits: QueueLimits;
}): Queue<W> {
  const { clock, metrics, limits } = deps;
  const counts = new Map<string, number>();
  /** When each tenant was last served; who never was goes first. */
  const turns = new Map<string, number>();
  let [size, order, turn] = [0, 0, 0];
  /** The last who asked, and the last other one before it. */
  let [latest, before]: ({ tenant: string; at: number } | undefined)[] = [];

  return {
    get size() {
      return size;
    },
    waiting: (queue) => countOf(queue),
    refusal,
    reserve,
    headOf,
    isBefore,
    add(line, waiter) {
      const lane = line.get(laneOf(waiter)) ?? { priority: waiter.priority, waiters: new Set() };
      line.set(laneOf(waiter), lane);
      lane.waiters.add(waiter);
      waiter.order = ++order;
      count(waiter, 1);
    },
    remove(line, waiter) {
      const lane = line.get(laneOf(waiter));
      if (!lane?.waiters.delete(waiter)) return;
      if (lane.waiters.size === 0) line.delete(laneOf(waiter));
      count(waiter, -1);
    },
    onServed({ tenant }) {
      turns.delete(tenant);
      makeRoom(turns, TENANTS_MAX, TENANTS_MAX / 8);
      turns.set(tenant, ++turn);
    },
  };

  function refusal({ queue, tenant }: Pick<Waiting, 'queue' | 'tenant'>): AuroraError | undefined {
    const share = isShared(tenant) ? limits.tenant_share : 1;
    note(tenant);
    if (size >= limits.queue_all_max) return refused(5030, 'Too many tasks wait');
    if (countOf(queue) >= limits.queue_max) return refused(4290, `Too many tasks wait for ${queue}`);
    const fillsQueue = countOf(queue, tenant) >= share * limits.queue_max;
    const fillsAll = countOf('', tenant) >= share * limits.queue_all_max;
    return fillsQueue || fillsAll ? refused(4290, `Too many of your tasks wait for ${queue}`) : undefined;
  }

  function reserve(newcomer: Pick<Waiting, 'queue' | 'tenant'>): () => void {
    let is_held = true;
    count(newcomer, 1);
    return () => {
      if (is_held) count(newcomer, -1);
      is_held = false;
    };
  }

  /** A tenant that is alone may fill everything; one that was refused counts, or it would never get in. */
  function isShared(tenant: string): boolean {
    const other = latest?.tenant === tenant ? before : latest;
    const asked_lately = other !== undefined && clock.monotonic() - other.at < limits.tenant_ms;
    return asked_lately || size > countOf('', tenant);
  }

  function note(tenant: string): void {
    if (latest?.tenant !== tenant) before = latest;
    latest = { tenant, at: clock.monotonic() };
  }

  function headOf(line: Line<W>): W | undefined {
    let next: W | undefined;
    for (const { priority, waiters } of line.values()) {
      if (next && priority < next.priority) continue;
      const [head] = waiters;
      if (head && (!next || isBefore(head, next))) next = head;
    }
    return next;
  }

  function isBefore(left: W, right: W): boolean {
    if (left.priority !== right.priority) return left.priority > right.priority;
    const waited = (turns.get(left.tenant) ?? 0) - (turns.get(right.tenant) ?? 0);
    return waited === 0 ? left.order < right.order : waited < 0;
  }

  function count({ queue, tenant }: Pick<Waiting, 'queue' | 'tenant'>, by: 1 | -1): void {
    size += by;
    metrics?.gauge('tasks_waiting', size);
    for (const key of [keyOf(queue), keyOf(queue, tenant), keyOf('', tenant)]) {
      const counted = (counts.get(key) ?? 0) + by;
      if (counted > 0) counts.set(key, counted);
      else counts.delete(key);
    }
  }

  function countOf(queue: string, tenant?: string): number {
    return counts.get(keyOf(queue, tenant)) ?? 0;
  }
}

const refused = (code: 4290 | 5030, message: string): AuroraError =>
  new AuroraError(code, { message, retry_after_ms: RETRY_AFTER_MS });

const laneOf = ({ priority, tenant }: Waiting): string => `${priority} ${tenant}`;
/** Of a queue, of a tenant in it, or of a tenant in all (`queue` empty). Either name may hold anything. */
const keyOf = (queue: string, tenant?: string): string =>
  tenant === undefined ? `all\n${queue}` : `of ${tenant.length} ${tenant}\n${queue}`;

const RETRY_AFTER_MS = 1_000;
/** Tenants whose turn is remembered; the one served longest ago goes. */
const TENANTS_MAX = 10_000;
