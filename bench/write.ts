/** What a run leaves behind: the results, the page and the picture made of them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { toChart } from './chart.ts';
import { toPage } from './page.ts';
import { machineHere, merged, Results, versionsHere, type Line } from './results.ts';

/** Puts the lines of a run over those that are there. */
export function writeResults(lines: readonly Line[]): void {
  const earlier = existsSync(RESULTS) ? Results.parse(JSON.parse(readFileSync(RESULTS, 'utf8'))) : { lines: [] };
  const results: Results = {
    ...earlier,
    lines: merged(earlier.lines, lines),
    machine: machineHere(),
    versions: versionsHere(),
  };
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(PAGE, toPage(results));
  writeFileSync(CHART, toChart(results.lines));
}

const RESULTS = new URL('results.json', import.meta.url);
const PAGE = new URL('../docs/performance.md', import.meta.url);
const CHART = new URL('../docs/performance.svg', import.meta.url);
