/** What creating an agent comes to: files that must not be there yet, files that change, and what to do then. */
import { closeSync, mkdirSync, openSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../outcome.ts';
import { codeOf, requireFile, requireFree } from './places.ts';
import type { NewFile } from './templates.ts';

/** A plan; nothing of it has been done. */
export interface Creation {
  where: 'checkout' | 'package';
  /** The folder that all paths lie below. */
  root: string;
  files: readonly NewFile[];
  /** Files that are there, with the text that they get. */
  edits: readonly NewFile[];
  /** Done once all is written. */
  finish?: () => void;
  /** Commands for a person, one a line. */
  next: readonly string[];
}

/** Carries a plan out, all of it or nothing. Throws a UsageError that names the file which stands in the way or cannot be written. */
export function carryOut({ root, files, edits, finish }: Creation): void {
  for (const { path } of files) requireFree(root, path);
  for (const { path } of edits) requireFile(root, path);
  const done: Step[] = [];
  for (const { path, text } of files) attempt(join(root, path), done, (place) => add(place, text, done));
  for (const { path, text } of edits) attempt(join(root, path), done, (place) => change(place, text, done));
  finish?.();
}

/** Something that was done, and how it is taken back. */
interface Step {
  path: string;
  undo: () => void;
}

function attempt(path: string, done: readonly Step[], write: (path: string) => void): void {
  try {
    write(path);
  } catch (cause) {
    const left = takeBack(done);
    const rest = left.length === 0 ? 'nothing was kept' : `look after ${left.join(', ')} yourself`;
    throw new UsageError(
      `${path} cannot be written (${codeOf(cause)}); ${rest}. Make room for it, or choose another folder with --into`,
      { cause },
    );
  }
}

/** Takes back what was done, the last first. Answers what could not be. */
const takeBack = (done: readonly Step[]): string[] =>
  done.toReversed().flatMap(({ path, undo }) => {
    try {
      undo();
      return [];
    } catch {
      return [path];
    }
  });

function add(path: string, text: string, done: Step[]): void {
  const folder = dirname(path);
  const first = mkdirSync(folder, { recursive: true });
  if (first !== undefined) done.push({ path: first, undo: () => removeFolders(folder, first) });
  const file = openSync(path, 'wx'); // whoever was quicker is not overwritten either, nor taken back
  done.push({ path, undo: () => unlinkSync(path) });
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** Removes folders that were made, from the lowest to the first; what somebody else put into them stays. */
function removeFolders(lowest: string, first: string): void {
  for (let folder = lowest; folder.length >= first.length; folder = dirname(folder)) rmdirSync(folder);
}

function change(path: string, text: string, done: Step[]): void {
  const before = readFileSync(path);
  done.push({ path, undo: () => writeFileSync(path, before) });
  writeFileSync(path, text);
}
