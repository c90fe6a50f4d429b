/** Room for what comes next, in a memory that forgets in the order in which it learnt. */

/** A `Map` or a `Set`: both know in which order their keys came. */
interface Memory<K> {
  readonly size: number;
  keys(): Iterable<K>;
  delete(key: K): unknown;
}

/**
 * Forgets what came first where as many as `max` are kept, so that one more has room. Answers whether it did. Large memories forget
 * some share `at_once`, mostly an eighth: the way to the oldest leads over the places of all that were taken out before it.
 * `forget` takes one out, where more than its place goes with it.
 */
export function makeRoom<K>(
  memory: Memory<K>,
  max: number,
  at_once = 1,
  forget: (oldest: K) => unknown = (oldest) => memory.delete(oldest),
): boolean {
  if (memory.size < max) return false;
  let more = at_once;
  for (const oldest of memory.keys()) {
    forget(oldest);
    if (--more <= 0) break;
  }
  return true;
}
