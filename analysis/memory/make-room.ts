/** Room for what comes next, in a memory that forgets in the order in which it learnt. */

/** A `Map` or a `Set`: both know in which order their keys came. */
interface Memory<K> {
  readonly size: number;
  keys(): Iterable<K>;
  delete(key: K): unknown;
}

/** Forgets what came first where as many as `max` are kept, so that one more has room. Answers whether it did. */
export function makeRoom<K>(memory: Memory<K>, max: number): boolean {
  if (memory.size < max) return false;
  for (const oldest of memory.keys()) {
    memory.delete(oldest);
    break;
  }
  return true;
}
