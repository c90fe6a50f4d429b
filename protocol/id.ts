/** Ids and cursors as they come over a wire: names that are looked up, and no more. */
import { z } from 'zod';

/**
 * An id of at most so many characters, none of them a control character: one store refuses U+0000 and another looks for it, so that
 * nobody gets as far as to ask.
 */
export const idOf = (chars_max: number) =>
  z
    .string()
    .max(chars_max)
    .regex(/^[ -~\u00a0-\uffff]*$/);

/** The id of a task, or of an investigation: of its first task. */
export const TaskRefId = idOf(64);
/** The id of an approval. */
export const ApprovalRefId = idOf(128);
/** The id of a skill that is asked for. */
export const SkillRefId = idOf(64);
/** Where a list goes on: the `next_cursor` of a page. */
export const Cursor = idOf(256);
