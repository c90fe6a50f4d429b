/** What was asked and acted on lately: the counts behind the caps on blast radius and on questions (ATK-F4, F10). */
import type { Approval } from '../protocol/index.ts';
import { makeRoom, type Clock } from '../seams/index.ts';
import { findApproval, stateAt } from './approval.ts';
import type { Ledger, TaskRow } from './ledger.ts';

/** The counts. */
export interface RecentActions {
  /**
   * Counts a question of that requester; answers how many there were in the last minute, this one included. Where too many ask at
   * once, whoever has not asked for longest is counted anew: who asks most is never forgotten.
   */
  countQuestion(requester: string): number;
  questions(requester: string): number;
  /** How long until the oldest of them is forgotten, ms. */
  waitFor(requester: string): number;
  /** Targets of that class in the last hour: of what may be done yet and what was, not of what was withdrawn, denied or ran out. */
  targetsOf(action_class: string): string[];
  /** Counts a question from now on, before it is kept; answers how to take it back when it is not. */
  addTargets(task: TaskRow, question: Counted): () => void;
  /** Reads once what earlier processes acted on: a restart opens no new hour. */
  restored(): Promise<void>;
}

/** The part of a question that is counted. */
export type Counted = Pick<Approval, 'approval_id' | 'action_class' | 'targets'>;

/** One target: when something was last granted about it, and the questions that may come to nothing yet, oldest first. */
interface Target {
  granted_at: number;
  open: Open[];
}

/** A question with its task, whose row says what became of it. */
interface Open {
  approval_id: string;
  task: TaskRow;
  at: number;
}

/** Makes the counts. */
export function createRecentActions({ clock, ledger }: { clock: Clock; ledger: Pick<Ledger, 'list'> }): RecentActions {
  /** Whoever asked last stands last. */
  const asked = new Map<string, number[]>();
  /** By class and target. */
  const acted = new Map<string, Map<string, Target>>();
  let restoring: Promise<void> | undefined;

  return {
    countQuestion(requester) {
      const times = [...timesOf(requester), clock.monotonic()];
      asked.delete(requester);
      forgetOldRequesters();
      makeRoom(asked, REQUESTERS_MAX);
      asked.set(requester, times.slice(-TIMES_MAX));
      return times.length;
    },
    questions: (requester) => timesOf(requester).length,
    waitFor: (requester) => MINUTE_MS - (clock.monotonic() - (timesOf(requester)[0] ?? clock.monotonic())),
    targetsOf(action_class) {
      const targets = acted.get(action_class) ?? new Map<string, Target>();
      for (const [name, target] of targets) {
        look(target);
        if (target.granted_at === NEVER && target.open.length === 0) targets.delete(name);
      }
      return [...targets.keys()];
    },
    addTargets: (task, question) => add(task, question, clock.now()),
    restored: () => (restoring ??= restore()),
  };

  function timesOf(requester: string): number[] {
    const since = clock.monotonic() - MINUTE_MS;
    return (asked.get(requester) ?? []).filter((at) => at > since);
  }

  function forgetOldRequesters(): void {
    for (const requester of asked.keys()) {
      if (timesOf(requester).length > 0) return;
      asked.delete(requester);
    }
  }

  function add(task: TaskRow, { approval_id, action_class, targets }: Counted, at: number): () => void {
    const known = acted.get(action_class) ?? new Map<string, Target>();
    acted.set(action_class, known);
    const own = targets.map((name) => {
      const target = known.get(name) ?? { granted_at: NEVER, open: [] };
      known.set(name, target);
      target.open.push({ approval_id, task, at });
      look(target);
      return target;
    });
    return () => {
      for (const target of own)
        target.open = target.open.filter((one) => one.approval_id !== approval_id || findApproval(task, approval_id));
    };
  }

  /** Drops what came to nothing and what is an hour old; what was granted, and what is too much to be followed, counts for its hour. */
  function look(target: Target): void {
    const now = clock.now();
    const since = now - HOUR_MS;
    const open: Open[] = [];
    for (const one of target.open.filter(({ at }) => at > since)) {
      const approval = findApproval(one.task, one.approval_id);
      if (approval?.state === 'granted') target.granted_at = Math.max(target.granted_at, one.at);
      else if (!approval || stateAt(approval, now) === 'pending') open.push(one);
    }
    for (const one of open.splice(0, open.length - OPEN_MAX)) target.granted_at = Math.max(target.granted_at, one.at);
    if (target.granted_at <= since) target.granted_at = NEVER;
    target.open = open;
  }

  async function restore(): Promise<void> {
    const since = clock.now() - HOUR_MS;
    for (let before: string | undefined; ;) {
      const rows = await ledger.list({
        with_approvals: 'any',
        limit: PAGE_TASKS,
        ...(before !== undefined && { before }),
      });
      for (const row of rows) {
        for (const approval of row.approvals ?? []) add(row, approval, Date.parse(approval.asked_at));
      }
      before = rows.at(-1)?.task_id;
      if (rows.length < PAGE_TASKS || Date.parse(rows.at(-1)?.created_at ?? '') <= since - LONGEST_TASK_MS) break;
    }
  }
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A task may ask long after it was accepted. */
const LONGEST_TASK_MS = 86_400_000;
const PAGE_TASKS = 200;
/** Times kept of one requester: more than any bound on questions asks for. */
const TIMES_MAX = 1_000;
/** Requesters whose questions are counted. */
const REQUESTERS_MAX = 1_000;
const NEVER = 0;
/** Questions about one target that are followed; older ones count whatever becomes of them. */
const OPEN_MAX = 64;
