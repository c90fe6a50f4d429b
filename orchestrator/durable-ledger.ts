/** The record of tasks on a store: the store is the truth, open tasks are at hand in memory. */
import { isFinal } from '../protocol/index.ts';
import { toIso, type Clock } from '../seams/index.ts';
import type { Append, Appended, Arrow, Store } from '../store/index.ts';
import { createFamilies } from './families.ts';
import { createFinished } from './finished.ts';
import { acceptedBy, applyEvent, fold, leasedBy, releasedBy, settledBy } from './journal.ts';
import { createLedgerReads } from './ledger-reads.ts';
import type { FamilyBounds, Lease, Ledger, ListQuery, StoredEvent, TaskRow } from './ledger.ts';
import { createOneByOne } from './one-by-one.ts';
import { recoverTasks } from './recovery.ts';
import { weigh } from './weight.ts';

/** Bounds of what is at hand. */
export interface LedgerLimits {
  /** Tasks that are not final: 10 000 (wire.md 10). */
  open_max: number;
  /** What those were asked with may weigh together, bytes of memory: 64 MiB. */
  open_bytes_max: number;
  /** What new tasks are written down as may have together until it is kept, characters: 24 Mi. It is in memory several times over. */
  writing_chars_max: number;
  /** Final tasks kept in memory too, in number and in bytes of memory: 32 MiB. The oldest go first, and stay in the store. */
  finished_max: number;
  finished_bytes_max: number;
  /** How long an idempotency key is kept at least, ms (PROM-P2): 24 h. */
  key_ms_min: number;
}

/** How long a key counts where people answer within half of that: twice as long as they may take, for whoever comes back after a late grant. */
export const keyMsOf = ({ approval_ms }: { approval_ms: number }): number => Math.max(KEY_MS_MIN, 2 * approval_ms);

/** Makes the ledger over one store. Bounds are judged in memory, keys and states by the store. */
export function createLedger(
  store: Pick<Store, 'db' | 'append'>,
  clock: Clock,
  given: Partial<LedgerLimits> = {},
): Ledger {
  const limits = { ...LEDGER_LIMITS, ...given };
  const reads = createLedgerReads(store.db);
  /** Open tasks, and the newest of the finished, each the very object that was accepted. */
  const hot = new Map<string, TaskRow>();
  const finished = createFinished(limits, (task_id) => void hot.delete(task_id));
  const families = createFamilies(limits);
  let writing_chars = 0;
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
    const accepted = written(acceptedBy(row));
    const chars = accepted.text.length;
    if (writing_chars + chars > limits.writing_chars_max) return 'full';
    const refusal = families.enter(row, bounds, weigh(accepted.text));
    if (refusal) return refusal;
    writing_chars += chars;
    const { task_id, root_id, parent_id = null, skill, deadline, key } = row;
    const expires_at = toIso(clock.now() + limits.key_ms_min);
    const started = lease ? [leasedBy(1, lease)] : [];
    try {
      const { outcome } = await store.append({
        task_id,
        at: row.created_at,
        opens: { root_id, parent_id, skill, deadline },
        arrows: [accepted, { type: 'queued', payload: null }, ...started],
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
    } finally {
      writing_chars -= chars;
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
    const texts = arrows.map(written);
    const append: Append = { task_id, at, arrows: texts };
    const appended = await store.append(append, { patient: true });
    const row = hot.get(task_id);
    if (appended.outcome !== 'kept' || !row) return appended;
    const was_open = !isFinal(row.state);
    for (const { type, fence = null, payload } of arrows) applyEvent(row, { type, fence, at, payload }, dueOf);
    if (!isFinal(row.state)) return appended;
    const bytes = texts.reduce((sum, { type, text }) => (type === 'artifact' ? sum : sum + weigh(text)), 0);
    if (was_open) finished.add(task_id, families.settle(row) + bytes);
    else finished.grow(task_id, bytes);
    return appended;
  }

  function readmit(row: TaskRow, bytes: number): void {
    hot.set(row.task_id, row);
    families.readmit(row, bytes);
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

/** Written down here, for what it weighs: the store takes the text as it is. */
const written = ({ type, fence, payload }: Arrow): Arrow & { text: string } => ({
  type,
  fence,
  payload,
  text: JSON.stringify(payload ?? null),
});

/** Without a fence the newest attempt is meant, 0 before the first; only a result needs one. */
const ownFence = (row: TaskRow, state: string): number | undefined =>
  state === 'completed' ? (row.attempts.at(-1)?.fence ?? 0) : undefined;

const KEY_MS_MIN = 86_400_000;
const LEDGER_LIMITS: LedgerLimits = {
  open_max: 10_000,
  open_bytes_max: 67_108_864,
  writing_chars_max: 25_165_824,
  finished_max: 100,
  finished_bytes_max: 33_554_432,
  key_ms_min: KEY_MS_MIN,
};
/** Pages that may wait to be read. */
const PAGES_WAITING_MAX = 64;
