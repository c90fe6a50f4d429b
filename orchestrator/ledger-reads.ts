/** What the ledger reads from its store: tasks as their ids, records as their events. */
import type { EventRow, Store } from '../store/index.ts';
import { voteIn } from './approval-journal.ts';
import type { FamilySize } from './families.ts';
import { phaseOf, phasesOf } from './journal.ts';
import type { Ledger, ListQuery, StoredEvent } from './ledger.ts';
import { isParentRestart, parentRestartMarks } from './parent-restart.ts';

/** The questions. Tasks are answered as ids: rows are folded from their events, or at hand already. */
export interface LedgerReads {
  /** The events of these tasks, oldest first; a task without any is left out. */
  eventsOf(task_ids: readonly string[]): Promise<Map<string, StoredEvent[]>>;
  /** The task that a key names until then, ISO. */
  byKey(scope: string, now: string): Promise<string | undefined>;
  /** In the order of acceptance. */
  childrenOf(task_id: string): Promise<string[]>;
  /** Newest first. */
  list(query: ListQuery): Promise<string[]>;
  /** The same, as many as have `bytes_max` on record together, one at least; `next` is what to go on before. */
  page(query: ListQuery & { bytes_max: number }): Promise<{ task_ids: readonly string[]; next: string | null }>;
  /** Tasks that are not over, behind a position, oldest first: as many as have `bytes_max` on record together, one at least. */
  openAfter(
    position: number,
    page: { limit: number; bytes_max: number },
  ): Promise<{ task_id: string; position: number }[]>;
  /** How large the families of these roots are, by root; what was ended for a parent to start again is no child of it any more. */
  familiesOf(root_ids: readonly string[]): Promise<Map<string, FamilySize>>;
  journalOf: Ledger['journalOf'];
  votesOfLate: Ledger['votesOfLate'];
}

/** Makes the reads of one store; nothing is remembered between two of them. */
export function createLedgerReads(db: Store['db']): LedgerReads {
  return { eventsOf, byKey, childrenOf, list, page, openAfter, familiesOf, journalOf, votesOfLate };

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

  async function byKey(scope: string, now: string): Promise<string | undefined> {
    const keys = db.selectFrom('keys').select('task_id').where('scope', '=', scope).where('expires_at', '>', now);
    return (await keys.executeTakeFirst())?.task_id;
  }

  async function childrenOf(task_id: string): Promise<string[]> {
    const children = await db
      .selectFrom('tasks as parent')
      .innerJoin('tasks as child', 'child.root_id', 'parent.root_id')
      .select('child.task_id')
      .where('parent.task_id', '=', task_id)
      .whereRef('child.parent_id', '=', 'parent.task_id')
      .orderBy('child.position')
      .execute();
    return children.map((child) => child.task_id);
  }

  /* ---- lists ---- */

  async function list(asked: ListQuery): Promise<string[]> {
    const { root_id, begun_by_skill, state, outcome, since, with_approvals, before, limit } = asked;
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
        const asked_about = where.selectFrom('events').select('events.seq').where('events.type', '=', 'approval_asked');
        return where.exists(asked_about.whereRef('events.task_id', '=', 'tasks.task_id'));
      });
    }
    return (await query.execute()).map(({ task_id }) => task_id);
  }

  /** Where a task stands in the order of acceptance; nothing is before one that does not exist. */
  function positionOf(task_id: string) {
    return db.selectFrom('tasks').select('position').where('task_id', '=', task_id);
  }

  async function page({
    bytes_max,
    limit,
    ...query
  }: Parameters<LedgerReads['page']>[0]): ReturnType<LedgerReads['page']> {
    const found = await list({ ...query, limit: limit + 1 });
    const task_ids = await fittingOf(found.slice(0, limit), bytes_max);
    return { task_ids, next: found.length > task_ids.length ? (task_ids.at(-1) ?? null) : null };
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

  async function openAfter(
    ...[position, { limit, bytes_max }]: Parameters<LedgerReads['openAfter']>
  ): ReturnType<LedgerReads['openAfter']> {
    const found = await db
      .selectFrom('tasks')
      .select(['task_id', 'position'])
      .where('final_at', 'is', null)
      .where('position', '>', position)
      .orderBy('position')
      .limit(limit)
      .execute();
    const fitting = await fittingOf(
      found.map(({ task_id }) => task_id),
      bytes_max,
    );
    return found.slice(0, fitting.length);
  }

  async function familiesOf(root_ids: readonly string[]): Promise<Map<string, FamilySize>> {
    const families = await db
      .selectFrom('tasks')
      .select((select) => [
        'root_id',
        select.fn.countAll().as('tasks'),
        select.fn.sum(select.case().when('parent_id', '=', select.ref('root_id')).then(1).else(0).end()).as('children'),
      ])
      .where('root_id', 'in', root_ids)
      .groupBy('root_id')
      .execute();
    const given_up = await givenUpOf(root_ids);
    return new Map(
      families.map(({ root_id, tasks, children }) => [
        root_id,
        { tasks: Number(tasks), children: Number(children) - (given_up.get(root_id) ?? 0) },
      ]),
    );
  }

  /** How many children of each root recovery ended, now or after an earlier process. */
  async function givenUpOf(root_ids: readonly string[]): Promise<Map<string, number>> {
    const rows = await db
      .selectFrom('tasks')
      .innerJoin('events', 'events.task_id', 'tasks.task_id')
      .select(['tasks.root_id', 'events.payload'])
      .where('tasks.root_id', 'in', root_ids)
      .whereRef('tasks.parent_id', '=', 'tasks.root_id')
      .where('events.type', '=', 'canceled')
      .where((where) => where.or(parentRestartMarks().map((mark) => where('events.payload', 'like', `%${mark}%`))))
      .execute();
    const given_up = new Map<string, number>();
    for (const { root_id, payload } of rows)
      if (isParentRestart(payload)) given_up.set(root_id, (given_up.get(root_id) ?? 0) + 1);
    return given_up;
  }

  /* ---- the journal ---- */

  async function journalOf({ task_id, tree, after, limit }: Parameters<Ledger['journalOf']>[0]): Promise<EventRow[]> {
    const task_ids = tree ? await treeOf(task_id) : [task_id];
    const rows = db.selectFrom('events').selectAll().where('task_id', 'in', task_ids);
    return rows.where('position', '>', after).orderBy('position').limit(limit).execute();
  }

  async function votesOfLate(events_max: number): ReturnType<Ledger['votesOfLate']> {
    const newest = await db.selectFrom('events').select('position').orderBy('position', 'desc').limit(1).execute();
    const rows = await db
      .selectFrom('events')
      .select('payload')
      .where('position', '>', (newest[0]?.position ?? 0) - events_max)
      .where('type', '=', 'approval_voted')
      .orderBy('position')
      .execute();
    return rows.map(({ payload }) => voteIn(payload));
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
}
