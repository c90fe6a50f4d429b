/** Whether the index of tasks, and the keys that point into it, say what the events say (INV16, INV21). */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { ChainHead } from './chain.ts';
import { nextTurn } from './either.ts';
import type { EventRow, Tables, TaskIndex } from './schema.ts';
import { isTerminal, type Standing } from './transition.ts';

/** What the events of a task come to, folded one by one. */
export interface Folded {
  head: ChainHead;
  standing: Standing;
  /** What the index repeats of them: times of the first, of the newest and of the last, and what was asked. */
  told: Partial<Omit<TaskIndex, 'task_id' | 'phase' | 'seq' | 'head'>>;
}

/** The next event of a task that came to `before`, or its first; `standing` is where it leads. */
export function folded(before: Folded | undefined, { seq, hash, at, payload }: EventRow, standing: Standing): Folded {
  const first = before?.told ?? { created_at: at, ...askedOf(payload) };
  const final_at = first.final_at ?? (isTerminal(standing.phase) ? at : null);
  return { head: { seq, head: hash }, standing, told: { ...first, updated_at: at, fence: standing.fence, final_at } };
}

/** A row of the index by its columns, each as it was read. */
export type Indexed = ReadonlyMap<string, unknown>;

/** How the index contradicts the events; undefined when it does not. Without a row nothing is known of the task. */
export function indexBreak({ head, standing, told }: Folded, task: Indexed | undefined): string | undefined {
  if (!task) return 'no task belongs to it';
  const seq = Number(task.get('seq'));
  if (seq > head.seq) return `events after it are missing, up to ${seq}`;
  if (seq !== head.seq || task.get('head') !== head.head) return 'it is not the head that its task knows';
  const phase = task.get('phase');
  if (phase !== standing.phase) return `its task is ${String(phase)}, its events say ${standing.phase}`;
  const wrong = Object.entries(told).find(([column, value]) => task.get(column) !== value);
  return wrong && `its task has another ${wrong[0]}: its events say ${String(wrong[1])}`;
}

/** The first key that points to a task which was not asked under it. */
export async function keyBreak(db: Kysely<Tables>): Promise<{ task_id: string; seq: number; why: string } | undefined> {
  for (let last = ''; ;) {
    const page = await db
      .selectFrom('keys')
      .innerJoin('events', (join) => join.onRef('events.task_id', '=', 'keys.task_id').on('events.seq', '=', 1))
      .select(['keys.scope', 'keys.digest', 'keys.task_id', 'events.payload'])
      .where('keys.scope', '>', last)
      .orderBy('keys.scope')
      .limit(PAGE_KEYS)
      .execute();
    for (const { task_id, payload, scope, digest } of page) {
      const asked = acceptanceIn(payload);
      if (asked && (asked.key?.scope !== scope || asked.key.digest !== digest))
        return { task_id, seq: 1, why: 'a key points to it that it was not asked with' };
    }
    const end = page.at(-1);
    if (!end || page.length < PAGE_KEYS) return undefined;
    last = end.scope;
    await nextTurn();
  }
}

/** What an acceptance says that the index repeats; there is nothing to compare with where somebody else wrote it otherwise. */
function askedOf(payload: string): Folded['told'] {
  const asked = acceptanceIn(payload);
  if (!asked) return {};
  const { root_id, parent_id = null, skill, deadline } = asked;
  return { root_id, parent_id, skill, deadline };
}

/** Never throws: whoever wrote a chain anew may have written anything. */
function acceptanceIn(payload: string): z.infer<typeof Acceptance> | undefined {
  try {
    return Acceptance.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined;
  }
}

/** What the orchestrator writes down of a task, as far as the tables repeat it. */
const Acceptance = z.object({
  root_id: z.string(),
  parent_id: z.string().optional(),
  skill: z.string(),
  deadline: z.string(),
  key: z.object({ scope: z.string(), digest: z.string() }).optional(),
});
/** Keys that are read in one turn, each with the acceptance it points to. */
const PAGE_KEYS = 100;
