/** What is forgotten, and what stays in its place: a checkpoint over the heads of the chains that went. */
import type { Kysely } from 'kysely';
import { GENESIS, sha256 } from './chain.ts';
import type { CheckpointRow, Tables } from './schema.ts';

/** Forgets at most 1 000 tasks that were final before `before`, oldest first, and keys that are over; answers how many tasks went. */
export function prune(db: Kysely<Tables>, times: { now: string; before: string }): Promise<number> {
  return db.transaction().execute(async (trx) => {
    await trx.deleteFrom('keys').where('expires_at', '<=', times.now).execute();
    const gone = await trx
      .selectFrom('tasks')
      .select(['task_id', 'head'])
      .where('final_at', '<', times.before)
      .orderBy('final_at')
      .limit(PRUNE_TASKS_MAX)
      .execute();
    if (gone.length === 0) return 0;
    const ids = gone.map(({ task_id }) => task_id);
    const last = await trx.selectFrom('checkpoints').selectAll().orderBy('seq', 'desc').limit(1).executeTakeFirst();
    await trx
      .insertInto('checkpoints')
      .values(checkpointAfter(last, times, gone))
      .execute();
    await trx.deleteFrom('events').where('task_id', 'in', ids).execute();
    await trx.deleteFrom('tasks').where('task_id', 'in', ids).execute();
    return gone.length;
  });
}

/** The first checkpoint that does not fit; undefined when all do. */
export async function checkpointBreak(db: Kysely<Tables>): Promise<{ seq: number; why: string } | undefined> {
  let before = { seq: GENESIS.seq, hash: GENESIS.head };
  for (const row of await db.selectFrom('checkpoints').selectAll().orderBy('seq').execute()) {
    const fits = row.seq === before.seq + 1 && row.prev_hash === before.hash && row.hash === hashOf(row);
    if (!fits) return { seq: row.seq, why: 'the checkpoint was changed, or one before it is missing' };
    before = row;
  }
  return undefined;
}

function checkpointAfter(
  last: CheckpointRow | undefined,
  times: { now: string; before: string },
  gone: readonly { task_id: string; head: string }[],
): CheckpointRow {
  const row = {
    seq: (last?.seq ?? GENESIS.seq) + 1,
    at: times.now,
    before: times.before,
    tasks: gone.length,
    heads_hash: sha256(JSON.stringify(gone.map(({ task_id, head }) => [task_id, head]))),
    prev_hash: last?.hash ?? GENESIS.head,
  };
  return { ...row, hash: hashOf(row) };
}

const hashOf = ({ seq, at, before, tasks, heads_hash, prev_hash }: Omit<CheckpointRow, 'hash'>): string =>
  sha256(JSON.stringify([seq, at, before, tasks, heads_hash, prev_hash]));

/** A transaction's worth: more would stop the process for too long. */
const PRUNE_TASKS_MAX = 1_000;
