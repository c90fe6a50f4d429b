/** What a task's record takes of memory while it is at hand, told from the length of its texts. */
import { weightOf } from '../protocol/index.ts';

/** Of one text of the journal, bytes. A short one is not looked through: what people ask takes four times its text. */
export const weigh = (text: string): number =>
  text.length <= SHORT_CHARS ? text.length * SHORT_FACTOR : weightOf(text);

const SHORT_CHARS = 2_048;
const SHORT_FACTOR = 4;
