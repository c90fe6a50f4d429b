/** A task as callers see it. */
import type { Task } from '../protocol/index.ts';
import type { TaskRow } from './ledger.ts';

/** The public face of a row: no params, no rights, no monotonic times. */
export function toTask(row: TaskRow): Task {
  return {
    task_id: row.task_id,
    root_id: row.root_id,
    ...(row.parent_id !== undefined && { parent_id: row.parent_id }),
    state: row.state,
    ...(row.outcome && { outcome: row.outcome }),
    ...(row.simulated && { simulated: row.simulated }),
    agent_id: row.agent_id,
    skill: row.skill,
    ...(row.reason !== undefined && { reason: row.reason }),
    hop: row.hop,
    path: [...row.path],
    mode: row.mode,
    priority: row.priority,
    created_at: row.created_at,
    updated_at: row.updated_at,
    deadline: row.deadline,
    attempts: row.attempts,
    ...(row.result !== undefined && { result: row.result }),
    ...(row.error && { error: row.error }),
    ...(row.late_result && { late_result: row.late_result }),
    ...(row.redriven_as !== undefined && { redriven_as: row.redriven_as }),
    ...(row.resolved && { resolved: row.resolved }),
  };
}
