/** The model of the ledger: what it must answer, as plainly as it can be said, to compare the real one with. */
import { isFinal, type Attempt } from '../../protocol/index.ts';
import type { Ledger, TaskRow } from '../../orchestrator/index.ts';
import { toIso, type Clock } from '../../seams/index.ts';

/** What of a ledger the model says. */
export type ModelLedger = Omit<Ledger, 'page' | 'record' | 'history' | 'journalOf' | 'votesOfLate' | 'recover'>;

/** Makes an empty one. */
export function modelLedger(clock: Clock, { open_max }: { open_max: number }): ModelLedger {
  const rows = new Map<string, TaskRow>();
  let finished = 0;
  const keys = new Map<string, string>();
  const children = new Map<string, string[]>();
  const roots = new Map<string, number>();

  return {
    async accept(row, { fan_out_max, root_tasks_max }) {
      if (row.key && keys.has(row.key.scope)) return 'duplicate';
      if ((children.get(row.parent_id ?? '')?.length ?? 0) >= fan_out_max) return 'fan_out';
      if ((roots.get(row.root_id) ?? 0) >= root_tasks_max) return 'family';
      if (rows.size - finished >= open_max) return 'full';
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
      if (!row) return false;
      if (isFinal(row.state)) {
        if (end.state === 'completed' && row.outcome !== 'succeeded')
          row.late_result = { at: toIso(clock.now()), result: end.result };
        return false;
      }
      const newest = row.attempts.at(-1);
      if (fence !== undefined && newest?.fence !== fence) return false;
      const ended_at = toIso(clock.now());
      if (newest && !newest.ended_at)
        row.attempts = endAttempt(row.attempts, newest.fence, { outcome: end.state, ended_at });
      const outcome = end.state === 'completed' ? 'succeeded' : end.state === 'rejected' ? 'denied' : end.state;
      Object.assign(row, end, { outcome, updated_at: ended_at });
      finished += 1;
      return true;
    },
  };
}

const endAttempt = (
  attempts: readonly Attempt[],
  fence: number,
  end: Pick<Attempt, 'outcome' | 'ended_at'>,
): Attempt[] => attempts.map((attempt) => (attempt.fence === fence ? { ...attempt, ...end } : attempt));
