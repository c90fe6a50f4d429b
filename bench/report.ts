/** The table on the terminal. */
import { colors } from '../boot/index.ts';
import { figureText } from './figure.ts';
import type { Line } from './results.ts';

/** One line each, aligned; colours where the terminal has them. */
export function toTable(lines: readonly Line[]): string {
  const rows = lines.map(cellsOf);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const toText = (cells: readonly string[]) =>
    cells.map((cell, column) =>
      column < TEXT_COLUMNS ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
  const painted = rows.map((row, index) => paint(lines[index], toText(row).join('  ')));
  return `${[colors.bold(toText(HEAD).join('  ')), ...painted].join('\n')}\n`;
}

const HEAD = ['row', 'what', 'figure', 'spread', 'floor', 'target', 'stretch', 'verdict', ''];

function cellsOf(line: Line): string[] {
  const { id, title, figure, spread, floor, target, stretch, verdict, note = '', why } = line;
  const mark = (value: number | undefined) =>
    value === undefined ? '' : `${line.better === 'more' ? '≥' : '≤'} ${figureText(value)}`;
  const unit = line.unit === 'ratio' ? '' : ` ${line.unit}`;
  return [
    id,
    title,
    figure === undefined ? '' : `${figureText(figure)}${unit}`,
    spread ? `${figureText(spread.least)}..${figureText(spread.most)}` : '',
    mark(floor),
    mark(target),
    mark(stretch),
    verdict,
    why ?? note,
  ];
}

function paint(line: Line | undefined, text: string): string {
  switch (line?.verdict) {
    case 'green':
      return colors.green(text);
    case 'yellow':
      return colors.yellow(text);
    case 'red':
      return colors.red(text);
    case 'skipped':
    case 'told':
    case undefined:
      return text;
  }
}

const TEXT_COLUMNS = 2;
