/** YAML as a tree that knows the place of every value: what rule authors wrote, and nothing that YAML could do beside. */
import { Composer, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, Parser, type CST, type Document } from 'yaml';
import { problem, SigmaError, type Place } from './problem.ts';

/** A value with where it stands. */
export type Node = ScalarNode | ListNode | MapNode;

/** A single value. */
export interface ScalarNode extends Place {
  kind: 'scalar';
  value: string | number | boolean | null;
  /** As it stands in the file: `010` is 8 to YAML and `010` to its author. */
  text: string;
  /** The text starts this many columns after the place: behind a quote. 0 and `exact: false` for folded texts. */
  quote: number;
  exact: boolean;
}

/** A list, in its order. */
export interface ListNode extends Place {
  kind: 'list';
  items: Node[];
}

/** A map, its entries in their order. */
export interface MapNode extends Place {
  kind: 'map';
  entries: Entry[];
}

/** One line of a map. */
export interface Entry extends Place {
  key: string;
  value: Node;
}

/** The documents of a YAML text. Throws a SigmaError (AURORA-4222) with line and column for whatever a rule has no business with. */
export function parseYaml(text: string): Node[] {
  if (text.length > YAML_CHARS_MAX)
    throw new SigmaError([problem(START, '', `longer than ${YAML_CHARS_MAX} characters`)]);
  const lines = new LineCounter();
  const documents = readDocuments(text, lines);
  if (documents.length > DOCUMENTS_MAX) {
    throw new SigmaError([problem(START, '', `more than ${DOCUMENTS_MAX} documents`)]);
  }
  return documents.flatMap((document) => {
    const faults = [...document.errors, ...document.warnings];
    if (faults.length > 0) {
      throw new SigmaError(
        faults.slice(0, FAULTS_MAX).map(({ pos, message }) => problem(placeOf(lines, pos[0]), '', sentence(message))),
      );
    }
    const node =
      document.contents === null
        ? undefined
        : toNode(document.contents, { lines, count: 0, open: new Set(), anchors: new Map() });
    return node === undefined ? [] : [node];
  });
}

/** Strict YAML 1.2: plain values, no tags of anybody's own, one meaning of a key (which mapOf sees to, in one go). */
function readDocuments(text: string, lines: LineCounter): readonly Document.Parsed[] {
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  // The composer recurses, and where it ends its stack it can end the process: depth is counted before, by a loop.
  for (const token of tokens) refuseDepth(token, lines);
  const composer = new Composer({ uniqueKeys: false, version: '1.2', schema: 'core', logLevel: 'silent' });
  return [...composer.compose(tokens, true, text.length)].filter((document) => document.contents !== null);
}

function refuseDepth(top: CST.Token, lines: LineCounter): void {
  let level: CST.Token[] = [top];
  for (let depth = 0; level.length > 0; depth++) {
    const [first] = level;
    if (depth > DEPTH_MAX && first) {
      throw new SigmaError([problem(placeOf(lines, first.offset), '', `nested deeper than ${DEPTH_MAX}`)]);
    }
    level = level.flatMap(partsOf);
  }
}

const partsOf = (token: CST.Token): CST.Token[] => {
  if (token.type === 'document') return token.value ? [token.value] : [];
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) => [...(key ? [key] : []), ...(value ? [value] : [])]);
};

/** What is known while a document is walked. */
interface Walk {
  lines: LineCounter;
  count: number;
  /** The nodes we stand in: an alias to one of them is a circle. */
  open: Set<unknown>;
  /** By name, as they are met: the library looks through the whole document for each alias. */
  anchors: Map<string, unknown>;
  is_alias?: boolean;
}

function toNode(source: unknown, walk: Walk): Node {
  const range = (source as { range?: readonly number[] | null }).range;
  const place = placeOf(walk.lines, range?.[0] ?? 0);
  if (++walk.count > NODES_MAX) throw new SigmaError([problem(place, '', `more than ${NODES_MAX} values`)]);
  if (walk.open.size > DEPTH_MAX) throw new SigmaError([problem(place, '', `nested deeper than ${DEPTH_MAX}`)]);
  if (isAlias(source)) {
    const target = walk.anchors.get(source.source);
    if (target === undefined) throw new SigmaError([problem(place, '', `no anchor ${source.source}`)]);
    if (walk.open.has(target)) throw new SigmaError([problem(place, '', `${source.source} contains itself`)]);
    const inside = { ...walk, is_alias: true };
    const node = toNode(target, inside);
    walk.count = inside.count;
    return node;
  }
  // An alias leads back into what was walked: anchors in there keep the meaning that later ones gave them.
  if (isNode(source) && source.anchor !== undefined && !walk.is_alias) walk.anchors.set(source.anchor, source);
  if (isScalar(source)) {
    const { value, source: text = '', type } = source;
    if (typeof value === 'object' && value !== null) throw new SigmaError([problem(place, '', 'not a plain value')]);
    const scalar = isPlainValue(value) ? value : text;
    const quoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE';
    const raw = typeof value === 'string' ? value : text;
    return {
      kind: 'scalar',
      value: scalar,
      text: raw,
      quote: quoted ? 1 : 0,
      exact: quoted || type === 'PLAIN',
      ...place,
    };
  }
  walk.open.add(source);
  const node = isSeq(source) ? listOf(source.items, place, walk) : mapOf(source, place, walk);
  walk.open.delete(source);
  return node;
}

const listOf = (items: readonly unknown[], place: Place, walk: Walk): ListNode => ({
  kind: 'list',
  items: items.map((item) => toNode(item, walk)),
  ...place,
});

function mapOf(source: unknown, place: Place, walk: Walk): MapNode {
  if (!isMap(source)) throw new SigmaError([problem(place, '', 'not a plain value')]);
  const entries = source.items.map(({ key, value }): Entry => {
    const name = toNode(key, walk);
    if (name.kind !== 'scalar') throw new SigmaError([problem(name, '', 'a key must be plain text')]);
    const { line, column } = name;
    const at = { kind: 'scalar', value: null, text: '', quote: 0, exact: false, line, column } as const;
    return { key: name.text, value: value === null ? at : toNode(value, walk), line, column };
  });
  const seen = new Set<string>();
  for (const { key, ...at } of entries) {
    if (seen.has(key))
      throw new SigmaError([problem(at, '', `the key ${key.slice(0, KEY_SHOWN_MAX)} stands there twice`)]);
    seen.add(key);
  }
  return { kind: 'map', entries, ...place };
}

function placeOf(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

const isPlainValue = (value: unknown): value is string | number | boolean | null =>
  value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
const sentence = (message: string): string => message.replace(/\s+/g, ' ').slice(0, SENTENCE_CHARS_MAX);

const START: Place = { line: 1, column: 1 };
const YAML_CHARS_MAX = 524_288;
const NODES_MAX = 20_000;
const DOCUMENTS_MAX = 1_000;
const DEPTH_MAX = 64;
const FAULTS_MAX = 20;
const KEY_SHOWN_MAX = 80;
const SENTENCE_CHARS_MAX = 200;
