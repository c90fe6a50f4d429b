/** What was asked and acted on lately: the counts behind the caps on blast radius and on questions (ATK-F4, F10). */
import type { Approval } from '../protocol/index.ts';
import type { Clock } from '../seams/index.ts';
import type { Ledger } from './ledger.ts';

/** The counts. */
export interface RecentActions {
  /** Counts a question of that requester; answers how many there were in the last minute, this one included. */
  countQuestion(requester: string): number;
  questions(requester: string): number;
  /** How long until the oldest of them is forgotten, ms. */
  waitFor(requester: string): number;
  /** Targets of that class in the last hour. */
  targetsOf(action_class: string): string[];
  addTargets(of: Pick<Approval, 'action_class' | 'targets'>): void;
  /** Reads once what earlier processes acted on: a restart opens no new hour. */
  restored(): Promise<void>;
}

/** Makes the counts. */
export function createRecentActions({ clock, ledger }: { clock: Clock; ledger: Pick<Ledger, 'list'> }): RecentActions {
  const asked = new Map<string, number[]>();
  /** When each target was last acted on, by class and target. */
  const acted = new Map<string, Map<string, number>>();
  let restoring: Promise<void> | undefined;

  return {
    countQuestion(requester) {
      forgetOldRequesters();
      const times = [...timesOf(requester), clock.monotonic()];
      asked.set(requester, times.slice(-TIMES_MAX));
      return times.length;
    },
    questions: (requester) => timesOf(requester).length,
    waitFor: (requester) => MINUTE_MS - (clock.monotonic() - (timesOf(requester)[0] ?? clock.monotonic())),
    targetsOf(action_class) {
      const since = clock.now() - HOUR_MS;
      const targets = acted.get(action_class) ?? new Map<string, number>();
      for (const [target, at] of targets) if (at <= since) targets.delete(target);
      return [...targets.keys()];
    },
    addTargets: (of) => add(of, clock.now()),
    restored: () => (restoring ??= restore()),
  };

  function timesOf(requester: string): number[] {
    const since = clock.monotonic() - MINUTE_MS;
    return (asked.get(requester) ?? []).filter((at) => at > since);
  }

  function forgetOldRequesters(): void {
    if (asked.size < REQUESTERS_MAX) return;
    for (const requester of asked.keys()) if (timesOf(requester).length === 0) asked.delete(requester);
  }

  function add({ action_class, targets }: Pick<Approval, 'action_class' | 'targets'>, at: number): void {
    const known = acted.get(action_class) ?? new Map<string, number>();
    acted.set(action_class, known);
    for (const target of targets) known.set(target, Math.max(at, known.get(target) ?? 0));
  }

  async function restore(): Promise<void> {
    const since = clock.now() - HOUR_MS;
    for (let before: string | undefined; ;) {
      const rows = await ledger.list({
        with_approvals: 'any',
        limit: PAGE_TASKS,
        ...(before !== undefined && { before }),
      });
      const approvals = rows.flatMap((row) => row.approvals ?? []).filter(({ state }) => COUNTED.has(state));
      for (const approval of approvals) {
        const at = Date.parse(approval.asked_at);
        if (at > since) add(approval, at);
      }
      before = rows.at(-1)?.task_id;
      if (rows.length < PAGE_TASKS || Date.parse(rows.at(-1)?.created_at ?? '') <= since - LONGEST_TASK_MS) break;
    }
  }
}

/** What may have been done, or may still be. */
const COUNTED = new Set<Approval['state']>(['pending', 'granted']);
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A task may ask long after it was accepted. */
const LONGEST_TASK_MS = 86_400_000;
const PAGE_TASKS = 200;
/** Times kept of one requester: more than any bound on questions asks for. */
const TIMES_MAX = 1_000;
const REQUESTERS_MAX = 1_000;
