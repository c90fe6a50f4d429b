/** The scorecard as a table for the terminal and as a page. */
import Table from 'cli-table3';
import { colors } from '../boot/index.ts';
import { isMet, type Row } from './row.ts';
import type { Measure } from './folder.ts';

/** The table, with the first misses below it. */
export function toTerminal(rows: readonly Row[]): string {
  const table = new Table({
    head: ['folder', 'cases', 'metric', 'result', 'target', 'engine', 'data'],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    for (const line of linesOf(row)) table.push(line.is_met ? line.cells : line.cells.map((cell) => colors.red(cell)));
  }
  const misses = rows.flatMap(({ folder, outcome }) =>
    (outcome?.misses ?? []).slice(0, MISSES_SHOWN).map((miss) => `  ${folder}: ${oneLine(miss)}`),
  );
  return [
    table.toString(),
    ...(misses.length > 0 ? ['', 'Misses, the first of each folder:', ...misses] : []),
    '',
  ].join('\n');
}

/** The page `docs/scorecard.md`; it holds no time of this machine but the engine's. */
export function toPage(rows: readonly Row[]): string {
  const lines = rows.flatMap((row) =>
    linesOf(row).map(({ cells, is_met }) => `| ${[...cells.map(escaped), is_met ? 'yes' : '**no**'].join(' | ')} |`),
  );
  const misses = rows.flatMap(({ folder, outcome }) => {
    const all = outcome?.misses ?? [];
    if (all.length === 0) return [];
    const shown = all.slice(0, MISSES_SHOWN).map((miss) => `- ${escaped(oneLine(miss))}`);
    return ['', `### ${folder}: ${all.length}`, '', ...shown];
  });
  return [
    '# Scorecard',
    '',
    'What the specialists find in public data with known answers, as `npm run score -- --write` measured it; run it yourself. The',
    'answers are read by the scorer alone, never by the product. False positives on Windows are known per recording only: no',
    'benign baseline of an enterprise is public. What is below its target says so, and beside it what was reached: less than that',
    'is a regression, and the run ends with exit code 1.',
    '',
    '| folder | cases | metric | result | target | engine | data | met |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
    '## Misses',
    ...(misses.length > 0 ? misses : ['', 'None.']),
    '',
  ].join('\n');
}

function linesOf({ folder, data, outcome, fault }: Row): { cells: string[]; is_met: boolean }[] {
  const commits = data.map((commit) => commit.slice(0, COMMIT_CHARS)).join(' ');
  if (!outcome || fault !== undefined) {
    return [{ cells: [folder, '0', `not scored: ${oneLine(fault ?? '')}`, '', '', '', commits], is_met: false }];
  }
  return outcome.measures.map((measure, index) => ({
    cells: [
      index === 0 ? folder : '',
      index === 0 ? String(outcome.cases) : '',
      measure.metric,
      shown(measure.result),
      targetOf(measure),
      index === 0 ? `${(outcome.engine_ms / 1_000).toFixed(1)} s` : '',
      index === 0 ? commits : '',
    ],
    is_met: isMet(measure),
  }));
}

/** Four digits tell regressions apart. */
const shown = (result: number): string => String(Math.round(result * 10_000) / 10_000);
const targetOf = ({ target, better, held_at }: Measure): string => {
  const sign = better === 'higher' ? '≥ ' : better === 'lower' ? '≤ ' : '';
  return `${sign}${target}${held_at === undefined ? '' : `, held at ${sign}${held_at}`}`;
};
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, MISS_CHARS_MAX);
const escaped = (cell: string): string => cell.replace(/[|<>`*_[\]\\]/g, (char) => `\\${char}`);
const MISSES_SHOWN = 5;
const MISS_CHARS_MAX = 200;
const COMMIT_CHARS = 10;
