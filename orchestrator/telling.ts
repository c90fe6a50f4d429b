/** What is told of a task while it is carried out: on its own stream, and on its investigation's. */
import { isFinal, type Attempt, type ProgressEvent, type TaskEventKind } from '../protocol/index.ts';
import type { Log } from '../seams/index.ts';
import { bytesOf, cutValue, type Events, type StreamEvent } from './events.ts';
import type { Ledger, TaskRow } from './ledger.ts';
import type { Retold } from './retold.ts';

/** Tells events, and relays those of an agent. */
export interface Telling {
  readonly tell: (task: TaskRow, kind: TaskEventKind, value: unknown) => void;
  /**
   * Hears the events of a task's attempts. The agent's own numbering ends here: what is missing in it becomes a `gap`, what comes
   * twice or too late is dropped, and too large a thought is cut rather than carried (ATK-E10). An agent that is asked again goes
   * on with the run it has, and counts on under the fence with which that began. `told` is what an earlier process kept of it.
   */
  readonly relay: (task: TaskRow, told?: readonly Retold[]) => (attempt: Attempt) => (event: ProgressEvent) => void;
}

/** Hears everything that is told, once, with the task as it is then. */
export type OnTold = (task: TaskRow, event: StreamEvent) => void;

/** What telling needs. */
export interface TellingDeps {
  events: Events;
  ledger: Pick<Ledger, 'record'>;
  log: Log;
  onTold?: OnTold | undefined;
}

/** Makes the telling of what becomes of tasks. Artifacts are journaled as they come (wire.md 6). */
export function createTelling({ events, ledger, log, onTold }: TellingDeps): Telling {
  return { tell, relay };

  function tell(task: TaskRow, kind: TaskEventKind, value: unknown): void {
    const event = events.append(task.task_id, kind, value);
    onTold?.(task, event);
    if (task.root_id === task.task_id) return;
    const attempt = task.attempts.length;
    const source = { task_id: task.task_id, agent_id: task.agent_id, skill: task.skill, attempt };
    events.append(task.root_id, kind, value, source);
  }

  function relay(task: TaskRow, told: readonly Retold[] = []): (attempt: Attempt) => (event: ProgressEvent) => void {
    const expected = new Map<number, number>();
    const earlier = told.filter(({ kind }) => kind === 'artifact');
    let artifacts = earlier.length;
    let artifact_chars = earlier.reduce((sum, { value }) => sum + bytesOf(value), 0);
    return ({ fence }) =>
      ({ seq, since = fence, kind, value }) => {
        const run = Math.min(since, fence);
        const next = expected.get(run) ?? 1;
        if (isFinal(task.state) || seq < next) return;
        lose(task, Math.min(seq - next, LOST_MAX));
        expected.set(run, seq + 1);
        const size = bytesOf(value);
        if (kind === 'artifact') {
          artifacts += 1;
          artifact_chars += size;
        }
        if (artifacts > ARTIFACTS_MAX && kind === 'artifact') {
          if (artifacts === ARTIFACTS_MAX + 1) flooded(task);
          return;
        }
        const is_small = kind === 'artifact' ? artifact_chars <= ARTIFACT_CHARS_MAX : size <= EVENT_CHARS_MAX;
        const shown = is_small ? value : cutValue(value);
        if (kind === 'artifact') keep(task, shown);
        // States and gaps are the orchestrator's to tell: an agent's status is how far it has come, and a gap of its own is a hole.
        if (kind === 'gap') lose(task, 1);
        else tell(task, kind, kind === 'status' ? { text: textIn(shown) } : shown);
      };
  }

  function keep({ task_id }: TaskRow, value: unknown): void {
    ledger.record(task_id, [{ type: 'artifact', payload: value }]).catch((reason: unknown) => {
      log.warn({ task_id, err: reason }, 'an artifact was not journaled');
    });
  }

  /** All that come from now on are one gap, and no row. */
  function flooded(task: TaskRow): void {
    log.warn(
      { task_id: task.task_id, agent_id: task.agent_id, artifacts_max: ARTIFACTS_MAX },
      'artifacts were dropped',
    );
    lose(task, 1);
  }

  function lose(task: TaskRow, count: number): void {
    if (count === 0) return;
    events.skip(task.task_id, count);
    if (task.root_id !== task.task_id) events.skip(task.root_id, count);
  }
}

/** The sentence of an agent's status, whatever else it wrote there. */
const textIn = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string' ? value.text : '';

const EVENT_CHARS_MAX = 16_384;
/** Artifacts of one task: as many as its stream keeps. More are one gap (ATK-E10). */
const ARTIFACTS_MAX = 1_000;
/** Artifacts of one task together, characters; what is more is named and not carried. */
const ARTIFACT_CHARS_MAX = 1_048_576;
/** Events that one hole in an agent's numbering may stand for; a lying number must not use up ours. */
const LOST_MAX = 10_000;
