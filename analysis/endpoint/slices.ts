/** Long work in slices, so that whoever shares the process, such as the link that carries it, has its turn in between. */
import type { Classification } from './classify.ts';

/** How much was judged since the last turn. */
export interface Slices {
  /** Counts what was judged. The promise is of the next turn, when one is due; it rejects when the work was aborted. */
  spend(chars: number): Promise<void> | undefined;
}

/** Slices of some milliseconds. */
export function createSlices(signal?: AbortSignal): Slices {
  let chars_spent = 0;
  return {
    spend(chars) {
      chars_spent += chars + STEP_CHARS;
      if (chars_spent < CHARS_A_TURN) return undefined;
      chars_spent = 0;
      return nextTurn(signal);
    },
  };
}

/** How many characters were read to classify a command: what was unwrapped from it was read as well. */
export const charsOf = ({ decoded }: Classification): number =>
  decoded.layers.reduce((sum, { text }) => sum + text.length, decoded.text.length);

async function nextTurn(signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
  signal?.throwIfAborted();
}

/** What a step costs beside its characters. */
const STEP_CHARS = 200;
/** Some 20 ms where every rule reads every character, about 1 ms else. */
const CHARS_A_TURN = 65_536;
