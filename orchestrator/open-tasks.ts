/** The tasks that are not over: who waits for their end, what runs below them, and how they are stopped. */
import { AuroraError } from '../protocol/index.ts';
import { createStop, type CancelTimer, type Clock, type Metrics, type Stop } from '../seams/index.ts';
import type { TaskRow } from './ledger.ts';

/** A task that is not over. */
export interface OpenTask {
  readonly task: TaskRow;
  /** Aborts on cancel, at the deadline, and when its parent is over; the reason says which. */
  readonly stop: Stop;
  /** The task when nothing more happens to it; never rejects. */
  readonly done: Promise<TaskRow>;
  /** Its time stands still while people are asked (wire.md 7); `go` counts on, to the deadline that it has then. */
  stand(): void;
  go(): void;
  /** Nothing more happens to it here: what it left running below is stopped, who waited is told. */
  close(): void;
}

/** All of them. */
export interface OpenTasks {
  /** Counts its time from now. */
  open(task: TaskRow): OpenTask;
  find(task_id: string): OpenTask | undefined;
  all(): OpenTask[];
  /** Stops a task and everything below it; resolves when all of it is over. */
  stop(task_id: string, reason: AuroraError): Promise<void>;
  readonly size: number;
  /** Resolves when none is open. */
  idle(): Promise<void>;
}

/** Makes the list of open tasks, empty. */
export function createOpenTasks({ clock, metrics }: { clock: Clock; metrics: Metrics }): OpenTasks {
  const tasks = new Map<string, Entry>();
  const idle_waiters: (() => void)[] = [];

  return {
    open,
    find: (task_id) => tasks.get(task_id),
    all: () => [...tasks.values()],
    async stop(task_id, reason) {
      const entry = tasks.get(task_id);
      if (!entry) return;
      abort(entry, reason);
      await allBelow(entry);
    },
    get size() {
      return tasks.size;
    },
    idle: () => (tasks.size === 0 ? Promise.resolve() : new Promise((resolve) => void idle_waiters.push(resolve))),
  };

  function open(task: TaskRow): OpenTask {
    const stop = createStop();
    let tell: (task: TaskRow) => void = () => undefined;
    const done = new Promise<TaskRow>((resolve) => (tell = resolve));
    const entry: Entry = { task, stop, done, children: new Set(), stand, go, close };
    let stopTimer: CancelTimer = () => undefined;
    if (task.state !== 'auth_required') go();
    tasks.set(task.task_id, entry);
    metrics.gauge('tasks_open', tasks.size);
    joinParent(entry);
    return entry;

    function stand(): void {
      stopTimer();
    }

    function go(): void {
      stopTimer();
      stopTimer = clock.after(task.due - clock.monotonic(), () => abort(entry, outOfTime()));
    }

    function close(): void {
      stopTimer();
      tasks.delete(task.task_id);
      metrics.gauge('tasks_open', tasks.size);
      tasks.get(task.parent_id ?? '')?.children.delete(entry);
      // Whatever a finished parent left running below it has nobody to answer to.
      for (const child of entry.children) abort(child, parentOver());
      tell(task);
      if (tasks.size === 0) for (const resolve of idle_waiters.splice(0)) resolve();
    }
  }

  function joinParent(entry: Entry): void {
    if (entry.task.parent_id === undefined) return;
    const parent = tasks.get(entry.task.parent_id);
    parent?.children.add(entry);
    // Asked for while its parent was ending: nobody else would stop it.
    if (!parent || parent.stop.aborted) abort(entry, parentOver());
  }

  function abort({ stop, children }: Entry, reason: AuroraError): void {
    stop.abort(reason);
    for (const child of children) abort(child, reason);
  }

  /** Once it is over itself nobody joins it any more: until then there may be others than when it was stopped. */
  async function allBelow({ done, children }: Entry): Promise<void> {
    await done;
    await Promise.all([...children].map(allBelow));
  }
}

interface Entry extends OpenTask {
  children: Set<Entry>;
}

const parentOver = (): AuroraError => new AuroraError(4990, { message: 'The parent is over' });
/** The reason of a task that is not over in time. */
export const outOfTime = (): AuroraError => new AuroraError(5040, { message: 'The task ran out of time' });
