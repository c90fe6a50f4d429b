/** What the orchestrator writes into `params._meta` of a handoff (wire.md 5). */
import { BlobRef, type Attempt, type Mode } from '../protocol/index.ts';
import { toIso, type Clock, type Ids, type Random } from '../seams/index.ts';
import { grantOf } from './approval.ts';
import type { TaskRow } from './ledger.ts';
import { childTraceparent } from './routing.ts';

/** One attempt of a task, as whoever reads for it. */
export type BlobReader = Pick<Attempt, 'agent_id' | 'fence'> & Pick<TaskRow, 'task_id'>;

/** Gives a task's agent the right to read the blobs that its params speak of, and no others. */
export interface BlobGrants {
  /** The base URL and a token that is over at `expires_at` (wall ms), and with the attempt. */
  forReading(sha256s: readonly string[], reader: BlobReader, expires_at: number): { url: string; token: string };
}

/** The `_meta` of one attempt. */
export function toHandoffMeta(
  task: TaskRow,
  attempt: Attempt,
  deps: { clock: Clock; ids: Ids; random: Random; blobs: BlobGrants; mode: Mode },
): Record<string, unknown> {
  const { clock, ids, random, blobs } = deps;
  const refs = refsIn(task.params);
  const approval = grantOf(task);
  const reader = { task_id: task.task_id, agent_id: attempt.agent_id, fence: attempt.fence };
  const budget_ms = Math.max(0, Math.floor(task.due - clock.monotonic()));
  // What is left, by the wall as it stands now: it may have been set since the task was accepted (FLT-X32).
  const deadline_ms = clock.now() + budget_ms;
  return {
    ...task.carried?.meta,
    traceparent: childTraceparent(task.traceparent, random.bytes(8)),
    handoff: {
      ...task.carried?.handoff,
      handoff_id: ids.next('handoff'),
      task_id: task.task_id,
      root_id: task.root_id,
      ...(task.parent_id !== undefined && { parent_id: task.parent_id }),
      from: task.from,
      to: attempt.agent_id,
      ...(task.reason !== undefined && { reason: task.reason }),
      hop: task.hop,
      path: task.path,
      mode: deps.mode,
      priority: task.priority,
      attempt: attempt.attempt,
      fence: attempt.fence,
      deadline: toIso(deadline_ms),
      budget_ms,
      actor: task.actor,
      ...(approval && { approval }),
      ...(refs.length > 0 && { blobs: blobs.forReading(refs, reader, deadline_ms) }),
    },
  };
}

/** The hashes of all blob references in some params, at most 64. */
export function refsIn(params: Record<string, unknown>): string[] {
  const found = new Set<string>();
  const look = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > DEPTH_MAX || found.size >= REFS_MAX) return;
    const ref = 'ref' in value ? BlobRef.safeParse(value.ref) : undefined;
    if (ref?.success) found.add(ref.data.sha256);
    for (const item of Object.values(value)) look(item, depth + 1);
  };
  look(params, 0);
  return [...found];
}

const DEPTH_MAX = 8;
const REFS_MAX = 64;
