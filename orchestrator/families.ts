/** How many tasks are open, in all and in each family: counted before the write, so that no race gets past the bounds. */
import type { FamilyBounds, TaskRow } from './ledger.ts';

/** How many tasks a root has, itself included, and how many of them it handed off itself. */
export interface FamilySize {
  tasks: number;
  children: number;
}

/** The counts. A family is everything below one root. */
export interface Families {
  /** Counts a newcomer, or says which bound keeps it out: then nothing is counted. */
  enter(row: TaskRow, bounds: FamilyBounds, bytes: number): 'fan_out' | 'family' | 'full' | undefined;
  /** Counts an open task that an earlier process accepted, whatever the bounds; its family is counted by `restore`. */
  readmit(row: TaskRow, bytes: number): void;
  /** Says how many an earlier process accepted below a root that goes on: its bounds hold over a restart as well (wire.md 5). */
  readonly restore: (root_id: string, known: FamilySize) => void;
  /** Takes a newcomer back: it was not kept. */
  leave(row: TaskRow): void;
  /**
   * A finished task still counts in its family; the family is forgotten with its root, the children with their parent. Answers how
   * many bytes were counted of it.
   */
  settle(row: TaskRow): number;
}

/** Makes the families of tasks; `open_max` tasks may be open in all, and what they were asked with may weigh `open_bytes_max` together. */
export function createFamilies({ open_max, open_bytes_max }: { open_max: number; open_bytes_max: number }): Families {
  const sizes = new Map<string, number>();
  let open_bytes = 0;
  const roots = new Map<string, number>();
  const children = new Map<string, number>();
  let open = 0;

  return {
    enter(row, { fan_out_max, root_tasks_max }, bytes) {
      if ((children.get(row.parent_id ?? '') ?? 0) >= fan_out_max) return 'fan_out';
      if ((roots.get(row.root_id) ?? 0) >= root_tasks_max) return 'family';
      if (open >= open_max || open_bytes + bytes > open_bytes_max) return 'full';
      move(row, 1);
      weigh(row, bytes);
      return undefined;
    },
    readmit(row, bytes) {
      open += 1;
      weigh(row, bytes);
    },
    restore(root_id, known) {
      roots.set(root_id, known.tasks);
      if (known.children > 0) children.set(root_id, known.children);
    },
    leave(row) {
      move(row, -1);
      unweigh(row);
    },
    settle(row) {
      open -= 1;
      children.delete(row.task_id);
      if (row.root_id === row.task_id) roots.delete(row.task_id);
      return unweigh(row);
    },
  };

  function weigh({ task_id }: TaskRow, bytes: number): void {
    sizes.set(task_id, bytes);
    open_bytes += bytes;
  }

  function unweigh({ task_id }: TaskRow): number {
    const bytes = sizes.get(task_id) ?? 0;
    sizes.delete(task_id);
    open_bytes -= bytes;
    return bytes;
  }

  function move(row: TaskRow, by: number): void {
    open += by;
    step(roots, row.root_id, by);
    step(children, row.parent_id, by);
  }
}

function step(counts: Map<string, number>, id: string | undefined, by: number): void {
  if (id === undefined) return;
  const count = (counts.get(id) ?? 0) + by;
  if (count > 0) counts.set(id, count);
  else counts.delete(id);
}
