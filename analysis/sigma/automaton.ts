/** Many texts looked for at once, in one pass over the text they may stand in (Aho and Corasick). */

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
  return {
    scan(text, found) {
      let node = 0;
      for (let index = 0; index < text.length; index++) {
        const code = text.charCodeAt(index);
        node = code < 128 ? (next[node * count + (classes[code] ?? 0)] ?? 0) : 0;
        const here = owners[node];
        if (here !== undefined) for (const owner of here) found(owner);
      }
    },
  };
}

/** Only characters that occur in some text get a class of their own; 0 is all others. */
function classesOf(texts: readonly { text: string }[]): { classes: Uint8Array; count: number } {
  const classes = new Uint8Array(128);
  let count = 1;
  for (const { text } of texts) {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code < 128 && classes[code] === 0) classes[code] = count++;
    }
  }
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
