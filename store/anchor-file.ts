/** The file of anchors: one a line, only ever appended to, synced before anybody relies on it. */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncPathNow } from '../seams/index.ts';
import type { AnchorRow } from './schema.ts';

/** What is written down of an anchor; pointers inside the database are not. */
export type WrittenAnchor = Omit<AnchorRow, 'folded_by'>;

/** A file as its one writer sees it. */
export interface AnchorFile {
  last(): WrittenAnchor | undefined;
  append(anchors: readonly WrittenAnchor[]): void;
}

/** Opens nothing until it is used. */
export function createAnchorFile(path: string): AnchorFile {
  /** Read once; `undefined` again after a failure, when nobody knows what the file holds. */
  let known: { last: WrittenAnchor | undefined } | undefined;
  const look = () => (known ??= { last: readAnchors(path).at(-1) });
  return {
    last: () => look().last,
    append(anchors) {
      const { last } = look();
      if (anchors.length === 0) return;
      known = undefined;
      write(path, anchors.map(toLine).join(''));
      known = { last: anchors.at(-1) ?? last };
    },
  };
}

/** All anchors of a file, oldest first; a last line that was not written whole counts for nothing. Throws when it is no such file. */
export function readAnchors(path: string): WrittenAnchor[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  return lines.map((line, index) => parse(line, index + 1));
}

/** Cuts off what an earlier writer left torn, then appends. */
function write(path: string, text: string): void {
  const is_new = !existsSync(path);
  const handle = openSync(path, 'a+', 0o600);
  try {
    const bytes = readFileSync(handle);
    ftruncateSync(handle, bytes.lastIndexOf(10) + 1);
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  if (is_new) syncPathNow(dirname(path));
}

const toLine = (anchor: WrittenAnchor): string =>
  `${JSON.stringify(Object.fromEntries(FIELDS.map((field) => [field, anchor[field]])))}\n`;

function parse(line: string, number: number): WrittenAnchor {
  try {
    const anchor: unknown = JSON.parse(line);
    if (isAnchor(anchor)) return anchor;
  } catch {
    // Whatever else it is, it is no anchor.
  }
  throw new Error(`line ${number} of the anchor file is no anchor`);
}

const isAnchor = (value: unknown): value is WrittenAnchor =>
  typeof value === 'object' && value !== null && FIELDS.every((field) => field in value);

const FIELDS = [
  'seq',
  'at',
  'after_position',
  'to_position',
  'events',
  'digest',
  'checkpoint_seq',
  'checkpoint_hash',
  'prev_hash',
  'hash',
  'signature',
] as const;
