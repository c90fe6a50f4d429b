/**
 * Anchors: signed statements about ranges of events, kept beside them and appended to a file outside the database (ATK-J3, INV16).
 *
 * An anchor signs the hashes of all events behind the anchor before it, in the order of their positions, the newest checkpoint of
 * retention, and the anchor before it. With the file and the public key, checking finds every anchored event that was edited,
 * dropped (in the middle or at the end), moved or slipped in, and a chain that was written anew with right hashes: the event is
 * named where its own chain breaks, the anchor where only the signature knows. Retention takes events out of a range only after
 * checking the range, and leaves a signed fold in its checkpoint: what the range holds from then on.
 *
 * It does not find: what happened to events newer than the last anchor, if their chains were made to fit; the loss of the newest
 * anchors by somebody who can change the database and the file alike (keep the file, or copies of it, where the database's
 * machine cannot write); changes to what no event holds (when a key is over, and that it was there); anything by whoever has the key.
 */
import type { Kysely } from 'kysely';
import { toIso, type Clock } from '../seams/index.ts';
import { createAnchorFile } from './anchor-file.ts';
import { GENESIS, sha256 } from './chain.ts';
import type { AsOwner } from './ownership.ts';
import type { AnchorRow, CheckpointRow, Tables } from './schema.ts';

/** What anchoring is given. The key stays outside. */
export interface AnchorSeam {
  /** Appended to, and synced; outside the database, best on another disk or shipped elsewhere. */
  file: string;
  readonly sign: (text: string) => string;
  /** Whether `signature` is one of ours over `text`. */
  readonly verify: (text: string, signature: string) => boolean;
}

/** Anchors everything committed since the last anchor, then brings the file up to date; answers the new anchors. */
export function createAnchoring(deps: {
  db: Kysely<Tables>;
  asOwner: AsOwner;
  seam: AnchorSeam;
  clock: Clock;
}): () => Promise<AnchorRow[]> {
  const { db, asOwner, seam, clock } = deps;
  const file = createAnchorFile(seam.file);

  return async () => {
    const made: AnchorRow[] = [];
    for (;;) {
      const anchor = await next();
      if (!anchor) break;
      await asOwner((trx) => trx.insertInto('anchors').values(anchor).execute());
      made.push(anchor);
    }
    await exportNew();
    return made;
  };

  async function next(): Promise<AnchorRow | undefined> {
    const last = await db.selectFrom('anchors').selectAll().orderBy('seq', 'desc').limit(1).executeTakeFirst();
    const after_position = last?.to_position ?? 0;
    const rows = await hashesOf(db, { after_position }).limit(RANGE_EVENTS_MAX).execute();
    const end = rows.at(-1);
    if (!end) return undefined;
    const checkpoint = await newestCheckpoint(db);
    const anchor = {
      seq: (last?.seq ?? GENESIS.seq) + 1,
      at: toIso(clock.now()),
      after_position,
      to_position: end.position,
      ...digestOf(rows),
      checkpoint_seq: checkpoint?.seq ?? GENESIS.seq,
      checkpoint_hash: checkpoint?.hash ?? GENESIS.head,
      prev_hash: last?.hash ?? GENESIS.head,
    };
    const own = hashOfAnchor(anchor);
    return { ...anchor, hash: own, signature: seam.sign(signedTextOf(own)), folded_by: null };
  }

  /** Whatever the file lacks: the newest, or all of them in a new file. */
  async function exportNew(): Promise<void> {
    const last = file.last();
    const known = db
      .selectFrom('anchors')
      .selectAll()
      .where('seq', '>=', last?.seq ?? GENESIS.seq)
      .orderBy('seq');
    const rows = await known.execute();
    if (last && rows.shift()?.hash !== last.hash) {
      throw new Error(
        'The database is older than its anchors, or was changed: if a backup was restored, move the anchor file away and start a new one',
      );
    }
    file.append(rows);
  }
}

/** Positions and hashes of the events of a range, in order. */
export function hashesOf(db: Kysely<Tables>, range: { after_position: number; to_position?: number }) {
  const rows = db.selectFrom('events').select(['position', 'hash']).where('position', '>', range.after_position);
  const upto = range.to_position === undefined ? rows : rows.where('position', '<=', range.to_position);
  return upto.orderBy('position');
}

/** How many there are, and one hash over all of theirs. */
export const digestOf = (rows: readonly { hash: string }[]): { events: number; digest: string } => ({
  events: rows.length,
  digest: sha256(rows.map((row) => row.hash).join('\n')),
});

/** The end of the chain of checkpoints. */
export const newestCheckpoint = (db: Kysely<Tables>): Promise<CheckpointRow | undefined> =>
  db.selectFrom('checkpoints').selectAll().orderBy('seq', 'desc').limit(1).executeTakeFirst();

/** The hash of what an anchor says. */
export const hashOfAnchor = (anchor: Omit<AnchorRow, 'hash' | 'signature' | 'folded_by'>): string =>
  sha256(
    JSON.stringify([
      anchor.seq,
      anchor.at,
      anchor.after_position,
      anchor.to_position,
      anchor.events,
      anchor.digest,
      anchor.checkpoint_seq,
      anchor.checkpoint_hash,
      anchor.prev_hash,
    ]),
  );

/** What is signed: no signature of ours over anything else looks like it. */
export const signedTextOf = (own_hash: string): string => `aurora ledger ${own_hash}`;

/** Events under one anchor: as many as are read at once. */
const RANGE_EVENTS_MAX = 10_000;
