/** Effects on one target, one task after another, whichever process carries them out (PROM-P4). */
import { AuroraError, type ApprovalUse } from '../protocol/index.ts';
import type { Clock, Stop } from '../seams/index.ts';
import { effectsBegun, findApproval, targetIn } from './approval.ts';
import type { TaskRow } from './ledger.ts';
import type { OpenTask, OpenTasks } from './open-tasks.ts';
import { createTurns } from './turns.ts';

/** The turns of tasks that act on the same target. */
export interface OneTarget {
  /**
   * Runs once no other task that is being worked on has begun an effect there: each has a deadline. What the task itself has begun
   * there waits only for who began later, between two of its attempts. What those would wait for in turn goes on at once, or it
   * would be nobody's turn. Throws where nobody waits for it any more, and nothing is on record.
   */
  take<T>(task: TaskRow, use: ApprovalUse, asked: Asked, run: () => Promise<T>): Promise<T>;
}

/** Under which attempt it was asked, and whether the asker still listens. */
export interface Asked {
  fence: number;
  stop: Pick<Stop, 'aborted' | 'reason' | 'onAbort'>;
}

/** Makes the turns. Who has begun what stands on the open tasks themselves, so that a restart forgets nothing. */
export function createOneTarget({ clock, open }: { clock: Clock; open: Pick<OpenTasks, 'all' | 'find'> }): OneTarget {
  const turns = createTurns(clock);
  /** A task may wait for several targets at once, and for one of them twice. */
  const waiting = new Set<Wait>();

  return { take };

  async function take<T>(task: TaskRow, use: ApprovalUse, asked: Asked, run: () => Promise<T>): Promise<T> {
    const wait = { task, target: targetIn(use.effect_key) };
    const is_granted = findApproval(task, use.approval_id)?.state === 'granted';
    if (!is_granted || isCircle(wait)) return run();
    waiting.add(wait);
    const inTurn = async () => {
      await untilFree(wait, asked.stop);
      assertWanted(task, asked);
      return run();
    };
    const is_begun = begunAt(task, wait.target) !== undefined;
    return (is_begun ? inTurn() : turns.take(wait.target, inTurn)).finally(() => waiting.delete(wait));
  }

  async function untilFree(wait: Wait, stop: Asked['stop']): Promise<void> {
    for (let [other] = inFront(wait); other && !isCircle(wait); [other] = inFront(wait)) {
      const own = open.find(wait.task.task_id);
      if (!own || own.stop.aborted || stop.aborted) return; // it is told that it is over
      await untilNextLook([other, own], stop);
    }
  }

  /** Until one of them is over, or nobody listens; an attempt that came to nothing is seen by looking again. */
  function untilNextLook(tasks: OpenTask[], stop: Asked['stop']): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(LOOK_MS, look);
      const forget = stop.onAbort(look);
      for (const { done } of tasks) void done.then(look);
      function look(): void {
        cancel();
        forget();
        resolve();
      }
    });
  }

  /** Whoever has begun there and is being worked on; between its attempts a task holds up nobody, or they might want one lane. */
  function inFront({ task, target }: Wait): OpenTask[] {
    const own = begunAt(task, target);
    return open.all().filter(({ task: other }) => {
      const at = other.state === 'working' ? begunAt(other, target) : undefined;
      return at !== undefined && other.task_id !== task.task_id && (own === undefined || at > own);
    });
  }

  /** Whether one in front waits, itself or somebody below it, for what this task or one above it has begun. */
  function isCircle(wait: Wait, task = wait.task, seen = new Set<Wait>()): boolean {
    return inFront(wait).some(
      ({ task: holder }) =>
        isAbove(holder, task) ||
        [...waiting].some((other) => {
          if (seen.has(other) || !isAbove(holder, other.task)) return false;
          seen.add(other);
          return isCircle(other, task, seen);
        }),
    );
  }

  function isAbove(task: TaskRow, other: TaskRow | undefined): boolean {
    for (let one = other; one; one = open.find(one.parent_id ?? '')?.task)
      if (one.task_id === task.task_id) return true;
    return false;
  }
}

/** One that waits, and for which target. */
interface Wait {
  task: TaskRow;
  target: string;
}

/** When a task began its newest effect there. */
const begunAt = (task: TaskRow, target: string): string | undefined =>
  effectsBegun(task).findLast(({ effect_key }) => targetIn(effect_key) === target)?.at;

/** Throws where its asker hung up or lost the task meanwhile: a grant would be for nobody. */
function assertWanted({ attempts }: TaskRow, { fence, stop }: Asked): void {
  if (stop.aborted) throw AuroraError.from(stop.reason);
  if (attempts.at(-1)?.fence !== fence)
    throw new AuroraError(4030, { message: 'The task was given on while this waited for its target' });
}

/** How often a task in front is looked at again, ms. */
const LOOK_MS = 1_000;
