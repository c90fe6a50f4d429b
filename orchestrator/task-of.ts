/** The task of an id, and the one refusal where there is none. */
import { AuroraError } from '../protocol/index.ts';
import type { Ledger, TaskRow } from './ledger.ts';

/** The row of a task. Throws 4040. */
export async function taskOf(ledger: Pick<Ledger, 'get'>, task_id: string): Promise<TaskRow> {
  const task = await ledger.get(task_id);
  if (!task) throw noTask(task_id);
  return task;
}

/** 4040, also for who may not know that there is one. */
export const noTask = (task_id: string): AuroraError =>
  new AuroraError(4040, { message: 'No such task', detail: { task_id } });
