/** Checks every chain from its first event to its head, then the anchors over all of them, and names the first that does not fit. */
import type { Kysely } from 'kysely';
import { breakOf, GENESIS, type ChainHead } from './chain.ts';
import { anchorBreak, type Against } from './anchor-check.ts';
import { checkpointBreak } from './checkpoint.ts';
import { nextTurn } from './either.ts';
import type { EventRow, Tables } from './schema.ts';
import { isRefusal, RECEIVED, transition, type Standing } from './transition.ts';

/** What checking found (INV16, INV21). Without a task, `seq` is the number of a checkpoint or an anchor; `why` says of which. */
export type ChainVerdict =
  | { ok: true; tasks: number; events: number; anchors?: number }
  | { ok: false; task_id: string; seq: number; why: string };

/**
 * Reads all events in pages, so that other work goes on between them; what is appended meanwhile is checked as far as it got.
 * Also folds them by the transition table: a task's phase must be what its events make of it.
 */
export async function verifyChain(db: Kysely<Tables>, against: Against = {}): Promise<ChainVerdict> {
  const checkpoints = await db.selectFrom('checkpoints').selectAll().orderBy('seq').execute();
  const checkpoint = checkpointBreak(checkpoints, against.verify);
  if (checkpoint) return { ok: false, task_id: '', ...checkpoint };
  const counted = { tasks: 0, events: 0 };
  let chain: (Chain & { row: Row }) | undefined;
  for (;;) {
    const page = await pageAfter(db, chain?.row);
    for (const row of page) {
      if (chain && chain.row.task_id !== row.task_id) {
        const why = endBreak(chain);
        if (why) return broken(chain.row, why);
        chain = undefined;
      }
      counted.events += 1;
      if (!chain) counted.tasks += 1;
      const before: Chain = chain ?? { head: GENESIS, standing: RECEIVED };
      const why = breakOf(before.head, row);
      if (why) return broken(row, why);
      const standing = transition(before.standing, { type: row.type, fence: row.fence ?? undefined });
      if (isRefusal(standing)) return broken(row, `${row.type} cannot happen there`);
      chain = { row, head: { seq: row.seq, head: row.hash }, standing };
    }
    if (page.length < PAGE_ROWS) break;
    await nextTurn();
  }
  const why = chain && endBreak(chain);
  if (chain && why) return broken(chain.row, why);
  const bare = await taskWithoutEvents(db);
  if (bare) return bare;
  const anchors = await db.selectFrom('anchors').selectAll().orderBy('seq').execute();
  const anchor = await anchorBreak(db, { ...against, anchors, checkpoints });
  if (anchor) return { ok: false, task_id: '', ...anchor };
  return { ok: true, ...counted, ...(anchors.length > 0 && { anchors: anchors.length }) };
}

interface Chain {
  head: ChainHead;
  standing: Standing;
}

/** An event beside what the index said of its task in the same moment. */
type Row = EventRow & { task_seq: number | null; task_head: string | null; task_phase: string | null };

function pageAfter(db: Kysely<Tables>, last: Row | undefined): Promise<Row[]> {
  const rows = db
    .selectFrom('events')
    .leftJoin('tasks', 'tasks.task_id', 'events.task_id')
    .selectAll('events')
    .select(['tasks.seq as task_seq', 'tasks.head as task_head', 'tasks.phase as task_phase'])
    .orderBy('events.task_id')
    .orderBy('events.seq')
    .limit(PAGE_ROWS);
  if (!last) return rows.execute();
  return rows
    .where((where) => where(where.refTuple('events.task_id', 'events.seq'), '>', where.tuple(last.task_id, last.seq)))
    .execute();
}

function endBreak({ row, head, standing }: Chain & { row: Row }): string | undefined {
  if (row.task_seq === null) return 'no task belongs to it';
  if (row.task_seq > head.seq) return `events after it are missing, up to ${row.task_seq}`;
  if (row.task_seq < head.seq || row.task_head !== head.head) return 'it is not the head that its task knows';
  if (row.task_phase !== standing.phase)
    return `its task is ${String(row.task_phase)}, its events say ${standing.phase}`;
  return undefined;
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

/** What is checked in one turn, about 10 ms: everything else waits meanwhile. */
const PAGE_ROWS = 200;
