/** Effects on one target, one task after another, whichever process carries them out (PROM-P4). */
import type { ApprovalUse } from '../protocol/index.ts';
import type { Clock } from '../seams/index.ts';
import { effectsBegun, findApproval, targetIn } from './approval.ts';
import type { TaskRow } from './ledger.ts';
import type { OpenTasks } from './open-tasks.ts';
import { createTurns } from './turns.ts';

/** The turns of tasks that act on the same target. */
export interface OneTarget {
  /**
   * Runs once no other open task has begun an effect there: each has a deadline. What the task itself has begun there goes on at
   * once, and so does what those would wait for in turn, or it would be nobody's turn.
   */
  take<T>(task: TaskRow, use: ApprovalUse, run: () => Promise<T>): Promise<T>;
}

/** Makes the turns. Who has begun what stands on the open tasks themselves, so that a restart forgets nothing. */
export function createOneTarget({ clock, open }: { clock: Clock; open: Pick<OpenTasks, 'all' | 'find'> }): OneTarget {
  const turns = createTurns(clock);
  /** Who waits, and for which target. */
  const waiting = new Map<TaskRow, string>();

  return { take };

  async function take<T>(task: TaskRow, use: ApprovalUse, run: () => Promise<T>): Promise<T> {
    const target = targetIn(use.effect_key);
    const is_granted = findApproval(task, use.approval_id)?.state === 'granted';
    const is_begun = effectsBegun(task).some(({ effect_key }) => targetIn(effect_key) === target);
    if (!is_granted || is_begun || isCircle(task, target)) return run();
    waiting.set(task, target);
    return turns
      .take(target, async () => {
        await untilFree(task, target);
        return run();
      })
      .finally(() => waiting.delete(task));
  }

  async function untilFree(task: TaskRow, target: string): Promise<void> {
    for (let [other] = holders(target); other; [other] = holders(target)) {
      const own = open.find(task.task_id);
      if (!own || own.stop.aborted) return; // it is told that it is over
      await Promise.race([other.done, own.done]);
    }
  }

  function holders(target: string) {
    return open
      .all()
      .filter(({ task }) => effectsBegun(task).some(({ effect_key }) => targetIn(effect_key) === target));
  }

  /** Whether one that has begun there waits, itself or somebody below it, for what this task or one above it has begun. */
  function isCircle(task: TaskRow, target: string, seen = new Set<string>()): boolean {
    if (seen.has(target)) return false;
    seen.add(target);
    return holders(target).some(
      ({ task: holder }) =>
        isAbove(holder, task) ||
        [...waiting].some(([waiter, wanted]) => isAbove(holder, waiter) && isCircle(task, wanted, seen)),
    );
  }

  function isAbove(task: TaskRow, other: TaskRow | undefined): boolean {
    for (let one = other; one; one = open.find(one.parent_id ?? '')?.task)
      if (one.task_id === task.task_id) return true;
    return false;
  }
}
