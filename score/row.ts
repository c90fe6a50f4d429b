/** One folder in the scorecard: what was measured, against which targets, on which data. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../boot/index.ts';
import type { Measure, Outcome, ScoredFolder } from './folder.ts';

/** A scored folder, or why it could not be scored. */
export interface Row {
  folder: string;
  /** Commits that its README names: the state of the public data. */
  data: string[];
  outcome: Outcome | undefined;
  fault: string | undefined;
  wall_ms: number;
}

/** Scores one folder. A folder that is not there or throws is a row with a fault: it counts as below target. */
export async function scoreFolder(
  name: string,
  load: () => Promise<ScoredFolder>,
  options: { data: string; fast: boolean; signal: AbortSignal },
): Promise<Row> {
  const dir = join(options.data, name);
  const started = systemClock.monotonic();
  const row = (found: Pick<Row, 'outcome' | 'fault'>): Row => ({
    folder: name,
    data: commitsOf(dir),
    ...found,
    wall_ms: Math.round(systemClock.monotonic() - started),
  });
  if (!existsSync(dir)) return row({ outcome: undefined, fault: 'the folder is not there' });
  try {
    options.signal.throwIfAborted();
    const outcome = await (await load()).score(dir, { fast: options.fast, signal: options.signal });
    if (outcome.cases === 0 || outcome.measures.length === 0) return row({ outcome, fault: 'nothing was measured' });
    return row({ outcome, fault: undefined });
  } catch (reason) {
    return row({ outcome: undefined, fault: reason instanceof Error ? reason.message : String(reason) });
  }
}

/** Whether a number is where it should be. No number is not. */
export function isMet({ result, target, better }: Measure): boolean {
  if (better === 'exact') return result === target;
  return better === 'higher' ? result >= target : result <= target;
}

/** Whether a number is where it should be, or no worse than what was reached before. */
export const isHeld = ({ held_at, ...measure }: Measure): boolean =>
  isMet(measure) || (held_at !== undefined && isMet({ ...measure, target: held_at }));

/** Whether every measure of the row is held. */
export const isGood = ({ outcome, fault }: Row): boolean =>
  fault === undefined && outcome !== undefined && outcome.measures.every(isHeld);

function commitsOf(dir: string): string[] {
  const path = join(dir, 'README.md');
  if (!existsSync(path)) return [];
  return [...new Set(readFileSync(path, 'utf8').match(/\b[0-9a-f]{40}\b/g) ?? [])];
}
