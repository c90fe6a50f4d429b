/** What was accepted and what became of it: the one record of tasks. In memory for now, behind the interface that stays. */
import {
  isFinal,
  type Actor,
  type Attempt,
  type Effect,
  type Mode,
  type TaskError,
  type TaskState,
} from '../protocol/index.ts';
import { toIso, type Clock } from '../seams/index.ts';
import type { Carried } from './carried.ts';

/** A task as the ledger keeps it. */
export interface TaskRow {
  readonly task_id: string;
  readonly root_id: string;
  readonly parent_id: string | undefined;
  readonly from: string;
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
  readonly due: number;
  readonly deadline: string;
  readonly traceparent: string;
  readonly created_at: string;
  updated_at: string;
  effect: Effect;
  state: TaskState;
  attempts: Attempt[];
  result?: unknown;
  error?: TaskError;
  readonly key: { scope: string; digest: string } | undefined;
  /** What travels on with it, unread. */
  readonly carried?: Carried | undefined;
}

/** To whom an attempt goes, and the routing that it goes with. */
export type Lease = Pick<TaskRow, 'agent_id' | 'hop' | 'path' | 'actor' | 'effect'> & { instance_id: string };

/** How a task ends. */
export type TaskEnd =
  | { state: 'completed'; result: unknown }
  | { state: 'failed' | 'canceled' | 'rejected'; error: TaskError; result?: unknown };

/** How many tasks one task, and one investigation, may have (wire.md 5). */
export interface FamilyBounds {
  fan_out_max: number;
  root_tasks_max: number;
}

/** The record. Every method answers after what it did is kept as safely as the ledger keeps things. */
export interface Ledger {
  /** Keeps a new task, or says why not; the bounds and the key are judged in the same step, so that no race gets past them. */
  accept(row: TaskRow, bounds: FamilyBounds): Promise<'accepted' | 'full' | 'duplicate' | 'fan_out' | 'family'>;
  get(task_id: string): Promise<TaskRow | undefined>;
  /** The task accepted under that idempotency scope and key. */
  byKey(scope: string): Promise<TaskRow | undefined>;
  childrenOf(task_id: string): Promise<TaskRow[]>;
  /** Newest first, older than `before` when given. */
  list(query: { root_id?: string; state?: TaskState; before?: string; limit: number }): Promise<TaskRow[]>;
  /** A new attempt with the next fence, and its routing on the row; undefined when the task is final already. */
  lease(task_id: string, lease: Lease): Promise<Attempt | undefined>;
  /** Closes the newest attempt, which came to nothing; the task is `submitted` again. A stale fence changes nothing. */
  release(task_id: string, fence: number, outcome: string): Promise<void>;
  /**
   * The first end wins; a stale fence or a final task changes nothing and answers false (PROM-P5).
   * Without a fence it is the orchestrator's own decision: cancel, deadline, refusal.
   */
  settle(task_id: string, end: TaskEnd, fence?: number): Promise<boolean>;
}

/** Bounds of the ledger in memory. */
export interface LedgerLimits {
  /** Tasks that are not final: 10 000 (wire.md 10). */
  open_max: number;
  /** Final tasks kept; the oldest go first. */
  finished_max: number;
  /** What final tasks were asked and answered, bytes as JSON in all: 256 MiB unless said; the oldest go first. */
  finished_bytes_max?: number;
}

/** A ledger in memory: for tests, and until the durable one takes its place. */
export function memoryLedger(clock: Clock, limits: LedgerLimits = { open_max: 10_000, finished_max: 10_000 }): Ledger {
  const rows = new Map<string, TaskRow>();
  const finished = new Map<string, number>();
  const { finished_bytes_max = FINISHED_BYTES_MAX } = limits;
  let finished_bytes = 0;
  const keys = new Map<string, string>();
  const children = new Map<string, string[]>();
  const roots = new Map<string, number>();

  const forgetOldest = () => {
    for (const [oldest, size] of finished) {
      if (finished.size <= limits.finished_max && finished_bytes <= finished_bytes_max) return;
      const row = rows.get(oldest);
      finished.delete(oldest);
      finished_bytes -= size;
      rows.delete(oldest);
      children.delete(oldest);
      if (row?.key) keys.delete(row.key.scope);
      if (row?.parent_id === undefined) roots.delete(oldest);
    }
  };

  return {
    async accept(row, { fan_out_max, root_tasks_max }) {
      if (row.key && keys.has(row.key.scope)) return 'duplicate';
      if ((children.get(row.parent_id ?? '')?.length ?? 0) >= fan_out_max) return 'fan_out';
      if ((roots.get(row.root_id) ?? 0) >= root_tasks_max) return 'family';
      if (rows.size - finished.size >= limits.open_max) return 'full';
      rows.set(row.task_id, row);
      if (row.key) keys.set(row.key.scope, row.task_id);
      if (row.parent_id !== undefined)
        children.set(row.parent_id, [...(children.get(row.parent_id) ?? []), row.task_id]);
      roots.set(row.root_id, (roots.get(row.root_id) ?? 0) + 1);
      return 'accepted';
    },
    get: async (task_id) => rows.get(task_id),
    byKey: async (scope) => rows.get(keys.get(scope) ?? ''),
    childrenOf: async (task_id) => (children.get(task_id) ?? []).flatMap((id) => rows.get(id) ?? []),
    async list({ root_id, state, before, limit }) {
      const found: TaskRow[] = [];
      let is_past = before === undefined;
      for (const row of [...rows.values()].reverse()) {
        if (found.length >= limit) break;
        const fits = (!root_id || row.root_id === root_id) && (!state || row.state === state);
        if (is_past && fits) found.push(row);
        if (row.task_id === before) is_past = true;
      }
      return found;
    },
    async lease(task_id, { instance_id, ...routing }) {
      const row = rows.get(task_id);
      if (!row || isFinal(row.state)) return undefined;
      const number = row.attempts.length + 1;
      const started_at = toIso(clock.now());
      const { agent_id } = routing;
      const attempt: Attempt = { attempt: number, fence: number, agent_id, instance_id, started_at };
      row.attempts = [...row.attempts, attempt];
      Object.assign(row, routing, { state: 'working', updated_at: started_at });
      return attempt;
    },
    async release(task_id, fence, outcome) {
      const row = rows.get(task_id);
      const newest = row?.attempts.at(-1);
      if (!row || isFinal(row.state) || newest?.fence !== fence || newest.ended_at) return;
      row.updated_at = toIso(clock.now());
      row.attempts = endAttempt(row.attempts, fence, { outcome, ended_at: row.updated_at });
      row.state = 'submitted'; // queued again (promises.md 1)
    },
    async settle(task_id, end, fence) {
      const row = rows.get(task_id);
      if (!row || isFinal(row.state)) return false;
      const newest = row.attempts.at(-1);
      if (fence !== undefined && newest?.fence !== fence) return false;
      const ended_at = toIso(clock.now());
      if (newest && !newest.ended_at)
        row.attempts = endAttempt(row.attempts, newest.fence, { outcome: end.state, ended_at });
      Object.assign(row, end, { updated_at: ended_at });
      const size = JSON.stringify([row.params, row.result, row.error]).length;
      finished.set(task_id, size);
      finished_bytes += size;
      forgetOldest();
      return true;
    },
  };
}

const endAttempt = (
  attempts: readonly Attempt[],
  fence: number,
  end: Pick<Attempt, 'outcome' | 'ended_at'>,
): Attempt[] => attempts.map((attempt) => (attempt.fence === fence ? { ...attempt, ...end } : attempt));

const FINISHED_BYTES_MAX = 268_435_456;
