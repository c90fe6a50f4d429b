/** The tables, as the newest migration leaves them. Ids and times are text; times are ISO with Z, so that they sort. */
import type { Generated } from 'kysely';
import type { SocTables } from './soc-schema.ts';
import type { ArrowType, Phase } from './transition.ts';

/** Everything that is kept. */
export interface Tables extends SocTables {
  /** `position` is the order of acceptance. */
  tasks: TaskIndex & { position: Generated<number> };
  events: EventRow;
  keys: KeyRow;
  checkpoints: CheckpointRow;
  anchors: AnchorRow;
  meta: { key: string; value: string };
}

/** Where each task stands: an index over its events, which hold everything else. */
export interface TaskIndex {
  task_id: string;
  root_id: string;
  parent_id: string | null;
  skill: string;
  phase: Phase;
  fence: number;
  /** Number and hash of its newest event: the head of its chain. */
  seq: number;
  head: string;
  created_at: string;
  updated_at: string;
  deadline: string;
  /** Null while it is open. */
  final_at: string | null;
}

/** One event, never changed. `position` is the order of commit over all tasks. */
export interface EventRow {
  position: number;
  task_id: string;
  seq: number;
  type: ArrowType;
  fence: number | null;
  at: string;
  payload: string;
  payload_hash: string;
  prev_hash: string;
  hash: string;
}

/** An idempotency key: scope is unique while it lives (PROM-P2). */
export interface KeyRow {
  scope: string;
  task_id: string;
  digest: string;
  expires_at: string;
}

/** What retention took away: the heads of the chains that went, chained themselves. */
export interface CheckpointRow {
  seq: number;
  at: string;
  before: string;
  tasks: number;
  heads_hash: string;
  prev_hash: string;
  hash: string;
  /** What is left of the anchored ranges that lost events, one a line; null before anything was anchored. */
  folds: string | null;
  signature: string | null;
}

/** A signed statement: these were the events behind `after_position`, up to `to_position`. */
export interface AnchorRow {
  seq: number;
  at: string;
  after_position: number;
  to_position: number;
  events: number;
  /** Over the hashes of the events, in the order of their positions. */
  digest: string;
  /** The newest checkpoint at that time. */
  checkpoint_seq: number;
  checkpoint_hash: string;
  prev_hash: string;
  hash: string;
  signature: string;
  /** The newest checkpoint that took events out of the range; a pointer only: what it points to is signed. */
  folded_by: number | null;
}
