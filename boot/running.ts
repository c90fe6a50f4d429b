/** What runs: one process's own view, and the note by which the command line finds the fleet of a data folder. */
import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import type { Log } from '../seams/index.ts';
import { writeJson } from './whole-file.ts';

/** A started part of the fleet. */
export interface Running {
  id: string;
  /** How others dial it. */
  url: string;
  port: number;
  instance_id: string;
  log: Log;
  /** Resolves with the reason when it can do nothing more and must end at once. */
  lost?: Promise<string>;
  /** Lets running work end, bounded, then closes the port. */
  drain(): Promise<void>;
}

/** Where the orchestrator of a data folder is. */
export const Note = z.object({
  url: z.string(),
  pid: z.number().int(),
  instance_id: z.string(),
  /** Of its REST API, when it has one. */
  api_url: z.string().optional(),
});
export type Note = z.infer<typeof Note>;

/** Writes the note. */
export function writeNote(path: string, note: Note): void {
  writeJson(path, note);
}

/** Removes the note if it is still ours. */
export function removeNote(path: string, instance_id: string): void {
  if (readNote(path)?.instance_id === instance_id) rmSync(path, { force: true });
}

/** The orchestrator that wrote its note here and whose process still lives; undefined when none does. */
export function readNote(path: string): Note | undefined {
  try {
    const note = Note.parse(JSON.parse(readFileSync(path, 'utf8')));
    return isAlive(note.pid) ? note : undefined;
  } catch {
    return undefined; // no note, or half of one from a crash
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (reason) {
    return reason instanceof Error && 'code' in reason && reason.code === 'EPERM';
  }
}
