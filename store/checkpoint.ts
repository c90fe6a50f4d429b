/** Checkpoints: what retention took away, in a chain of their own, signed where events are anchored. */
import { signedTextOf, type AnchorSeam } from './anchors.ts';
import { GENESIS, sha256 } from './chain.ts';
import type { CheckpointRow } from './schema.ts';

/** What is left of one anchored range: the anchor's number, its events and their digest. */
export interface Fold {
  seq: number;
  events: number;
  digest: string;
}

/** The next checkpoint. */
export function checkpointAfter(
  last: CheckpointRow | undefined,
  what: {
    now: string;
    before: string;
    gone: readonly { task_id: string; head: string }[];
    folds: readonly Fold[] | undefined;
    seam: AnchorSeam | undefined;
  },
): CheckpointRow {
  const row = {
    seq: (last?.seq ?? GENESIS.seq) + 1,
    at: what.now,
    before: what.before,
    tasks: what.gone.length,
    heads_hash: sha256(JSON.stringify(what.gone.map(({ task_id, head }) => [task_id, head]))),
    prev_hash: last?.hash ?? GENESIS.head,
    folds: what.folds?.map(({ seq, events, digest }) => `${seq} ${events} ${digest}`).join('\n') ?? null,
  };
  const hash = hashOfCheckpoint(row);
  return { ...row, hash, signature: what.folds && what.seam ? what.seam.sign(signedTextOf(hash)) : null };
}

/** The first checkpoint that does not fit; undefined when all do. With `verify`, one that takes events out must be signed. */
export function checkpointBreak(
  rows: readonly CheckpointRow[],
  verify?: AnchorSeam['verify'],
): { seq: number; why: string } | undefined {
  let before = { seq: GENESIS.seq, hash: GENESIS.head };
  for (const row of rows) {
    const fits = row.seq === before.seq + 1 && row.prev_hash === before.hash && row.hash === hashOfCheckpoint(row);
    if (!fits) return { seq: row.seq, why: 'the checkpoint was changed, or one before it is missing' };
    if (verify && row.folds !== null && !isSigned(row, verify))
      return { seq: row.seq, why: 'the checkpoint is not ours' };
    before = row;
  }
  return undefined;
}

/** What a checkpoint left of anchored ranges. */
export const foldsOf = ({ folds }: CheckpointRow): Fold[] =>
  (folds?.split('\n') ?? []).map((line) => {
    const [seq, events, digest = ''] = line.split(' ');
    return { seq: Number(seq), events: Number(events), digest };
  });

/** Whether a signature of ours vouches for it. */
export const isSigned = (row: CheckpointRow, verify: AnchorSeam['verify']): boolean =>
  row.signature !== null && row.hash === hashOfCheckpoint(row) && verify(signedTextOf(row.hash), row.signature);

/** Checkpoints of the first release had no folds, and keep their hashes. */
const hashOfCheckpoint = (row: Omit<CheckpointRow, 'hash' | 'signature'>): string => {
  const { seq, at, before, tasks, heads_hash, prev_hash, folds } = row;
  return sha256(JSON.stringify([seq, at, before, tasks, heads_hash, prev_hash, ...(folds === null ? [] : [folds])]));
};
