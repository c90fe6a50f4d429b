/** Chance that repeats: the same seed gives the same numbers. */

/** A source of numbers. */
export interface Chance {
  /** In [0, 1). */
  next(): number;
  /** An integer from `low` to `high`, both possible. */
  integer(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
  /** Eight letters. */
  token(): string;
}

/** Numbers of a seed (mulberry32: small, quick, good enough for trying things out). */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    integer,
    pick<T>(items: readonly T[]): T {
      const picked = items[integer(0, items.length - 1)];
      if (picked === undefined) throw new Error('nothing to pick from');
      return picked;
    },
    token: () => Array.from({ length: 8 }, () => LETTERS[integer(0, LETTERS.length - 1)]).join(''),
  };
}

/** A seed of its own for each name, so that one check's numbers do not depend on another's. */
export function seedOf(seed: number, name: string): number {
  let hash = seed >>> 0;
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return hash;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
