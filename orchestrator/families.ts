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
  enter(row: TaskRow, bounds: FamilyBounds): 'fan_out' | 'family' | 'full' | undefined;
  /** Counts an open task that an earlier process accepted, whatever the bounds; its family is counted by `restore`. */
  readmit(): void;
  /** Says how many an earlier process accepted below a root that goes on: its bounds hold over a restart as well (wire.md 5). */
  readonly restore: (root_id: string, known: FamilySize) => void;
  /** Takes a newcomer back: it was not kept. */
  leave(row: TaskRow): void;
  /** A finished task still counts in its family; the family is forgotten with its root, the children with their parent. */
  settle(row: TaskRow): void;
}

/** Makes the families of tasks; `open_max` tasks may be open in all. */
export function createFamilies(open_max: number): Families {
  const roots = new Map<string, number>();
  const children = new Map<string, number>();
  let open = 0;

  return {
    enter(row, { fan_out_max, root_tasks_max }) {
      if ((children.get(row.parent_id ?? '') ?? 0) >= fan_out_max) return 'fan_out';
      if ((roots.get(row.root_id) ?? 0) >= root_tasks_max) return 'family';
      if (open >= open_max) return 'full';
      move(row, 1);
      return undefined;
    },
    readmit() {
      open += 1;
    },
    restore(root_id, known) {
      roots.set(root_id, known.tasks);
      if (known.children > 0) children.set(root_id, known.children);
    },
    leave: (row) => move(row, -1),
    settle(row) {
      open -= 1;
      children.delete(row.task_id);
      if (row.root_id === row.task_id) roots.delete(row.task_id);
    },
  };

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
