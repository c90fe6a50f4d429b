/** The newest of the finished tasks, by number and by weight: of what they answered there may be megabytes. */

/** Those that are still at hand. */
export interface Finished {
  /** One more, which takes so many bytes. */
  add(task_id: string, bytes: number): void;
  /** Something was written about one of them that is kept at hand with it; for others nothing happens. */
  grow(task_id: string, bytes: number): void;
}

/** Keeps so many; `forget` is told who goes: the oldest first, and at last also one that is too large by itself. */
export function createFinished(
  { finished_max, finished_bytes_max }: { finished_max: number; finished_bytes_max: number },
  forget: (task_id: string) => void,
): Finished {
  const sizes = new Map<string, number>();
  let all_bytes = 0;

  return {
    add(task_id, bytes) {
      sizes.set(task_id, bytes);
      all_bytes += bytes;
      keepBounds();
    },
    grow(task_id, bytes) {
      const known = sizes.get(task_id);
      if (known === undefined) return;
      sizes.set(task_id, known + bytes);
      all_bytes += bytes;
      keepBounds();
    },
  };

  function keepBounds(): void {
    for (const [oldest, bytes] of sizes) {
      if (sizes.size <= finished_max && all_bytes <= finished_bytes_max) return;
      sizes.delete(oldest);
      all_bytes -= bytes;
      forget(oldest);
    }
  }
}
