/** Names for new things, handed in so that a run can be replayed. */
import { customAlphabet } from 'nanoid';
import { randomBytes, randomUUID } from 'node:crypto';

/** Makes ids. Time-ordered ids sort by their making, so that an index is appended to (performance.md 3). */
export interface Ids {
  /** A fresh `<prefix>_<10 time><12 random>` id, e.g. `task_0mf4…`. */
  next(prefix: string): string;
  /** A UUID, for request ids (requirements.md H02). */
  uuid(): string;
}

/** Ids of a running process: wall time in base 32, then 60 random bits. */
export function systemIds(now: () => number): Ids {
  return {
    next: (prefix) => `${prefix}_${now().toString(32).padStart(10, '0')}${random()}`,
    uuid: () => randomUUID(),
  };
}

/** Ids that count, for tests and the simulator: `task_000001`, `task_000002` … */
export function countingIds(): Ids {
  let count = 0;
  return {
    next: (prefix) => `${prefix}_${(++count).toString().padStart(6, '0')}`,
    uuid: () => `00000000-0000-4000-8000-${(++count).toString(16).padStart(12, '0')}`,
  };
}

/** Randomness: jitter, challenges, seeds. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `length` bytes; cryptographically strong in a running process. */
  bytes(length: number): Uint8Array;
}

/** The machine's own randomness. */
export const systemRandom: Random = { next: () => Math.random(), bytes: pooledBytes() };

/** The kernel is asked once for many: a dispatch needs a few bytes at a time, and asking costs as much as the rest of it. */
function pooledBytes(): Random['bytes'] {
  let pool = new Uint8Array();
  let used = 0;
  return (length) => {
    if (length > POOL_BYTES) return randomBytes(length);
    if (used + length > pool.length) [pool, used] = [new Uint8Array(randomBytes(POOL_BYTES)), 0];
    const from = used;
    used += length;
    const bytes = pool.slice(from, used); // a copy, and what was given out is gone from here
    pool.fill(0, from, used);
    return bytes;
  };
}

const POOL_BYTES = 4_096;

/** Repeatable randomness from a seed (mulberry32, public domain by T. Ettinger): tests and the simulator only. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { next, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) };
}

const random = customAlphabet('0123456789abcdefghijklmnopqrstuv', 12);
