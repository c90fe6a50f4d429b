/** Checks anchors: those of the file against those of the database, and these against the events that are there. */
import type { Kysely } from 'kysely';
import type { WrittenAnchor } from './anchor-file.ts';
import { digestOf, hashesOf, hashOfAnchor, signedTextOf, type AnchorSeam } from './anchors.ts';
import { GENESIS } from './chain.ts';
import { foldsOf, type Fold } from './checkpoint.ts';
import { nextTurn } from './either.ts';
import type { AnchorRow, CheckpointRow, Tables } from './schema.ts';

/** What is known from outside the database. Without it, only accidents are found: whoever changes all rows can fit them together. */
export interface Against {
  /** Of the anchor file, or of a copy of it; any subset will do, the newest above all. */
  written?: readonly WrittenAnchor[];
  /** By the public key; several keys when it was changed. */
  verify?: AnchorSeam['verify'];
}

/** The first anchor that does not hold; undefined when all do. */
export async function anchorBreak(
  db: Kysely<Tables>,
  given: Against & { anchors: readonly AnchorRow[]; checkpoints: readonly CheckpointRow[] },
): Promise<{ seq: number; why: string } | undefined> {
  const { written = [], anchors, checkpoints, verify } = given;
  return (
    chainBreak(anchors, verify) ??
    absence(written, anchors) ??
    lostCheckpoint(anchors, checkpoints) ??
    (await rangeBreak(db, anchors, checkpoints))
  );
}

function chainBreak(anchors: readonly AnchorRow[], verify: Against['verify']) {
  let before = { seq: GENESIS.seq, hash: GENESIS.head, to_position: 0 };
  for (const anchor of anchors) {
    const fits =
      anchor.seq === before.seq + 1 && anchor.prev_hash === before.hash && anchor.after_position === before.to_position;
    if (!fits) return { seq: anchor.seq, why: 'the anchor before it is missing, or was changed' };
    if (anchor.hash !== hashOfAnchor(anchor)) return { seq: anchor.seq, why: 'the anchor was changed' };
    if (verify && !verify(signedTextOf(anchor.hash), anchor.signature))
      return { seq: anchor.seq, why: 'the anchor is not signed by us' };
    before = anchor;
  }
  return undefined;
}

/** A file may know fewer anchors than the database, never others. */
function absence(written: readonly WrittenAnchor[], anchors: readonly AnchorRow[]) {
  const known = new Map(anchors.map(({ seq, hash }) => [seq, hash]));
  const lost = written.find(({ seq, hash }) => known.get(seq) !== hash);
  return (
    lost && { seq: lost.seq, why: 'the database lacks this anchor: it was cut, written anew, or is an older copy' }
  );
}

function lostCheckpoint(anchors: readonly AnchorRow[], checkpoints: readonly CheckpointRow[]) {
  const known = new Map([[GENESIS.seq, GENESIS.head], ...checkpoints.map(({ seq, hash }) => [seq, hash] as const)]);
  const anchor = anchors.find(({ checkpoint_seq, checkpoint_hash }) => known.get(checkpoint_seq) !== checkpoint_hash);
  return anchor && { seq: anchor.seq, why: `checkpoint ${anchor.checkpoint_seq}, which the anchor knows, is missing` };
}

/** Each range must hold what its anchor says, or what the newest checkpoint left of it. */
async function rangeBreak(db: Kysely<Tables>, anchors: readonly AnchorRow[], checkpoints: readonly CheckpointRow[]) {
  const folds = new Map<number, Fold>(checkpoints.flatMap(foldsOf).map((fold) => [fold.seq, fold]));
  for (const anchor of anchors) {
    await nextTurn();
    const expected = folds.get(anchor.seq) ?? anchor;
    const found = digestOf(await hashesOf(db, anchor).execute());
    if (found.events !== expected.events)
      return { seq: anchor.seq, why: `the anchor covers ${expected.events} events, ${found.events} are there` };
    if (found.digest !== expected.digest)
      return { seq: anchor.seq, why: 'events under the anchor were changed, moved or exchanged' };
  }
  return undefined;
}
