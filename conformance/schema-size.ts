/** How large a peer's schema may be to be judged: to compile it takes time by the square of its lists, and nobody can stop that. */
import type { Frame } from './answers.ts';

/** Why a schema is too large to be judged; undefined when it is not. What it may point to is counted with it. */
export function tooLarge(schema: Frame): string | undefined {
  let values = 0;
  const waiting: unknown[] = [schema];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== 'object' || value === null) continue;
    const inner = Object.values(value);
    if (inner.length > LIST_MAX) return `a list of it has over ${LIST_MAX} entries`;
    values += inner.length;
    if (values > VALUES_MAX) return `it has over ${VALUES_MAX} values`;
    for (const one of inner) waiting.push(one);
  }
  return undefined;
}

/** Entries of one list or members of one object. */
const LIST_MAX = 1_000;
/** All of them together: three times as many as the largest document of this installation has. */
const VALUES_MAX = 10_000;
