/** Checks every chain from its first event to its head, then the anchors over all of them, and names the first that does not fit. */
import type { Kysely } from 'kysely';
import { breakOf, GENESIS } from './chain.ts';
import { anchorBreak, type Against } from './anchor-check.ts';
import { checkpointBreak } from './checkpoint.ts';
import { nextTurn } from './either.ts';
import { faultOf } from './faults.ts';
import { folded, indexBreak, keyBreak, type Folded, type Indexed } from './index-check.ts';
import { TASK_COLUMNS } from './rows.ts';
import type { EventRow, Tables } from './schema.ts';
import { isRefusal, RECEIVED, transition } from './transition.ts';

/**
 * What checking found (INV16, INV21). Without a task, `seq` is the number of a checkpoint or an anchor; `why` says of which. Of a
 * damaged file the last row that was read before the damage is named, and 0 where there was none.
 */
export type ChainVerdict =
  | { ok: true; tasks: number; events: number; anchors?: number }
  | { ok: false; task_id: string; seq: number; why: string };

/**
 * Reads all events in pages, so that other work goes on between them; what is appended meanwhile is checked as far as it got.
 * Also folds them by the transition table: what the index says of a task must be what its events make of it.
 */
export async function verifyChain(db: Kysely<Tables>, against: Against = {}): Promise<ChainVerdict> {
  const last = { task_id: '', seq: 0 };
  try {
    return await check(db, against, last);
  } catch (reason) {
    const { kind, cause } = faultOf(reason);
    if (kind !== 'corrupt') throw reason;
    return { ok: false, ...last, why: `${cause}: not all that follows can be read` };
  }
}

/** `last` is kept at the newest row of the pages that could be read. */
async function check(
  db: Kysely<Tables>,
  against: Against,
  last: { task_id: string; seq: number },
): Promise<ChainVerdict> {
  const checkpoints = await db.selectFrom('checkpoints').selectAll().orderBy('seq').execute();
  const checkpoint = checkpointBreak(checkpoints, against.verify);
  if (checkpoint) return { ok: false, task_id: '', ...checkpoint };
  const counted = { tasks: 0, events: 0 };
  let chain: (Folded & { row: EventRow }) | undefined;
  for (;;) {
    const page = await pageAfter(db, chain?.row);
    for (const row of page) {
      if (chain && chain.row.task_id !== row.task_id) {
        const why = indexBreak(chain, taskOf(chain.row));
        if (why) return broken(chain.row, why);
        chain = undefined;
      }
      counted.events += 1;
      if (!chain) counted.tasks += 1;
      const why = breakOf(chain?.head ?? GENESIS, row);
      if (why) return broken(row, why);
      const standing = transition(chain?.standing ?? RECEIVED, { type: row.type, fence: row.fence ?? undefined });
      if (isRefusal(standing)) return broken(row, `${row.type} cannot happen there`);
      chain = { row, ...folded(chain, row, standing) };
    }
    if (chain) ({ task_id: last.task_id, seq: last.seq } = chain.row);
    if (page.length < PAGE_ROWS) break;
    await nextTurn();
  }
  const why = chain && indexBreak(chain, taskOf(chain.row));
  if (chain && why) return broken(chain.row, why);
  const bare = await taskWithoutEvents(db);
  if (bare) return bare;
  const key = await keyBreak(db);
  if (key) return { ok: false, ...key };
  const anchors = await db.selectFrom('anchors').selectAll().orderBy('seq').execute();
  const anchor = await anchorBreak(db, { ...against, anchors, checkpoints });
  if (anchor) return { ok: false, task_id: '', ...anchor };
  return { ok: true, ...counted, ...(anchors.length > 0 && { anchors: anchors.length }) };
}

/** Events in order, each beside what the index said of its task in the same moment. */
function pageAfter(db: Kysely<Tables>, last: EventRow | undefined): Promise<EventRow[]> {
  const rows = db
    .selectFrom('events')
    .leftJoin('tasks', 'tasks.task_id', 'events.task_id')
    .selectAll('events')
    .select(TASK_COLUMNS.map((column) => `tasks.${column} as ${BESIDE}${column}` as const))
    .orderBy('events.task_id')
    .orderBy('events.seq')
    .limit(PAGE_ROWS);
  if (!last) return rows.execute();
  return rows
    .where((where) => where(where.refTuple('events.task_id', 'events.seq'), '>', where.tuple(last.task_id, last.seq)))
    .execute();
}

/** What stands beside an event, as it was read, whatever somebody may have put there; undefined where the index knows no such task. */
function taskOf(row: EventRow): Indexed | undefined {
  const beside = new Map<string, unknown>();
  for (const [name, value] of Object.entries<unknown>({ ...row }))
    if (name.startsWith(BESIDE)) beside.set(name.slice(BESIDE.length), value);
  return beside.get('task_id') === null ? undefined : beside;
}

async function taskWithoutEvents(db: Kysely<Tables>): Promise<ChainVerdict | undefined> {
  const task = await db
    .selectFrom('tasks')
    .leftJoin('events', (join) => join.onRef('events.task_id', '=', 'tasks.task_id').on('events.seq', '=', 1))
    .select('tasks.task_id')
    .where('events.task_id', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return task && { ok: false, task_id: task.task_id, seq: 1, why: 'all its events are missing' };
}

const broken = ({ task_id, seq }: EventRow, why: string): ChainVerdict => ({ ok: false, task_id, seq, why });

/** How the columns of the index are called beside those of the event. */
const BESIDE = 'index_';
/** What is checked in one turn, about 10 ms: everything else waits meanwhile. */
const PAGE_ROWS = 200;
