/** Many lower-case texts looked for at once, whatever the case of the text they may stand in, in one pass (Aho and Corasick). */
import { classAt, classesOf, type Classes } from './classes.ts';
import { createSkips } from './skips.ts';

/** A built automaton. */
export interface Automaton {
  /** Calls `found` with the owner of each text that stands in `text`; an owner may be called more than once. */
  scan(text: string, found: (owner: number) => void): void;
  /** Nothing stands in a shorter text. */
  chars_min: number;
}

/** Builds the automaton of ASCII texts, each with the number of whoever looks for it. */
export function createAutomaton(texts: readonly Owned[]): Automaton {
  const classes = classesOf(texts);
  const { count } = classes;
  const { steps, owners } = createSteps(texts, classes);
  const chars_min = texts.reduce((least, { text }) => Math.min(least, text.length), Infinity);
  const skips = createSkips(texts, classes, chars_min);
  return {
    chars_min,
    scan(text, found) {
      const { length } = text;
      let at = 0;
      for (let index = 0; index < length; index++) {
        // Nothing has begun: the text is passed over up to where something may.
        if (at === 0) index = skips.next(text, index);
        if (index === length) return;
        at = steps[at + classAt(classes, text, index)] ?? 0;
        if (at >= 0) continue;
        at = ~at;
        for (const owner of owners[at / count] ?? []) found(owner);
      }
    },
  };
}

interface Owned {
  text: string;
  owner: number;
}

/** Owners of the texts that end at a node. */
type Owners = (readonly number[] | undefined)[];

/** Each step leads to where the next one is looked up; inverted when a text ends there, so that scanning asks one table only. */
function createSteps(texts: readonly Owned[], classes: Classes): { steps: Int32Array; owners: Owners } {
  const { count } = classes;
  const nodes_max = 1 + texts.reduce((sum, { text }) => sum + text.length, 0);
  const next = new Int32Array(nodes_max * count);
  const ends: (number[] | undefined)[] = [];
  let nodes = 1;
  for (const { text, owner } of texts) {
    let node = 0;
    for (let index = 0; index < text.length; index++) {
      const step = node * count + classAt(classes, text, index);
      if (next[step] === 0) next[step] = nodes++;
      node = next[step] ?? 0;
    }
    const own = (ends[node] ??= []);
    if (own.at(-1) !== owner) own.push(owner);
  }
  const owners = link(next, ends, nodes, count);
  const steps = next.slice(0, nodes * count);
  for (let step = 0; step < steps.length; step++) {
    const node = steps[step] ?? 0;
    steps[step] = owners[node] === undefined ? node * count : ~(node * count);
  }
  return { steps, owners };
}

/** Completes the steps: where a text breaks off, the longest end of it that starts another goes on. */
function link(next: Int32Array, ends: Owners, nodes: number, count: number): Owners {
  const owners = [...ends];
  const fallback = new Int32Array(nodes);
  const queue = new Int32Array(nodes);
  let [head, tail] = [0, 0];
  for (let step = 1; step < count; step++) {
    const child = next[step] ?? 0;
    if (child !== 0) queue[tail++] = child;
  }
  while (head < tail) {
    const node = queue[head++] ?? 0;
    const back = fallback[node] ?? 0;
    const inherited = owners[back];
    if (inherited) owners[node] = [...new Set([...(owners[node] ?? []), ...inherited])];
    for (let step = 1; step < count; step++) {
      const child = next[node * count + step] ?? 0;
      const beyond = next[back * count + step] ?? 0;
      if (child === 0) next[node * count + step] = beyond;
      else {
        fallback[child] = beyond;
        queue[tail++] = child;
      }
    }
  }
  return owners;
}
