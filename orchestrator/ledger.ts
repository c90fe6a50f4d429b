/** What was accepted and what became of it: the one record of tasks. */
import type {
  Actor,
  Approval,
  Attempt,
  Effect,
  HandoffTo,
  LateResult,
  Mode,
  Resolution,
  TaskError,
  TaskOutcome,
  TaskState,
  Vote,
} from '../protocol/index.ts';
import type { Arrow, EventRow } from '../store/index.ts';
import type { Carried } from './carried.ts';
import type { Retold } from './retold.ts';

/** A task as the ledger keeps it. */
export interface TaskRow {
  readonly task_id: string;
  readonly root_id: string;
  readonly parent_id: string | undefined;
  readonly from: string;
  /** Whom it was asked of, where that is more than the skill. */
  readonly to?: HandoffTo | undefined;
  /** The agent chosen by the newest attempt, or the one asked for; empty until somebody is chosen. */
  agent_id: string;
  readonly skill: string;
  readonly params: Record<string, unknown>;
  readonly reason: string | undefined;
  hop: number;
  path: readonly string[];
  readonly mode: Mode;
  readonly priority: number;
  actor: Actor;
  /** Monotonic time at which it must be over, and the same as ISO for the wire. */
  due: number;
  deadline: string;
  readonly traceparent: string;
  readonly created_at: string;
  updated_at: string;
  effect: Effect;
  state: TaskState;
  /** How it ended, where the state alone does not say it. */
  outcome?: TaskOutcome;
  /** It was answered by a skill that acts, in a mode in which nothing is done: what it tells is a preview. */
  simulated?: true;
  attempts: Attempt[];
  /** What was said of the newest attempt that came to nothing. */
  last_why?: string;
  /** What people were asked before it acted, oldest first (wire.md 8). */
  approvals?: Approval[];
  result?: unknown;
  error?: TaskError;
  /** What came after an end that was none of its own; the newest. */
  late_result?: LateResult;
  /** What people did about it after its end: the newest redrive, and what became of an unknown effect. */
  redriven_as?: string;
  resolved?: Resolution;
  readonly key: { scope: string; digest: string } | undefined;
  /** What travels on with it, unread. */
  readonly carried?: Carried | undefined;
}

/** To whom an attempt goes, and the routing that it goes with. */
export type Lease = Pick<TaskRow, 'agent_id' | 'hop' | 'path' | 'actor' | 'effect'> & { instance_id: string };

/** How a task ends. A failure of a kind of its own says which: given up for good (PROM-P11), or with an effect unknown (PROM-P4). */
export type TaskEnd = { simulated?: true } & (
  | { state: 'completed'; result: unknown }
  | { state: 'failed'; error: TaskError; result?: unknown; as?: 'dead_lettered' | 'unknown_effect' }
  | { state: 'canceled' | 'rejected'; error: TaskError; result?: unknown }
);

/** An event as the store keeps it: what happened to a task, as JSON. */
export type StoredEvent = Pick<EventRow, 'task_id' | 'type' | 'fence' | 'at' | 'payload'>;

/** A task of an earlier process that is not over. */
export interface Recovered {
  task: TaskRow;
  /** The same as it was accepted: routing, rights and path before any attempt. */
  asked: TaskRow;
  /** The attempt that was under way: whoever holds it may still be working (PROM-P12). */
  held: Attempt | undefined;
  /** States and artifacts so far, for its stream. */
  told: Retold[];
}

/** How many tasks one task, and one investigation, may have (wire.md 5). */
export interface FamilyBounds {
  fan_out_max: number;
  root_tasks_max: number;
}

/** Which tasks to list. */
export interface ListQuery {
  root_id?: string;
  /** Only tasks of that skill that people or tools began. */
  begun_by_skill?: string;
  state?: TaskState;
  outcome?: TaskOutcome;
  /** Accepted then or later, ISO. */
  since?: string;
  /** Only those that people, or policy, were asked about: any of them, or those that are not over. */
  with_approvals?: 'any' | 'open';
  before?: string;
  limit: number;
}

/** The record. Every method answers after what it did is kept as safely as the store keeps things. */
export interface Ledger {
  /**
   * Keeps a new task, with its first attempt when somebody is free already, or says why not; bounds and key are judged in the
   * same step, so that no race gets past them. Rejects with 5030 when nothing can be kept (PROM-P15).
   */
  accept(
    row: TaskRow,
    bounds: FamilyBounds,
    lease?: Lease,
  ): Promise<'accepted' | 'full' | 'duplicate' | 'fan_out' | 'family'>;
  get(task_id: string): Promise<TaskRow | undefined>;
  /** The task accepted under that idempotency scope and key. */
  byKey(scope: string): Promise<TaskRow | undefined>;
  childrenOf(task_id: string): Promise<TaskRow[]>;
  /** Newest first, older than `before` when given. */
  list(query: ListQuery): Promise<TaskRow[]>;
  /**
   * The same, for whoever comes from outside: as many as have `bytes_max` on record together, one at least, and what to go on
   * before. One page is read at a time. Throws 4290 when too many wait.
   */
  page(query: ListQuery & { bytes_max: number }): Promise<{ rows: TaskRow[]; next: string | null }>;
  /** A new attempt with the next fence, and its routing on the row; undefined when the task is final already. */
  lease(task_id: string, lease: Lease): Promise<Attempt | undefined>;
  /** Closes the newest attempt, which came to nothing; the task is `submitted` again. A stale fence changes nothing. `why` is for people. */
  release(task_id: string, fence: number, outcome: string, why?: string): Promise<void>;
  /**
   * The first end wins; a stale fence or a final task changes nothing and answers false (PROM-P5).
   * Without a fence it is the orchestrator's own decision: cancel, deadline, refusal.
   */
  settle(task_id: string, end: TaskEnd, fence?: number): Promise<boolean>;
  /** Puts events on a task's record; false when they do not fit where it stands, and then none is written. */
  record(task_id: string, arrows: readonly Arrow[]): Promise<boolean>;
  /** Everything on a task's record, oldest first. */
  history(task_id: string): Promise<StoredEvent[]>;
  /** Rows of the records of a task, or of it and everything below it, in the order they were kept, behind a position. */
  journalOf(query: { task_id: string; tree: boolean; after: number; limit: number }): Promise<EventRow[]>;
  /** People's answers among so many of the newest events, oldest first: what may have been cut off in the middle. */
  votesOfLate(events_max: number): Promise<{ approval_id: string; vote: Vote }[]>;
  /**
   * Call once, before the first `accept`: reads the open tasks of earlier processes, ends what must not or need not run again,
   * and answers the rest, to be carried on.
   */
  recover(): Promise<Recovered[]>;
}
