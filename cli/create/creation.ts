/** What creating an agent comes to: files that must not be there yet, files that change, and what to do then. */
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../outcome.ts';
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

/** Carries a plan out. Throws a UsageError naming the file when one is there already, before anything is written. */
export function carryOut({ root, files, edits, finish }: Creation): void {
  const there = files.find(({ path }) => lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined);
  if (there) throw new UsageError(`${join(root, there.path)} is there already; nothing was written`);
  for (const { path, text } of files) write(join(root, path), text, 'wx'); // whoever was quicker is not overwritten either
  for (const { path, text } of edits) write(join(root, path), text, 'w');
  finish?.();
}

function write(path: string, text: string, flag: 'w' | 'wx'): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag });
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'failed';
    throw new UsageError(`${path} cannot be written (${why})`, { cause });
  }
}
