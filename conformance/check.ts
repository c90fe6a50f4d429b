/** What a check is: the code that proves one sentence, and the two ways in which it may end early. */
import type { Probe } from './probe.ts';
import { requirements, type Profile, type RequirementId } from './requirements.ts';

/** When a check runs: `plain` ones side by side, `long` ones beside them (they wait for time to pass), `hard` ones alone, `last` at the very end. */
export type Phase = 'plain' | 'long' | 'hard' | 'last';

/** A check of one sentence. */
export interface Check {
  id: RequirementId;
  phase: Phase;
  /** Where it runs; everywhere its sentence applies unless said. */
  profiles: readonly Profile[];
  run(probe: Probe): Promise<void>;
}

/** The peer broke the sentence. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** The sentence could not be tried; the message says why, and what would help. */
export class Skip extends Error {
  override readonly name = 'Skip';
}

/** Makes a check: `run` returns when the sentence holds, throws a Failure when not, a Skip when it cannot tell. */
export const verifies = (
  id: RequirementId,
  run: (probe: Probe) => Promise<void>,
  { phase = 'plain', profiles = requirements[id].profiles }: { phase?: Phase; profiles?: readonly Profile[] } = {},
): Check => ({ id, phase, profiles, run });

/** Throws a Failure unless `holds`. */
export function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Failure(otherwise);
}

/** Ends the check as a failure. */
export function fail(why: string): never {
  throw new Failure(why);
}

/** Ends the check untried. */
export function skip(why: string): never {
  throw new Skip(why);
}

/** A value as JSON. What is nested so deep that writing it needs more stack than there is, is no fault of whoever reads it. */
export function toText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'something nested too deep to be shown';
  }
}

/** How a value is shown in a sentence: as JSON, cut. */
export function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : toText(value);
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
}

const SHOWN_CHARS_MAX = 300;
