/** A group of writes, drawn up over the tables as they will be: which rows it makes, and what each writer will be told. */
import { GENESIS, link, type ChainHead, type NewEvent } from './chain.ts';
import type { Batch, Known, Wanted } from './journal.ts';
import type { KeyRow, TaskIndex } from './schema.ts';
import {
  isRefusal,
  isTerminal,
  RECEIVED,
  transition,
  type Happening,
  type Refusal,
  type Standing,
} from './transition.ts';

/** What is to happen to one task: all of it or nothing. */
export interface Append {
  task_id: string;
  at: string;
  arrows: readonly Arrow[];
  /** Given with `accepted`: the task is new. */
  opens?: Pick<TaskIndex, 'root_id' | 'parent_id' | 'skill' | 'deadline'> | undefined;
  /** Kept with the task, unless its scope is taken. */
  key?: Omit<KeyRow, 'task_id'> | undefined;
}

type Opens = NonNullable<Append['opens']>;

/** One event to be: what happens, and whatever is worth keeping about it, as JSON. */
export interface Arrow extends Happening {
  payload: unknown;
  /** The payload as JSON, where somebody wrote it down already. */
  text?: string;
}

/** What became of it. A refusal wrote nothing. */
export type Appended =
  | { outcome: 'kept'; task: TaskIndex }
  | { outcome: 'refused'; why: Refusal | 'unknown_task' }
  | { outcome: 'duplicate'; key: KeyRow };

/** An append whose payloads are written down: what is kept is what was given, whatever the caller changes later. */
export type Write = Omit<Append, 'arrows'> & { arrows: (Happening & { text: string })[] };

/** Writes the payloads down. */
export const toWrite = ({ task_id, at, arrows, opens, key }: Append): Write => ({
  task_id,
  at,
  arrows: arrows.map(({ type, fence, payload, text = JSON.stringify(payload ?? null) }) => ({ type, fence, text })),
  opens,
  key,
});

/** A writer who waits for its commit. */
export interface Waiting {
  write: Write;
  /** Characters of its payloads. */
  chars: number;
  patient: boolean;
  resolve: (appended: Appended) => void;
  reject: (reason: Error) => void;
}

/** How many of those who wait fit into one group: at most `count_max`, and no more text together than a group may have; one always does. */
export function groupSize(waiting: readonly Waiting[], count_max: number): number {
  let size = 0;
  let together = 0;
  for (const { chars } of waiting) {
    together += chars;
    if (size === count_max || (size > 0 && together > GROUP_CHARS_MAX)) break;
    size += 1;
  }
  return size;
}

/** A group as it will be written, and what its writers will be told. */
export interface Drawn {
  group: readonly Waiting[];
  batch: Batch;
  outcomes: readonly Appended[];
}

/** Tells all its writers. */
export function acknowledge({ group, outcomes }: Drawn): void {
  outcomes.forEach((outcome, index) => group[index]?.resolve(outcome));
}

/**
 * What must be read first: keys, and tasks whose head is not at hand. That a new task is new is believed unless `doubtful`: where
 * it is not, its first event is there already, and the tables refuse a second one.
 */
export function wantedBy(
  group: readonly Waiting[],
  heads: ReadonlyMap<string, TaskIndex>,
  { doubtful }: { doubtful: boolean },
): Wanted {
  const asked = group.filter(({ write }) => (doubtful || !write.opens) && !heads.has(write.task_id));
  const task_ids = asked.map(({ write }) => write.task_id);
  const scopes = group.flatMap(({ write }) => write.key?.scope ?? []);
  return { task_ids: [...new Set(task_ids)], scopes: [...new Set(scopes)] };
}

/** Draws a group up, write by write, over the tables as they will be once those before are committed. */
export function draw(group: readonly Waiting[], known: Known, heads: ReadonlyMap<string, TaskIndex>): Drawn {
  const tasks = new Map<string, TaskIndex>();
  const keys = new Map<string, KeyRow>();
  const events: NewEvent[] = [];
  const outcomes = group.map(({ write }) => take(write));
  return { group, outcomes, batch: { tasks: [...tasks.values()], events, keys: [...keys.values()] } };

  function take({ task_id, at, arrows, opens, key }: Write): Appended {
    const taken = key && (keys.get(key.scope) ?? known.keys.get(key.scope));
    if (taken && taken.expires_at > at) return { outcome: 'duplicate', key: taken };
    const current = tasks.get(task_id) ?? heads.get(task_id) ?? known.tasks.get(task_id);
    const before = current ?? (opens && born(task_id, opens, at));
    if (!before) return { outcome: 'refused', why: 'unknown_task' };

    let chain: ChainHead = before;
    let standing: Standing = before;
    const linked: NewEvent[] = [];
    for (const { type, fence, text } of arrows) {
      const next = transition(standing, { type, fence });
      if (isRefusal(next)) return { outcome: 'refused', why: next };
      const event = link(chain, { task_id, type, fence: fence ?? null, at, payload: text });
      linked.push(event);
      chain = { seq: event.seq, head: event.hash };
      standing = next;
    }
    const task = stepped(before, chain, standing, at);
    tasks.set(task_id, task);
    events.push(...linked);
    if (key) keys.set(key.scope, { ...key, task_id });
    return { outcome: 'kept', task };
  }
}

/** Rows are written out member by member: a spread costs more than the rest of a row's making (docs/performance.md). */
const born = (task_id: string, { root_id, parent_id, skill, deadline }: Opens, at: string): TaskIndex => ({
  task_id,
  root_id,
  parent_id,
  skill,
  phase: RECEIVED.phase,
  fence: RECEIVED.fence,
  seq: GENESIS.seq,
  head: GENESIS.head,
  created_at: at,
  updated_at: at,
  deadline,
  final_at: null,
});

/** The same task after what happened. */
const stepped = (task: TaskIndex, { seq, head }: ChainHead, { phase, fence }: Standing, at: string): TaskIndex => ({
  task_id: task.task_id,
  root_id: task.root_id,
  parent_id: task.parent_id,
  skill: task.skill,
  phase,
  fence,
  seq,
  head,
  created_at: task.created_at,
  updated_at: at,
  deadline: task.deadline,
  final_at: task.final_at ?? (isTerminal(phase) ? at : null),
});

/** Payloads of one group, characters: it is in memory three times over while a thread writes it. */
const GROUP_CHARS_MAX = 16_777_216;
