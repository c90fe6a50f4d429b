/** Leaky buckets: so many of a kind in so short a time are no accident. */
import { makeRoom } from '../../seams/index.ts';
import { bothEnds } from '../readers/index.ts';

/** A bucket holds `capacity` and loses one every `leak_s` seconds; without times it never leaks. */
export interface Leak {
  capacity: number;
  leak_s: number;
}

/** Fills one bucket; `add` answers whether it ran over. Times may go back a little, as logs do: such a step leaks nothing. */
export function createBucket({ capacity, leak_s }: Leak) {
  let level = 0;
  let last: number | undefined;
  return {
    add(time: number | undefined): boolean {
      if (time !== undefined) {
        if (last !== undefined) level = Math.max(0, level - Math.max(0, time - last) / leak_s);
        last = Math.max(last ?? time, time);
      }
      level += 1;
      return level > capacity;
    },
    /** Takes one back, as when a challenge turns out to be the start of an ordinary login. */
    drop(): void {
      level = Math.max(0, level - 1);
    },
  };
}

/** A bucket that counts each distinct thing once; it remembers the last `DISTINCT_MAX` of them. */
export function createDistinctBucket(leak: Leak) {
  const bucket = createBucket(leak);
  const seen = new Set<string>();
  let over = false;
  return {
    add(thing: string, time: number | undefined): boolean {
      const key = bothEnds(thing, THING_LENGTH_MAX);
      if (seen.has(key)) return over;
      makeRoom(seen, DISTINCT_MAX);
      seen.add(key);
      over = bucket.add(time) || over;
      return over;
    },
  };
}

const DISTINCT_MAX = 256;
const THING_LENGTH_MAX = 120;
