/** The record of tasks on a store: the store is the truth, open tasks are at hand in memory. */
import { isFinal } from '../protocol/index.ts';
import { makeRoom, toIso, type Clock } from '../seams/index.ts';
import type { Append, Appended, Arrow, Store } from '../store/index.ts';
import { createFamilies } from './families.ts';
import { acceptedBy, applyEvent, fold, leasedBy, releasedBy, settledBy } from './journal.ts';
import { createLedgerReads } from './ledger-reads.ts';
import type { FamilyBounds, Lease, Ledger, ListQuery, StoredEvent, TaskRow } from './ledger.ts';
import { createOneByOne } from './one-by-one.ts';
import { recoverTasks } from './recovery.ts';

/** Bounds of what is at hand. */
export interface LedgerLimits {
  /** Tasks that are not final: 10 000 (wire.md 10). */
  open_max: number;
  /** Final tasks kept in memory too; the oldest go first, and stay in the store. */
  finished_max: number;
}

/** Makes the ledger over one store. Bounds are judged in memory, keys and states by the store. */
export function createLedger(
  store: Pick<Store, 'db' | 'append'>,
  clock: Clock,
  limits: LedgerLimits = { open_max: 10_000, finished_max: 100 },
): Ledger {
  const reads = createLedgerReads(store.db);
  /** Open tasks, and the newest of the finished, each the very object that was accepted. */
  const hot = new Map<string, TaskRow>();
  const finished = new Set<string>();
  const families = createFamilies(limits.open_max);
  const oneByOne = createOneByOne(PAGES_WAITING_MAX);

  return {
    accept,
    get,
    byKey,
    childrenOf,
    list,
    page,
    lease,
    release,
    settle,
    async record(task_id, arrows) {
      return (await write(task_id, arrows)).outcome === 'kept';
    },
    history,
    journalOf: reads.journalOf,
    votesOfLate: reads.votesOfLate,
    recover: () => recoverTasks({ clock, reads, dueOf, readmit, restore: families.restore, settle }),
  };

  async function accept(row: TaskRow, bounds: FamilyBounds, lease?: Lease): ReturnType<Ledger['accept']> {
    const refusal = families.enter(row, bounds);
    if (refusal) return refusal;
    const { task_id, root_id, parent_id = null, skill, deadline, key } = row;
    const expires_at = toIso(clock.now() + KEY_MS_MIN);
    const started = lease ? [leasedBy(1, lease)] : [];
    try {
      const { outcome } = await store.append({
        task_id,
        at: row.created_at,
        opens: { root_id, parent_id, skill, deadline },
        arrows: [acceptedBy(row), { type: 'queued', payload: null }, ...started],
        ...(key && { key: { ...key, expires_at } }),
      });
      if (outcome === 'refused') throw new Error(`task ${task_id} was accepted before`);
      if (outcome === 'duplicate') {
        families.leave(row);
        return 'duplicate';
      }
    } catch (reason) {
      families.leave(row);
      throw reason;
    }
    hot.set(task_id, row);
    for (const { type, fence = null, payload } of started)
      applyEvent(row, { type, fence, at: row.created_at, payload }, dueOf);
    return 'accepted';
  }

  async function lease(task_id: string, lease: Parameters<Ledger['lease']>[1]): ReturnType<Ledger['lease']> {
    const row = hot.get(task_id) ?? (await get(task_id));
    if (!row || isFinal(row.state)) return undefined;
    const newest = row.attempts.at(-1);
    const superseded = row.state === 'working' && newest ? [releasedBy(newest.fence, 'superseded')] : [];
    const written = await write(task_id, [...superseded, leasedBy((newest?.fence ?? 0) + 1, lease)]);
    return written.outcome === 'kept' ? row.attempts.at(-1) : undefined;
  }

  async function release(task_id: string, fence: number, outcome: string, why?: string): Promise<void> {
    await write(task_id, [releasedBy(fence, outcome, why)]);
  }

  async function settle(...[task_id, end, fence]: Parameters<Ledger['settle']>): Promise<boolean> {
    const row = hot.get(task_id) ?? (await get(task_id));
    if (!row) return false;
    const { outcome } = await write(task_id, [settledBy(end, fence ?? ownFence(row, end.state))]);
    if (outcome === 'kept') return true;
    // A result that comes too late, or from a lease that was given on, is kept beside the task and changes nothing (PROM-P5).
    if (end.state === 'completed')
      await write(task_id, [{ type: 'late_result', fence, payload: { result: end.result } }]);
    return false;
  }

  /** Writes what must not be refused for want of space, and then makes the row at hand say the same. */
  async function write(task_id: string, arrows: readonly Arrow[]): Promise<Appended> {
    const at = toIso(clock.now());
    const append: Append = { task_id, at, arrows };
    const written = await store.append(append, { patient: true });
    const row = hot.get(task_id);
    if (written.outcome !== 'kept' || !row) return written;
    const was_open = !isFinal(row.state);
    for (const { type, fence = null, payload } of arrows) applyEvent(row, { type, fence, at, payload }, dueOf);
    if (was_open && isFinal(row.state)) onFinal(row);
    return written;
  }

  function onFinal(row: TaskRow): void {
    families.settle(row);
    finished.add(row.task_id);
    makeRoom(finished, limits.finished_max + 1, 1, (oldest) => {
      finished.delete(oldest);
      hot.delete(oldest);
    });
  }

  function readmit(row: TaskRow): void {
    hot.set(row.task_id, row);
    families.readmit();
  }

  function dueOf(deadline: string): number {
    return clock.monotonic() + (Date.parse(deadline) - clock.now());
  }

  /* ---- reading: what is at hand, else from the store ---- */

  async function get(task_id: string): Promise<TaskRow | undefined> {
    return hot.get(task_id) ?? (await load([task_id]))[0];
  }

  async function byKey(scope: string): Promise<TaskRow | undefined> {
    const task_id = await reads.byKey(scope, toIso(clock.now()));
    return task_id === undefined ? undefined : get(task_id);
  }

  async function childrenOf(task_id: string): Promise<TaskRow[]> {
    return rowsOf(await reads.childrenOf(task_id));
  }

  async function list(query: ListQuery): Promise<TaskRow[]> {
    return rowsOf(await reads.list(query));
  }

  function page(query: Parameters<Ledger['page']>[0]): ReturnType<Ledger['page']> {
    return oneByOne(async () => {
      const { task_ids, next } = await reads.page(query);
      return { rows: await rowsOf(task_ids), next };
    });
  }

  async function history(task_id: string): Promise<StoredEvent[]> {
    return (await reads.eventsOf([task_id])).get(task_id) ?? [];
  }

  async function rowsOf(task_ids: readonly string[]): Promise<TaskRow[]> {
    const cold = await load(task_ids.filter((task_id) => !hot.has(task_id)));
    const by_id = new Map(cold.map((row) => [row.task_id, row]));
    return task_ids.flatMap((task_id) => hot.get(task_id) ?? by_id.get(task_id) ?? []);
  }

  async function load(task_ids: readonly string[]): Promise<TaskRow[]> {
    return [...(await reads.eventsOf(task_ids)).values()].map((events) => fold(events, dueOf));
  }
}

/** Without a fence the newest attempt is meant, 0 before the first; only a result needs one. */
const ownFence = (row: TaskRow, state: string): number | undefined =>
  state === 'completed' ? (row.attempts.at(-1)?.fence ?? 0) : undefined;

/** How long an idempotency key is kept at least, ms (PROM-P2). */
const KEY_MS_MIN = 86_400_000;
/** Pages that may wait to be read. */
const PAGES_WAITING_MAX = 64;
