/** The record of tasks on a store: the store is the truth, open tasks are at hand in memory. */
import { isFinal, type TaskError } from '../protocol/index.ts';
import { toIso, type Clock } from '../seams/index.ts';
import type { Append, Appended, Arrow, EventRow, Store } from '../store/index.ts';
import { withEffects } from './ending.ts';
import { acceptedBy, applyEvent, fold, leasedBy, phaseOf, phasesOf, releasedBy, settledBy } from './journal.ts';
import type { FamilyBounds, Lease, Ledger, ListQuery, Recovered, StoredEvent, TaskEnd, TaskRow } from './ledger.ts';
import { createOneByOne } from './one-by-one.ts';

/** Bounds of what is at hand. */
export interface LedgerLimits {
  /** Tasks that are not final: 10 000 (wire.md 10). */
  open_max: number;
  /** Final tasks kept in memory too; the oldest go first, and stay in the store. */
  finished_max: number;
}

/** Makes it. Bounds are judged in memory, keys and states by the store. */
export function createLedger(
  store: Pick<Store, 'db' | 'append'>,
  clock: Clock,
  limits: LedgerLimits = { open_max: 10_000, finished_max: 100 },
): Ledger {
  const { db } = store;
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
    journalOf,
    recover,
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

  async function get(task_id: string): Promise<TaskRow | undefined> {
    return hot.get(task_id) ?? (await load([task_id]))[0];
  }

  async function byKey(scope: string): Promise<TaskRow | undefined> {
    const now = toIso(clock.now());
    const keys = db.selectFrom('keys').select('task_id').where('scope', '=', scope).where('expires_at', '>', now);
    const key = await keys.executeTakeFirst();
    return key && get(key.task_id);
  }

  async function childrenOf(task_id: string): Promise<TaskRow[]> {
    const children = await db
      .selectFrom('tasks as parent')
      .innerJoin('tasks as child', 'child.root_id', 'parent.root_id')
      .select('child.task_id')
      .where('parent.task_id', '=', task_id)
      .whereRef('child.parent_id', '=', 'parent.task_id')
      .orderBy('child.position')
      .execute();
    return rowsOf(children.map((child) => child.task_id));
  }

  async function list(query: ListQuery): Promise<TaskRow[]> {
    return rowsOf(await idsOf(query));
  }

  function page({ bytes_max, limit, ...query }: Parameters<Ledger['page']>[0]): ReturnType<Ledger['page']> {
    return oneByOne(async () => {
      const found = await idsOf({ ...query, limit: limit + 1 });
      const fitting = await fittingOf(found.slice(0, limit), bytes_max);
      const next = found.length > fitting.length ? (fitting.at(-1) ?? null) : null;
      return { rows: await rowsOf(fitting), next };
    });
  }

  /** The first of them whose records have that many bytes together: their lengths are known without reading them. */
  async function fittingOf(task_ids: readonly string[], bytes_max: number): Promise<readonly string[]> {
    if (task_ids.length === 0) return task_ids;
    const sizes = await db
      .selectFrom('events')
      .select((select) => ['task_id', select.fn.sum(select.fn('octet_length', ['payload'])).as('bytes')])
      .where('task_id', 'in', task_ids)
      .groupBy('task_id')
      .execute();
    const by_id = new Map(sizes.map(({ task_id, bytes }) => [task_id, Number(bytes)]));
    let sum = 0;
    const end = task_ids.findIndex((task_id) => (sum += by_id.get(task_id) ?? 0) > bytes_max);
    return end === -1 ? task_ids : task_ids.slice(0, Math.max(1, end));
  }

  async function idsOf({
    root_id,
    begun_by_skill,
    state,
    outcome,
    since,
    with_approvals,
    before,
    limit,
  }: ListQuery): Promise<string[]> {
    let query = db.selectFrom('tasks').select('task_id').orderBy('position', 'desc').limit(limit);
    if (root_id !== undefined) query = query.where('root_id', '=', root_id);
    if (begun_by_skill !== undefined) {
      query = query.where('skill', '=', begun_by_skill).where('parent_id', 'is', null);
    }
    if (state !== undefined) query = query.where('phase', 'in', phasesOf(state));
    if (outcome !== undefined) query = query.where('phase', '=', phaseOf(outcome));
    if (since !== undefined) query = query.where('created_at', '>=', since);
    if (before !== undefined) query = query.where('position', '<', positionOf(before));
    if (with_approvals === 'open') query = query.where('final_at', 'is', null);
    if (with_approvals) {
      query = query.where((where) => {
        const asked = where.selectFrom('events').select('events.seq').where('events.type', '=', 'approval_asked');
        return where.exists(asked.whereRef('events.task_id', '=', 'tasks.task_id'));
      });
    }
    return (await query.execute()).map(({ task_id }) => task_id);
  }

  /** Where a task stands in the order of acceptance; nothing is before one that does not exist. */
  function positionOf(task_id: string) {
    return db.selectFrom('tasks').select('position').where('task_id', '=', task_id);
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

  async function history(task_id: string): Promise<StoredEvent[]> {
    return (await eventsOf([task_id])).get(task_id) ?? [];
  }

  async function journalOf({ task_id, tree, after, limit }: Parameters<Ledger['journalOf']>[0]): Promise<EventRow[]> {
    const task_ids = tree ? await treeOf(task_id) : [task_id];
    const rows = db.selectFrom('events').selectAll().where('task_id', 'in', task_ids);
    return rows.where('position', '>', after).orderBy('position').limit(limit).execute();
  }

  /** A task and everything below it, in the order of acceptance: nobody is accepted before its parent. */
  async function treeOf(task_id: string): Promise<string[]> {
    const family = await db
      .selectFrom('tasks as own')
      .innerJoin('tasks as member', 'member.root_id', 'own.root_id')
      .select(['member.task_id', 'member.parent_id'])
      .where('own.task_id', '=', task_id)
      .orderBy('member.position')
      .execute();
    const tree = new Set([task_id]);
    for (const member of family) if (tree.has(member.parent_id ?? '')) tree.add(member.task_id);
    return [...tree];
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
    const [oldest] = finished;
    if (finished.size <= limits.finished_max || oldest === undefined) return;
    finished.delete(oldest);
    hot.delete(oldest);
  }

  /* ---- from the store ---- */

  async function rowsOf(task_ids: readonly string[]): Promise<TaskRow[]> {
    const cold = await load(task_ids.filter((task_id) => !hot.has(task_id)));
    const by_id = new Map(cold.map((row) => [row.task_id, row]));
    return task_ids.flatMap((task_id) => hot.get(task_id) ?? by_id.get(task_id) ?? []);
  }

  async function load(task_ids: readonly string[]): Promise<TaskRow[]> {
    return [...(await eventsOf(task_ids)).values()].map((events) => fold(events, dueOf));
  }

  async function eventsOf(task_ids: readonly string[]): Promise<Map<string, StoredEvent[]>> {
    const found = new Map<string, StoredEvent[]>();
    if (task_ids.length === 0) return found;
    const rows = await db
      .selectFrom('events')
      .select(['task_id', 'type', 'fence', 'at', 'payload'])
      .where('task_id', 'in', task_ids)
      .orderBy('task_id')
      .orderBy('seq')
      .execute();
    for (const row of rows) {
      const known = found.get(row.task_id);
      if (known) known.push(row);
      else found.set(row.task_id, [row]);
    }
    return found;
  }

  function dueOf(deadline: string): number {
    return clock.monotonic() + (Date.parse(deadline) - clock.now());
  }

  /* ---- after a restart ---- */

  async function recover(): Promise<Recovered[]> {
    const recovered: Promise<Recovered | undefined>[] = [];
    let last = 0;
    for (;;) {
      const page = await db
        .selectFrom('tasks')
        .select(['task_id', 'position'])
        .where('final_at', 'is', null)
        .where('position', '>', last)
        .orderBy('position')
        .limit(RECOVER_TASKS)
        .execute();
      for (const [task_id, events] of await eventsOf(page.map((task) => task.task_id))) {
        const row = fold(events, dueOf);
        hot.set(task_id, row);
        families.readmit(row);
        recovered.push(resume(row, events));
      }
      const end = page.at(-1);
      if (!end || page.length < RECOVER_TASKS) break;
      last = end.position;
    }
    return (await Promise.all(recovered)).flatMap((task) => task ?? []);
  }

  /** What becomes of one task whose orchestrator died: late ones and children end, the rest is carried on (PROM-P6, P13). */
  async function resume(task: TaskRow, told: StoredEvent[]): Promise<Recovered | undefined> {
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
    const asked = fold(told.slice(0, 1), () => task.due);
    return { task, asked, held: task.state === 'working' ? task.attempts.at(-1) : undefined, told };
  }
}

/** Without a fence the newest attempt is meant, 0 before the first; only a result needs one. */
const ownFence = (row: TaskRow, state: string): number | undefined =>
  state === 'completed' ? (row.attempts.at(-1)?.fence ?? 0) : undefined;

/** Counts of open tasks and of families, taken before the write so that no race gets past the bounds. */
function createFamilies(open_max: number) {
  const roots = new Map<string, number>();
  const children = new Map<string, number>();
  let open = 0;
  const step = (counts: Map<string, number>, id: string | undefined, by: number) => {
    if (id === undefined) return;
    const count = (counts.get(id) ?? 0) + by;
    if (count > 0) counts.set(id, count);
    else counts.delete(id);
  };
  const move = (row: TaskRow, by: number) => {
    open += by;
    step(roots, row.root_id, by);
    step(children, row.parent_id, by);
  };
  return {
    enter(row: TaskRow, { fan_out_max, root_tasks_max }: FamilyBounds): 'fan_out' | 'family' | 'full' | undefined {
      if ((children.get(row.parent_id ?? '') ?? 0) >= fan_out_max) return 'fan_out';
      if ((roots.get(row.root_id) ?? 0) >= root_tasks_max) return 'family';
      if (open >= open_max) return 'full';
      move(row, 1);
      return undefined;
    },
    readmit: (row: TaskRow) => move(row, 1),
    leave: (row: TaskRow) => move(row, -1),
    /** A finished task still counts in its family; the family is forgotten with its root, the children with their parent. */
    settle(row: TaskRow) {
      open -= 1;
      children.delete(row.task_id);
      if (row.root_id === row.task_id) roots.delete(row.task_id);
    },
  };
}

const OUT_OF_TIME: TaskError = { code: 5040, message: 'The task ran out of time' };
const PARENT_STARTS_AGAIN: TaskError = {
  code: 4990,
  message: 'The orchestrator was restarted: the parent starts again',
};

/** How long an idempotency key is kept at least, ms (PROM-P2). */
const KEY_MS_MIN = 86_400_000;
/** Pages that may wait to be read. */
const PAGES_WAITING_MAX = 64;
/** Tasks read at once while recovering. */
const RECOVER_TASKS = 500;
