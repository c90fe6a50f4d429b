/** Many lower-case texts looked for at once, whatever the case of the text they may stand in, in one pass (Aho and Corasick). */

/** A built automaton. */
export interface Automaton {
  /** Calls `found` with the owner of each text that stands in `text`; an owner may be called more than once. */
  scan(text: string, found: (owner: number) => void): void;
}

/** Builds the automaton of ASCII texts, each with the number of whoever looks for it. */
export function createAutomaton(texts: readonly { text: string; owner: number }[]): Automaton {
  const { classes, count } = classesOf(texts);
  const nodes_max = 1 + texts.reduce((sum, { text }) => sum + text.length, 0);
  const next = new Int32Array(nodes_max * count);
  const owners: (number[] | undefined)[] = [];
  let nodes = 1;
  for (const { text, owner } of texts) {
    let node = 0;
    for (let index = 0; index < text.length; index++) {
      const step = node * count + (classes[text.charCodeAt(index)] ?? 0);
      if (next[step] === 0) next[step] = nodes++;
      node = next[step] ?? 0;
    }
    (owners[node] ??= []).push(owner);
  }
  link(next, owners, nodes, count);
  const steps = toSteps(next, owners, nodes, count);
  return {
    scan(text, found) {
      let at = 0;
      for (let index = 0; index < text.length; index++) {
        let code = text.charCodeAt(index);
        if (code > 127) code = code === KELVIN ? 107 : code === DOTTED_I ? 105 : 0;
        at = steps[at + (classes[code] ?? 0)] ?? 0;
        if (at >= 0) continue;
        at = ~at;
        for (const owner of owners[at / count] ?? []) found(owner);
      }
    },
  };
}

/** Each step leads to where the next one is looked up; inverted when a text ends there, so that scanning asks one table only. */
function toSteps(next: Int32Array, owners: readonly unknown[], nodes: number, count: number): Int32Array {
  const steps = new Int32Array(nodes * count);
  for (let step = 0; step < steps.length; step++) {
    const node = next[step] ?? 0;
    steps[step] = owners[node] === undefined ? node * count : ~(node * count);
  }
  return steps;
}

/** Only characters that occur in some text get a class of their own, capitals that of their small letters; 0 is all others. */
function classesOf(texts: readonly { text: string }[]): { classes: Uint8Array; count: number } {
  const classes = new Uint8Array(128);
  let count = 1;
  for (const { text } of texts) {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code < 128 && classes[code] === 0) classes[code] = count++;
    }
  }
  for (let code = 65; code <= 90; code++) classes[code] = classes[code + 32] ?? 0;
  return { classes, count };
}

/** Completes the steps: where a text breaks off, the longest end of it that starts another goes on. */
function link(next: Int32Array, owners: (number[] | undefined)[], nodes: number, count: number): void {
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
}

/** The two characters outside ASCII whose small letters start inside it. */
const KELVIN = 0x212a;
const DOTTED_I = 0x130;
