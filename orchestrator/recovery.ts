/** What becomes of tasks whose orchestrator died: late ones and children end, the rest is carried on (PROM-P6, P13). */
import type { TaskError } from '../protocol/index.ts';
import type { Clock } from '../seams/index.ts';
import { withEffects } from './ending.ts';
import type { FamilySize } from './families.ts';
import { fold } from './journal.ts';
import type { LedgerReads } from './ledger-reads.ts';
import type { Ledger, Recovered, StoredEvent, TaskEnd, TaskRow } from './ledger.ts';
import { PARENT_STARTS_AGAIN } from './parent-restart.ts';
import { toStreamEvents } from './retold.ts';
import { weigh } from './weight.ts';

/** What recovering needs. */
export interface RecoveryDeps {
  clock: Clock;
  reads: Pick<LedgerReads, 'openAfter' | 'eventsOf' | 'familiesOf'>;
  /** The monotonic time of a deadline. */
  dueOf: (deadline: string) => number;
  /** Takes an open task back into the ledger, before anything is decided about it. */
  readmit: (row: TaskRow, bytes: number) => void;
  /** Counts what a root that goes on has had already. */
  restore: (root_id: string, known: FamilySize) => void;
  settle: Ledger['settle'];
}

/** Reads all open tasks, page by page; answers those that go on. */
export async function recoverTasks(deps: RecoveryDeps): Promise<Recovered[]> {
  const { reads, dueOf, readmit } = deps;
  const going_on: Recovered[] = [];
  let last = 0;
  for (;;) {
    const page = await reads.openAfter(last, { limit: PAGE_TASKS, bytes_max: PAGE_BYTES_MAX });
    const resumed: Promise<Recovered | undefined>[] = [];
    for (const events of (await reads.eventsOf(page.map(({ task_id }) => task_id))).values()) {
      const row = fold(events, dueOf);
      readmit(row, weigh(events[0]?.payload ?? ''));
      resumed.push(resume(row, events, deps));
    }
    // Before the next page is read: an end that cannot be kept fails the start, and is nobody's loose end.
    for (const task of await Promise.all(resumed)) if (task) going_on.push(task);
    const end = page.at(-1);
    if (!end) break;
    last = end.position;
  }
  for (let first = 0; first < going_on.length; first += PAGE_TASKS)
    await restoreFamilies(going_on.slice(first, first + PAGE_TASKS), deps);
  return going_on;
}

/** Only roots go on. One that the orchestrator itself carries out starts again with its first step: what it handed off counts in its family alone. */
async function restoreFamilies(
  roots: readonly Recovered[],
  { reads, restore }: Pick<RecoveryDeps, 'reads' | 'restore'>,
): Promise<void> {
  const families = await reads.familiesOf(roots.map(({ task }) => task.task_id));
  for (const { task } of roots) {
    const { tasks = 1, children = 0 } = families.get(task.task_id) ?? {};
    const starts_again = task.attempts.at(-1)?.agent_id === ORCHESTRATOR;
    restore(task.task_id, { tasks, children: starts_again ? 0 : children });
  }
}

/** One task to carry on; undefined when it was ended instead. */
async function resume(
  task: TaskRow,
  told: StoredEvent[],
  { clock, settle }: Pick<RecoveryDeps, 'clock' | 'settle'>,
): Promise<Recovered | undefined> {
  if (task.due <= clock.monotonic() && task.state !== 'auth_required') {
    const is_unknown = task.state === 'working' && task.effect === 'non_idempotent';
    const late: TaskEnd = { state: 'failed', error: OUT_OF_TIME, ...(is_unknown && { as: 'unknown_effect' }) };
    await settle(task.task_id, withEffects(task, late));
    return undefined;
  }
  if (task.parent_id !== undefined) {
    await settle(task.task_id, withEffects(task, { state: 'canceled', error: PARENT_STARTS_AGAIN }));
    return undefined;
  }
  const asked = { ...fold(told.slice(0, 1), () => task.due), params: task.params }; // what is large is held once
  const held = task.state === 'working' ? task.attempts.at(-1) : undefined;
  return { task, asked, held, told: toStreamEvents(told) };
}

const OUT_OF_TIME: TaskError = { code: 5040, message: 'The task ran out of time' };
/** Whose own skills start again. */
const ORCHESTRATOR = 'orchestrator';
/** Tasks read at once, and what their records have together, bytes; one task at least. */
const PAGE_TASKS = 500;
const PAGE_BYTES_MAX = 8_388_608;
