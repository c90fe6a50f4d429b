/** Patterns of a peer's schemas: run by a linear engine within a budget, for a backtracking one can be made to think for ever. */
import type { Options } from 'ajv';
import { RE2JS } from 're2js';

/** The patterns of schemas that are compiled together. */
export interface Patterns {
  /** What ajv makes patterns with. Throws on what is no regular expression at all. */
  readonly engine: NonNullable<NonNullable<Options['code']>['regExp']>;
  /** Why what was compiled since the last call cannot be judged; undefined when it can. */
  takeUnjudged(): string | undefined;
  /** Judges one value; `otherwise` when that takes more than the budget, or more stack than there is. */
  judge<T>(run: () => T, otherwise: T): T;
}

/** An engine with a budget of `STEPS_MAX` steps for each judgement. */
export function createPatterns(): Patterns {
  let unjudged: string | undefined;
  let steps_left = STEPS_MAX;
  const make = (source: string) => {
    const compiled = compileLinear(source);
    if (!compiled) unjudged ??= `the kit's engine does not take the pattern ${source.slice(0, SHOWN_CHARS_MAX)}`;
    const test = (text: string): boolean => {
      steps_left -= text.length * (compiled?.programSize() ?? STEPS_MAX);
      if (!compiled || steps_left < 0) throw new Error('more than the budget of patterns');
      return compiled.test(text);
    };
    return { test, toString: () => source }; // ajv tells patterns apart by this
  };
  return {
    engine: Object.assign(make, { code: 'conformancePattern' }),
    takeUnjudged() {
      const why = unjudged;
      unjudged = undefined;
      return why;
    },
    judge(run, otherwise) {
      steps_left = STEPS_MAX;
      try {
        return run();
      } catch {
        return otherwise;
      }
    },
  };
}

/** Undefined when only a backtracking engine could run it. Throws when it is no regular expression at all. */
export function compileLinear(source: string): RE2JS | undefined {
  new RegExp(source, 'u');
  if (source.length > PATTERN_CHARS_MAX) return undefined;
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
    return compiled.programSize() > PROGRAM_MAX ? undefined : compiled;
  } catch {
    return undefined;
  }
}

const PATTERN_CHARS_MAX = 4_096;
/** Steps of a compiled pattern. */
const PROGRAM_MAX = 5_000;
/** Steps times characters of one judgement: less than a second. */
const STEPS_MAX = 20_000_000;
const SHOWN_CHARS_MAX = 80;
