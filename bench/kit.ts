/** What a measurement is given: bounds, a folder to work in, and contenders that end with it. */
import type { Load, Loaded } from './contender.ts';

/** How much is measured, and on what. */
export interface Options {
  rounds: number;
  /** Length of one turn under load, ms. */
  ms: number;
  /** Fewer agents, tasks and rounds: to see that everything works, not how fast. */
  quick: boolean;
  /** The orchestrator under test wastes a millisecond a dispatch. */
  slow: boolean;
  /** Folder for profiles of the orchestrator under test. */
  cpu_prof?: string | undefined;
  /** Folder of public data, for the rows that need it. */
  data: string;
}

/** One contender of a row, started. */
export interface Contender {
  readonly name: string;
  /** Calls as told, and answers what came of it. */
  load(load: Load): Promise<Loaded>;
  stop(): Promise<void>;
}

/** What one measurement of a line gave, a figure a round. */
export interface Measured {
  figures: number[];
  /** The absolute figures behind it, for people. */
  note?: string;
}

/** What became of the lines that were asked for. */
export type Told = Map<string, Measured | { skip: string } | { broke: string }>;

/** Given to every group of rows. */
export interface Kit extends Options {
  /** A folder of this run, gone at its end. */
  readonly folder: string;
  /** Tells people what happens now. */
  say(text: string): void;
  /** Called at the end of the group, newest first. */
  onEnd(end: () => Promise<void>): void;
}

/** Rows that are measured together, because they share their contenders. */
export interface Group {
  /** Ids of its lines. */
  readonly lines: readonly string[];
  /** Measures those of `wanted`. Throws Skip when none of them can be. */
  measure(kit: Kit, wanted: ReadonlySet<string>): Promise<Told>;
}

/** Why something cannot be measured here; no failure. */
export class Skip extends Error {
  override readonly name = 'Skip';
}
