/** Group commit: what is written in one turn of the event loop is kept together, and acknowledged once it is synced. */
import { AuroraError } from '../protocol/index.ts';
import { toIso, type Clock, type Log } from '../seams/index.ts';
import { GENESIS, link, type NewEvent } from './chain.ts';
import { faultOf } from './faults.ts';
import { StaleEpoch, type Batch, type Journal } from './journal.ts';
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
  opens?: Pick<TaskIndex, 'root_id' | 'parent_id' | 'skill' | 'deadline'>;
  /** Kept with the task, unless its scope is taken. */
  key?: Omit<KeyRow, 'task_id'>;
}

/** One event to be: what happens, and whatever is worth keeping about it, as JSON. */
export interface Arrow extends Happening {
  payload: unknown;
}

/** What became of it. A refusal wrote nothing. */
export type Appended =
  | { outcome: 'kept'; task: TaskIndex }
  | { outcome: 'refused'; why: Refusal | 'unknown_task' }
  | { outcome: 'duplicate'; key: KeyRow };

/** How a store is. `degraded` heals by itself; `fenced` and `closed` do not. */
export type StoreHealth =
  { state: 'ok' } | { state: 'degraded' | 'fenced'; cause: string; since: string } | { state: 'closed' };

/** Writes that share their transactions. */
export interface GroupCommit {
  /**
   * Resolves after its commit is synced. Rejects with 5030 when it cannot be kept (PROM-P15); a `patient` write waits for
   * better times instead: for what must not be lost about work that was accepted already.
   */
  readonly append: (append: Append, options?: { patient?: boolean }) => Promise<Appended>;
  readonly health: () => StoreHealth;
  /** Transactions and events committed since the start. */
  readonly counts: { transactions: number; events: number };
  /** Commits what waits, then refuses everything. */
  close(): void;
}

/** Makes it. `endOfTurn` runs a function once the present turn of the event loop is over: `setImmediate`, or a simulator's. */
export function createGroupCommit(deps: {
  journal: Journal;
  clock: Clock;
  log: Log;
  endOfTurn?: (run: () => void) => void;
  /** True while somebody else's transaction is open on the connection. */
  isBusy: () => boolean;
}): GroupCommit {
  const { journal, clock, log, isBusy } = deps;
  const endOfTurn = deps.endOfTurn ?? ((run) => void setImmediate(run));
  const counts = { transactions: 0, events: 0 };
  const heads = new Map<string, TaskIndex>();
  let health: StoreHealth = { state: 'ok' };
  let waiting: Waiting[] = [];
  let is_scheduled = false;

  return { append, health: () => health, counts, close };

  function append(append: Append, { patient = false } = {}): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const is_over = health.state === 'closed' || health.state === 'fenced';
      if (is_over || (health.state === 'degraded' && !patient) || waiting.length >= WAITING_MAX) {
        reject(unavailable());
        return;
      }
      const arrows = append.arrows.map(({ payload, ...happening }) => ({ ...happening, text: toJson(payload) }));
      waiting.push({ write: { ...append, arrows }, patient, resolve, reject });
      schedule();
    });
  }

  function schedule(): void {
    if (is_scheduled || health.state !== 'ok') return;
    is_scheduled = true;
    endOfTurn(() => {
      is_scheduled = false;
      if (health.state !== 'ok') return;
      if (isBusy()) schedule();
      else flush();
    });
  }

  function flush(): void {
    while (waiting.length > 0 && health.state === 'ok') commit(waiting.splice(0, GROUP_MAX));
  }

  function commit(group: readonly Waiting[]): void {
    const answers: (() => void)[] = [];
    try {
      const view = createView(journal, heads);
      for (const { write, resolve } of group) {
        const outcome = view.take(write);
        answers.push(() => resolve(outcome));
      }
      const batch = view.batch();
      if (batch.events.length > 0) {
        journal.commit(batch);
        counts.transactions += 1;
        counts.events += batch.events.length;
      }
      batch.tasks.forEach(remember);
    } catch (reason) {
      onFailure(group, reason);
      return;
    }
    for (const answer of answers) answer();
  }

  /** Nothing of the group is acknowledged. Whoever breaks a rule of the tables is found by trying each alone. */
  function onFailure(group: readonly Waiting[], reason: unknown): void {
    if (reason instanceof StaleEpoch) {
      health = { state: 'fenced', cause: reason.message, since: toIso(clock.now()) };
      log.error({ err: reason }, 'another orchestrator took the database over: nothing is written any more');
      for (const { reject } of [...group, ...waiting]) reject(reason);
      waiting = [];
      return;
    }
    const { kind, cause } = faultOf(reason);
    if (kind === 'constraint' && group.length > 1) {
      for (const one of group) commit([one]);
      return;
    }
    if (kind === 'constraint') {
      log.error({ err: reason }, 'a write broke a rule of the tables');
      for (const { reject } of group) reject(new AuroraError(5000, { cause: reason }));
      return;
    }
    if (health.state === 'ok') {
      log.error({ err: reason, cause }, 'the database refuses to write: new work is refused until it does again');
      health = { state: 'degraded', cause, since: toIso(clock.now()) };
      clock.after(PROBE_MS, () => probe(kind !== 'locked' && kind !== 'full'));
    }
    const all = [...group, ...waiting];
    waiting = all.filter(({ patient }) => patient);
    for (const { patient, reject } of all) if (!patient) reject(unavailable(reason));
  }

  /** After a sync that failed, the log is trusted again only when all of it reached the file (X26). */
  function probe(thorough: boolean): void {
    if (health.state !== 'degraded') return;
    const { since } = health;
    try {
      journal.probe(thorough);
    } catch (reason) {
      if (reason instanceof StaleEpoch) {
        onFailure([], reason);
        return;
      }
      health = { state: 'degraded', cause: faultOf(reason).cause, since };
      clock.after(PROBE_MS, () => probe(thorough));
      return;
    }
    health = { state: 'ok' };
    log.info({ since, waiting: waiting.length }, 'the database writes again');
    schedule();
  }

  function remember(task: TaskIndex): void {
    heads.delete(task.task_id);
    if (!isTerminal(task.phase)) heads.set(task.task_id, task);
    if (heads.size <= HEADS_MAX) return;
    const [oldest] = heads.keys();
    if (oldest !== undefined) heads.delete(oldest);
  }

  function unavailable(cause?: unknown): AuroraError {
    const why = 'cause' in health ? health.cause : health.state === 'closed' ? 'it is closed' : 'too much waits for it';
    return new AuroraError(5030, { message: `The ledger cannot write: ${why}`, retry_after_ms: RETRY_AFTER_MS, cause });
  }

  function close(): void {
    flush();
    health = { state: 'closed' };
    for (const { reject } of waiting.splice(0)) reject(unavailable());
  }
}

