/** What a run leaves behind. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { machineHere, merged, Results, versionsHere, type Line } from './results.ts';

/** Puts the lines of a run over those that are there. */
export function writeResults(lines: readonly Line[]): void {
  const earlier = existsSync(RESULTS) ? Results.parse(JSON.parse(readFileSync(RESULTS, 'utf8'))).lines : [];
  const results: Results = { lines: merged(earlier, lines), machine: machineHere(), versions: versionsHere() };
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
}

const RESULTS = new URL('results.json', import.meta.url);
