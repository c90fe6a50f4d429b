/** Group commit: what is written in one turn of the event loop is kept together, and acknowledged once it is synced. */
import { AuroraError } from '../protocol/index.ts';
import { makeRoom, toIso, type Clock, type Log } from '../seams/index.ts';
import { after, attempt, type Either } from './either.ts';
import { faultOf, isOfStore } from './faults.ts';
import {
  acknowledge,
  draw,
  groupSize,
  toWrite,
  wantedBy,
  type Append,
  type Appended,
  type Drawn,
  type Waiting,
} from './group.ts';
import { StaleEpoch, UnknownCommit, type Journal } from './journal.ts';
import type { TaskIndex } from './schema.ts';
import { isTerminal } from './transition.ts';

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
  /**
   * Runs `act` while no group is read or written: for transactions beside the groups that touch the same rows. Rejects with 5030
   * while the store is degraded, and a fault of the disk that `act` meets makes it so (FLT-X26): nothing is kept before it is over.
   */
  readonly apart: <T>(act: () => Promise<T>) => Promise<T>;
  /** Commits what waits, then refuses everything. */
  readonly close: () => Either<void>;
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
  let waiting_chars = 0;
  let is_scheduled = false;
  let is_closing = false;
  /** Whether the last commit of a synchronous journal was. */
  let is_quick = false;
  /** Commits of an asynchronous journal, or somebody's doing apart from them. */
  let writing: Promise<void> | undefined;
  /** A group whose commit nobody knows the end of: neither acknowledged nor tried again before that is known (FLT-X30). */
  let doubt: (Drawn & { isKept: () => Promise<boolean> }) | undefined;

  journal.onLost?.((reason) => degrade([], reason));
  return { append, health: () => health, counts, apart, close };

  function append(append: Append, { patient = false } = {}): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const is_over = is_closing || health.state === 'closed' || health.state === 'fenced';
      if (is_over || (health.state === 'degraded' && !patient) || waiting.length >= WAITING_MAX) {
        reject(unavailable());
        return;
      }
      const write = toWrite(append);
      const chars = write.arrows.reduce((sum, { text }) => sum + text.length, 0);
      if (waiting_chars + chars > WAITING_CHARS_MAX) {
        reject(unavailable());
        return;
      }
      waiting.push({ write, chars, patient, resolve, reject });
      waiting_chars += chars;
      schedule();
    });
  }

  function schedule(): void {
    if (is_scheduled || writing || health.state !== 'ok') return;
    is_scheduled = true;
    endOfTurn(() => {
      is_scheduled = false;
      if (writing || health.state !== 'ok') return;
      if (isBusy()) schedule();
      else void flush(); // whatever goes wrong is told to those who wait
    });
  }

  /**
   * Commits what waits. A synchronous journal that is quick takes half of a group, and the next in a turn of its own: those who
   * are acknowledged go on meanwhile, and agents work while others are still written. One that is slow to sync takes all at once.
   */
  function flush(): Either<void> {
    while (waiting.length > 0 && health.state === 'ok') {
      const began = clock.monotonic();
      const committed = commit(takeGroup(is_quick ? GROUP_QUICK : GROUP_MAX));
      if (committed) return occupy(committed);
      is_quick = clock.monotonic() - began < QUICK_MS;
      if (is_quick && !is_closing && waiting.length > 0) {
        schedule();
        return;
      }
    }
  }

  function takeGroup(count_max: number): Waiting[] {
    const group = waiting.splice(0, groupSize(waiting, count_max));
    for (const { chars } of group) waiting_chars -= chars;
    return group;
  }

  /** Keeps groups from being written until `work`, which never rejects, is done. */
  function occupy(work: Promise<void>): Promise<void> {
    writing = work.then(() => {
      writing = undefined;
      if (waiting.length > 0) schedule();
    });
    return writing;
  }

  async function apart<T>(act: () => Promise<T>): Promise<T> {
    while (writing) await writing;
    if (health.state === 'degraded' || is_closing) throw unavailable();
    const done = act();
    void occupy(
      done.then(
        () => undefined,
        (reason: unknown) => {
          if (isOfStore(reason)) degrade([], reason); // whoever asked is told by `done`
        },
      ),
    );
    return done;
  }

  function commit(group: readonly Waiting[], doubtful = false): Either<void> {
    return attempt(
      () => after(journal.read(wantedBy(group, heads, { doubtful })), (known) => write(draw(group, known, heads))),
      (reason) => onFailure(group, reason, doubtful),
    );
  }

  function write(drawn: Drawn): Either<void> {
    if (drawn.batch.events.length === 0) {
      acknowledge(drawn);
      return;
    }
    return attempt(
      () => after(journal.commit(drawn.batch), () => onKept(drawn)),
      (reason) => {
        if (!(reason instanceof UnknownCommit)) throw reason;
        doubt = { ...drawn, isKept: reason.isKept };
        degrade([], reason.cause);
      },
    );
  }

  function onKept(drawn: Drawn): void {
    counts.transactions += 1;
    counts.events += drawn.batch.events.length;
    drawn.batch.tasks.forEach(remember);
    acknowledge(drawn);
  }

  /** Nothing of the group is acknowledged. Whoever breaks a rule of the tables is found by trying each alone, believing nothing. */
  function onFailure(group: readonly Waiting[], reason: unknown, was_doubtful: boolean): Either<void> {
    if (reason instanceof StaleEpoch) {
      fence(group, reason);
      return;
    }
    if (faultOf(reason).kind !== 'constraint') {
      degrade(group, reason);
      return;
    }
    if (!was_doubtful)
      return each(group, (one) => (stateNow() === 'ok' ? commit([one], true) : degrade([one], reason)));
    log.error({ err: reason }, 'a write broke a rule of the tables');
    for (const { reject } of group) reject(new AuroraError(5000, { cause: reason }));
  }

  function fence(group: readonly Waiting[], reason: StaleEpoch): void {
    health = { state: 'fenced', cause: reason.message, since: toIso(clock.now()) };
    log.error({ err: reason }, 'another orchestrator took the database over: nothing is written any more');
    for (const { reject } of [...(doubt?.group ?? []), ...group, ...waiting]) reject(reason);
    doubt = undefined;
    waiting = [];
    waiting_chars = 0;
  }

  /** Until writing works again only what is patient waits; what is in doubt waits for its answer. */
  function degrade(group: readonly Waiting[], reason: unknown): void {
    const { kind, cause } = faultOf(reason);
    if (health.state === 'ok') {
      log.error({ err: reason, cause }, 'the database refuses to write: new work is refused until it does again');
      health = { state: 'degraded', cause, since: toIso(clock.now()) };
      probeLater(kind !== 'locked' && kind !== 'full');
    }
    const all = [...group, ...waiting];
    waiting = all.filter(({ patient }) => patient);
    waiting_chars = waiting.reduce((sum, { chars }) => sum + chars, 0);
    for (const { patient, reject } of all) if (!patient) reject(unavailable(reason));
  }

  function probeLater(thorough: boolean): void {
    clock.after(PROBE_MS, () => void probe(thorough)); // it never rejects
  }

  /** After a sync that failed, the log is trusted again only when all of it reached the file (FLT-X26). */
  function probe(thorough: boolean): Either<void> {
    if (health.state !== 'degraded') return;
    const { since } = health;
    return attempt(
      () => after(journal.probe(thorough), () => after(resolveDoubt(), heal)),
      (reason) => {
        if (reason instanceof StaleEpoch) fence([], reason);
        if (stateNow() !== 'degraded') return;
        health = { state: 'degraded', cause: faultOf(reason).cause, since };
        probeLater(thorough);
      },
    );
  }

  /** What the database kept is acknowledged; what it did not is as any write that failed. */
  function resolveDoubt(): Either<void> {
    if (!doubt) return;
    const drawn = doubt;
    return after(drawn.isKept(), (is_kept) => {
      if (doubt !== drawn) return;
      doubt = undefined;
      log.warn({ is_kept, events: drawn.batch.events.length }, 'a commit whose end was unknown was looked up');
      if (is_kept) onKept(drawn);
      else degrade(drawn.group, undefined);
    });
  }

  function heal(): void {
    if (health.state !== 'degraded') return;
    const { since } = health;
    health = { state: 'ok' };
    log.info({ since, waiting: waiting.length }, 'the database writes again');
    schedule();
  }

  function remember(task: TaskIndex): void {
    heads.delete(task.task_id);
    if (isTerminal(task.phase)) return;
    makeRoom(heads, HEADS_MAX, HEADS_MAX / 8);
    heads.set(task.task_id, task);
  }

  function unavailable(cause?: unknown): AuroraError {
    const why = 'cause' in health ? health.cause : is_closing ? 'it is closed' : 'too much waits for it';
    return new AuroraError(5030, { message: `The ledger cannot write: ${why}`, retry_after_ms: RETRY_AFTER_MS, cause });
  }

  function close(): Either<void> {
    is_closing = true;
    return after(writing, () => after(flushAll(), end));
  }

  function flushAll(): Either<void> {
    return after(flush(), () => (waiting.length > 0 && stateNow() === 'ok' ? flushAll() : undefined));
  }

  function end(): void {
    health = { state: 'closed' };
    for (const { reject } of [...(doubt?.group ?? []), ...waiting.splice(0)]) reject(unavailable());
    waiting_chars = 0;
    doubt = undefined;
  }

  /** Health after somebody else may have changed it. */
  function stateNow(): StoreHealth['state'] {
    return health.state;
  }
}

/** One after the other. */
function each<T>(items: readonly T[], act: (item: T) => Either<void>): Either<void> {
  return items.reduce<Either<void>>((before, item) => after(before, () => act(item)), undefined);
}

/** Writes in one transaction (PROM-P1). */
const GROUP_MAX = 64;
/** Writes in one transaction while commits are quick: below it a transaction costs more than it lets others do. */
const GROUP_QUICK = 32;
/** A commit of that many takes one or two ms, most of it for the rows; what takes longer waits for a disk. */
const QUICK_MS = 4;
/** Writes that may wait, most of them patient ones of a full disk. */
const WAITING_MAX = 50_000;
/** Characters of their payloads together: what agents answer has megabytes, and it waits for as long as the disk is full. */
const WAITING_CHARS_MAX = 100_663_296;
/** Open tasks whose head is remembered; others are read again. */
const HEADS_MAX = 20_000;
/** How often a degraded store tries to write again, ms. */
const PROBE_MS = 1_000;
const RETRY_AFTER_MS = 1_000;
