/** Which of many regular expressions can match a text at all, told in one pass over it: most of them need not be run. */
import { createAutomaton } from './automaton.ts';
import { literalsOf } from './regex-literals.ts';

/** Runs the patterns it knows only where they can match; the answers are those of the patterns themselves. */
export interface Sieve {
  /** Looks through a text once; the returned function answers as `pattern.exec(text)` does. */
  over(text: string): (pattern: RegExp) => RegExpExecArray | null;
}

/** A sieve of patterns. One that it was not given, and one that names no text for certain, is always run. */
export function createSieve(patterns: Iterable<RegExp>): Sieve {
  const owners = new Map<RegExp, number>();
  const texts: { text: string; owner: number }[] = [];
  for (const pattern of patterns) {
    const literals = owners.has(pattern) ? undefined : literalsOf(pattern);
    if (!literals) continue;
    const owner = owners.size;
    owners.set(pattern, owner);
    for (const text of literals) texts.push({ text, owner });
  }
  const automaton = createAutomaton(texts);
  return {
    over(text) {
      const met = new Uint8Array(owners.size);
      automaton.scan(text, (owner) => {
        met[owner] = 1;
      });
      return (pattern) => {
        const owner = owners.get(pattern);
        return owner !== undefined && met[owner] === 0 ? null : pattern.exec(text);
      };
    },
  };
}
