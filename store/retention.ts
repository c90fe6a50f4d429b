/** What is forgotten, and what stays in its place: a checkpoint over the heads of the chains that went, signed where events are anchored. */
import type { ExpressionBuilder, Kysely } from 'kysely';
import { digestOf, hashesOf, newestCheckpoint, signedTextOf, type AnchorSeam } from './anchors.ts';
import { hashOf } from './chain.ts';
import { checkpointAfter, foldsOf, isSigned, type Fold } from './checkpoint.ts';
import type { AsOwner } from './ownership.ts';
import type { AnchorRow, EventRow, Tables } from './schema.ts';
import { isRefusal, isTerminal, RECEIVED, transition, type Standing } from './transition.ts';

/**
 * Forgets at most 1 000 tasks that were final before `before`, oldest first, and keys that are over; answers how many tasks went. A
 * task stays as long as its key: whoever comes back with that is answered with it (PROM-P2).
 * With anchors, only what is anchored goes, and only after it was found to be what was anchored. The newest event always stays:
 * positions are not given twice.
 */
export function prune(
  asOwner: AsOwner,
  options: { now: string; before: string; seam: AnchorSeam | undefined },
): Promise<number> {
  const { now, before, seam } = options;
  return asOwner(async (trx) => {
    await trx.deleteFrom('keys').where('expires_at', '<=', now).execute();
    const horizon = await horizonOf(trx, seam);
    const staying = (where: ExpressionBuilder<Tables, 'tasks'>) =>
      where
        .selectFrom('events')
        .select('events.position')
        .where((event) => event.or([event('events.position', '>', horizon), event('events.at', '>=', before)]));
    const naming = (where: ExpressionBuilder<Tables, 'tasks'>) => where.selectFrom('keys').select('keys.scope');
    // Only so many are looked at: with a short retention all tasks of a day may have their keys still, and a process waits for this.
    const oldest = trx.selectFrom('tasks').selectAll().where('final_at', '<', before).orderBy('final_at');
    const gone = await trx
      .selectFrom(oldest.limit(LOOK_TASKS_MAX).as('tasks'))
      .select(['task_id', 'head'])
      .where((where) => where.not(where.exists(naming(where).whereRef('keys.task_id', '=', 'tasks.task_id'))))
      .where((where) => where.not(where.exists(staying(where).whereRef('events.task_id', '=', 'tasks.task_id'))))
      .orderBy('final_at')
      .limit(PRUNE_TASKS_MAX)
      .execute();
    if (gone.length === 0) return 0;
    const ids = gone.map(({ task_id }) => task_id);
    const folds = seam && (await foldAnchors(trx, ids, seam));
    const checkpoint = checkpointAfter(await newestCheckpoint(trx), { now, before, gone, folds, seam });
    await trx.insertInto('checkpoints').values(checkpoint).execute();
    if (folds) {
      const touched = folds.map(({ seq }) => seq);
      await trx.updateTable('anchors').set({ folded_by: checkpoint.seq }).where('seq', 'in', touched).execute();
    }
    await trx.deleteFrom('events').where('task_id', 'in', ids).execute();
    await trx.deleteFrom('tasks').where('task_id', 'in', ids).execute();
    return gone.length;
  });
}

/** The last position that may go. */
async function horizonOf(trx: Kysely<Tables>, seam: AnchorSeam | undefined): Promise<number> {
  const newest = await trx
    .selectFrom('events')
    .select('position')
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
  const anchor = await trx
    .selectFrom('anchors')
    .select('to_position')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (anchor && !seam)
    throw new Error('This database has anchors: what they cover is forgotten only by a node that can sign');
  const last = (newest?.position ?? 0) - 1;
  return seam ? Math.min(last, anchor?.to_position ?? 0) : last;
}

/** What stays of every anchored range that loses events; throws when a range, or what is to go, is not what was anchored. */
async function foldAnchors(trx: Kysely<Tables>, task_ids: readonly string[], seam: AnchorSeam): Promise<Fold[]> {
  const events = await trx
    .selectFrom('events')
    .select(['position', 'task_id', 'seq', 'type', 'fence', 'at', 'payload_hash', 'prev_hash', 'hash'])
    .where('task_id', 'in', task_ids)
    .orderBy('task_id')
    .orderBy('seq')
    .execute();
  if (!areFinished(events, task_ids.length)) throw unsound('a task that is to be forgotten is not what its events say');
  const positions = events.map(({ position }) => position).sort((one, other) => one - other);
  const anchors = await trx
    .selectFrom('anchors')
    .selectAll()
    .where('to_position', '>=', positions[0] ?? 0)
    .where('after_position', '<', positions.at(-1) ?? 0)
    .orderBy('seq')
    .execute();
  const going = new Set(positions);
  const folds: Fold[] = [];
  for (const anchor of anchors) {
    if (!positions.some((position) => position > anchor.after_position && position <= anchor.to_position)) continue;
    const rows = await hashesOf(trx, anchor).execute();
    const expected = await foldOf(trx, anchor, seam);
    const found = digestOf(rows);
    if (found.events !== expected.events || found.digest !== expected.digest)
      throw unsound(`the events of anchor ${anchor.seq} are not those it covers`);
    folds.push({ seq: anchor.seq, ...digestOf(rows.filter(({ position }) => !going.has(position))) });
  }
  return folds;
}

/** What an anchor covers by now, on the word of a signature. */
async function foldOf(trx: Kysely<Tables>, anchor: AnchorRow, { verify }: AnchorSeam): Promise<Fold> {
  if (anchor.folded_by === null) {
    if (!verify(signedTextOf(anchor.hash), anchor.signature)) throw unsound(`anchor ${anchor.seq} is not ours`);
    return anchor;
  }
  const row = await trx.selectFrom('checkpoints').selectAll().where('seq', '=', anchor.folded_by).executeTakeFirst();
  const fold = row && isSigned(row, verify) ? foldsOf(row).find(({ seq }) => seq === anchor.seq) : undefined;
  if (!fold) throw unsound(`checkpoint ${anchor.folded_by} is not ours`);
  return fold;
}

type Forgotten = Omit<EventRow, 'payload'>;

/** Whether each task's events have their own hashes and lead to an end; the index, which anybody could have changed, is not asked. */
function areFinished(events: readonly Forgotten[], tasks: number): boolean {
  const standings = new Map<string, Standing>();
  for (const event of events) {
    const before = standings.get(event.task_id) ?? RECEIVED;
    const standing = transition(before, { type: event.type, fence: event.fence ?? undefined });
    if (isRefusal(standing) || event.hash !== hashOf(event)) return false;
    standings.set(event.task_id, standing);
  }
  return standings.size === tasks && [...standings.values()].every(({ phase }) => isTerminal(phase));
}

const unsound = (why: string): Error => new Error(`Nothing is forgotten: ${why}`);

/** A transaction's worth: more would stop the process for too long. */
const PRUNE_TASKS_MAX = 1_000;
/** How many of the oldest are looked at for those: what stays of them goes when its key is over, and makes room for others. */
const LOOK_TASKS_MAX = 10_000;
