/** The hot rows, column by column: how they are written, in constant order, and read back. */
import { AuroraError } from '../protocol/index.ts';
import type { NewEvent } from './chain.ts';
import type { SqlRow, SqlValue } from './driver.ts';
import type { Batch } from './journal.ts';
import type { KeyRow, TaskIndex } from './schema.ts';
import { PHASES } from './transition.ts';

/** A table that is written in groups. */
export interface Table {
  name: string;
  columns: readonly string[];
  /** What happens when the row is there already. */
  conflict: string;
}

/** The columns of the index of tasks. */
export const TASK_COLUMNS = [
  'task_id',
  'root_id',
  'parent_id',
  'skill',
  'phase',
  'fence',
  'seq',
  'head',
  'created_at',
  'updated_at',
  'deadline',
  'final_at',
] as const satisfies (keyof TaskIndex)[];

/** The table of tasks: a row is kept up to date with the newest event of its task. */
export const TASKS: Table = {
  name: 'tasks',
  columns: TASK_COLUMNS,
  conflict: `ON CONFLICT (task_id) DO UPDATE SET phase = excluded.phase, fence = excluded.fence, seq = excluded.seq,
    head = excluded.head, updated_at = excluded.updated_at, final_at = excluded.final_at`,
};
/** The table of events: rows are only ever added. */
export const EVENTS: Table = {
  name: 'events',
  columns: ['task_id', 'seq', 'type', 'fence', 'at', 'payload', 'payload_hash', 'prev_hash', 'hash'],
  conflict: '',
};
/** A key whose time is over is given to the next who asks; the group commit has looked. */
export const KEYS: Table = {
  name: 'keys',
  columns: ['scope', 'task_id', 'digest', 'expires_at'],
  conflict: `ON CONFLICT (scope) DO UPDATE SET task_id = excluded.task_id, digest = excluded.digest, expires_at = excluded.expires_at`,
};

/** A row of `TASKS`, in the order of its columns. */
export const taskValues = (task: TaskIndex): SqlValue[] => [
  task.task_id,
  task.root_id,
  task.parent_id,
  task.skill,
  task.phase,
  task.fence,
  task.seq,
  task.head,
  task.created_at,
  task.updated_at,
  task.deadline,
  task.final_at,
];
/** A row of `EVENTS`, in the order of its columns. */
export const eventValues = (event: NewEvent): SqlValue[] => [
  event.task_id,
  event.seq,
  event.type,
  event.fence,
  event.at,
  event.payload,
  event.payload_hash,
  event.prev_hash,
  event.hash,
];
/** A row of `KEYS`, in the order of its columns. */
export const keyValues = (key: KeyRow): SqlValue[] => [key.scope, key.task_id, key.digest, key.expires_at];

/** A batch value by value, table by table: as one statement binds it, and as it crosses threads. */
export interface BatchValues {
  tasks: SqlValue[];
  events: SqlValue[];
  keys: SqlValue[];
}

/** Writes a batch out. */
export const valuesOf = ({ tasks, events, keys }: Batch): BatchValues => ({
  tasks: flat(tasks, taskValues),
  events: flat(events, eventValues),
  keys: flat(keys, keyValues),
});

/** Value by value: `flat()` takes as long as the insert. */
function flat<T>(rows: readonly T[], toValues: (row: T) => SqlValue[]): SqlValue[] {
  const values: SqlValue[] = [];
  for (const row of rows) for (const value of toValues(row)) values.push(value);
  return values;
}

/** A task as it was read. */
export function toTask(row: SqlRow): TaskIndex {
  const phase = PHASES.find((known) => known === row['phase']);
  if (!phase) throw new AuroraError(5000, { cause: new Error(`task ${text(row, 'task_id')} is in no known phase`) });
  return {
    task_id: text(row, 'task_id'),
    root_id: text(row, 'root_id'),
    parent_id: textOrNull(row, 'parent_id'),
    skill: text(row, 'skill'),
    phase,
    fence: Number(row['fence']),
    seq: Number(row['seq']),
    head: text(row, 'head'),
    created_at: text(row, 'created_at'),
    updated_at: text(row, 'updated_at'),
    deadline: text(row, 'deadline'),
    final_at: textOrNull(row, 'final_at'),
  };
}

/** A key as it was read. */
export const toKey = (row: SqlRow): KeyRow => ({
  scope: text(row, 'scope'),
  task_id: text(row, 'task_id'),
  digest: text(row, 'digest'),
  expires_at: text(row, 'expires_at'),
});

const text = (row: SqlRow, column: string): string => String(row[column]);
const textOrNull = (row: SqlRow, column: string): string | null => (row[column] === null ? null : text(row, column));
