/** The end of a child whose parent starts again, as it is written, told from every other end. */
import { z } from 'zod';
import type { TaskError } from '../protocol/index.ts';

const PARENT_RESTARTED = 'parent_restarted';

/** A child whose parent is done once more from its start: it is no handoff of the parent any more. Its `why` is what counts. */
export const PARENT_STARTS_AGAIN: TaskError = {
  code: 4990,
  message: 'The orchestrator was restarted: the parent starts again',
  detail: { why: PARENT_RESTARTED },
};

/** Texts of which the payload of such an end holds one; others may too, so `isParentRestart` has the last word. */
export const parentRestartMarks = (): readonly string[] => [PARENT_RESTARTED, STORED_SENTENCE];

/** Whether the payload of a cancellation, JSON, says that the parent starts again. */
export function isParentRestart(payload: string): boolean {
  const error = Ended.safeParse(JSON.parse(payload)).data?.error;
  if (error?.detail?.why !== undefined) return error.detail.why === PARENT_RESTARTED;
  return error?.message.startsWith(STORED_SENTENCE) ?? false;
}

const Ended = z.object({
  error: z.object({ message: z.string(), detail: z.object({ why: z.unknown() }).partial().nullish() }),
});
/** Ends of version 0.1.0 have no detail: this sentence is how they are stored, and never changes. */
const STORED_SENTENCE = 'The orchestrator was restarted: the parent starts again';
