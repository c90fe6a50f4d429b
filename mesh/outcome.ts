/** How a call ended, as text that can be kept and answered again. */
import { z } from 'zod';
import { AuroraError, isErrorCode } from '../protocol/index.ts';

/** A result, or an error as on the wire. */
export type Outcome = { result: unknown } | { error: AuroraError };

/** The outcome of a run, whichever way it ended. */
export const outcomeOf = (running: Promise<unknown>): Promise<Outcome> =>
  running.then(
    (result) => ({ result }),
    (reason: unknown) => ({ error: AuroraError.from(reason, -32603) }),
  );

/** The value to answer with; throws the error. */
export function answerOf(outcome: Outcome): unknown {
  if ('error' in outcome) throw outcome.error;
  return outcome.result;
}

/** The outcome as text. What no frame can carry is kept as the error that the asker was answered instead. */
export function toText(outcome: Outcome): string {
  if ('error' in outcome) {
    const { code, message, detail, retry_after_ms } = outcome.error;
    return JSON.stringify({ error: { code, message, detail, retry_after_ms } });
  }
  try {
    const text = JSON.stringify({ result: outcome.result ?? null });
    return text.length <= OUTCOME_CHARS_MAX ? text : toText({ error: new AuroraError(4130) });
  } catch (cause) {
    return toText({ error: new AuroraError(-32603, { cause }) });
  }
}

/** Reads what `toText` wrote. */
export function parseOutcome(text: string): Outcome {
  const { error, result } = Kept.parse(JSON.parse(text));
  if (!error) return { result };
  const { code, message, detail, retry_after_ms } = error;
  return {
    error: new AuroraError(isErrorCode(code) ? code : 5000, {
      message,
      detail,
      ...(retry_after_ms !== undefined && { retry_after_ms }),
    }),
  };
}

const Kept = z.object({
  result: z.unknown().optional(),
  error: z
    .object({ code: z.number(), message: z.string(), detail: z.unknown(), retry_after_ms: z.number().optional() })
    .optional(),
});
/** A frame of 4 MiB holds no more. */
const OUTCOME_CHARS_MAX = 4_194_304;