/** The tables as they will be once the group so far is committed. */
function createView(journal: Journal, heads: ReadonlyMap<string, TaskIndex>) {
  const tasks = new Map<string, TaskIndex>();
  const keys = new Map<string, KeyRow>();
  const events: NewEvent[] = [];

  return {
    batch: (): Batch => ({ tasks: [...tasks.values()], events, keys: [...keys.values()] }),
    take({ task_id, at, arrows, opens, key }: Write): Appended {
      const taken = key && (keys.get(key.scope) ?? journal.key(key.scope));
      if (taken && taken.expires_at > at) return { outcome: 'duplicate', key: taken };
      const known = tasks.get(task_id) ?? heads.get(task_id) ?? journal.task(task_id);
      const before = known ?? (opens && { task_id, ...opens, ...RECEIVED, ...GENESIS, ...born(at) });
      if (!before) return { outcome: 'refused', why: 'unknown_task' };

      let chain = { seq: before.seq, head: before.head };
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
      const { phase, fence } = standing;
      const final_at = before.final_at ?? (isTerminal(phase) ? at : null);
      const task: TaskIndex = { ...before, ...chain, phase, fence, updated_at: at, final_at };
      tasks.set(task_id, task);
      events.push(...linked);
      if (key) keys.set(key.scope, { ...key, task_id });
      return { outcome: 'kept', task };
    },
  };
}

const born = (at: string): Pick<TaskIndex, 'created_at' | 'updated_at' | 'final_at'> => ({
  created_at: at,
  updated_at: at,
  final_at: null,
});

/** An append whose payloads are written down: what is kept is what was given, whatever the caller changes later. */
type Write = Omit<Append, 'arrows'> & { arrows: (Happening & { text: string })[] };

const toJson = (payload: unknown): string => JSON.stringify(payload ?? null);

interface Waiting {
  write: Write;
  patient: boolean;
  resolve: (appended: Appended) => void;
  reject: (reason: Error) => void;
}

/** Writes in one transaction (PROM-P1). */
const GROUP_MAX = 64;
/** Writes that may wait, most of them patient ones of a full disk. */
const WAITING_MAX = 50_000;
/** Open tasks whose head is remembered; others are read again. */
const HEADS_MAX = 20_000;
/** How often a degraded store tries to write again, ms. */
const PROBE_MS = 1_000;
const RETRY_AFTER_MS = 1_000;
