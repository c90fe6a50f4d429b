/** The results as a picture: one bar a line, its length the figure in targets, to the right is better. */
import { figureText } from './figure.ts';
import type { Line } from './results.ts';

/** An SVG of all lines that are held against marks; lines without a figure are named, without a bar. */
export function toChart(lines: readonly Line[]): string {
  const judged = lines.filter((line) => line.target !== undefined);
  const height = TOP + judged.length * ROW + FOOT;
  const parts = [
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(PAD, 24, 'Aurora Mesh: figures in targets (logarithmic), to the right is better', 'title'),
    text(PAD, 42, 'bar: median · thin line: spread · ticks: floor | target | stretch', 'small'),
    ...AXIS.map((at) => gridLine(at, height)),
    ...judged.flatMap((line, index) => toRow(line, TOP + index * ROW)),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Figures in targets">`,
    STYLE,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function toRow(line: Line, top: number): string[] {
  const { id, title, floor, target = 1, stretch, figure, spread, verdict, unit } = line;
  const middle = top + ROW / 2;
  const inTargets = (value: number) => (line.better === 'more' ? value / target : target / value);
  const tick = (value: number | undefined, name: string) =>
    value === undefined
      ? []
      : [
          `<line class="${name}" x1="${x(inTargets(value))}" x2="${x(inTargets(value))}" y1="${top + 2}" y2="${top + ROW - 2}"/>`,
        ];
  const marks = [...tick(floor, 'floor'), ...tick(target, 'target'), ...tick(stretch, 'stretch')];
  const label = text(PAD, middle + 4, `${id}  ${title}`, 'label');
  if (figure === undefined || spread === undefined)
    return [label, ...marks, text(x(LEAST) + 4, middle + 4, verdict, 'small')];
  const [from, to] = [x(inTargets(spread.least)), x(inTargets(spread.most))];
  const end = x(inTargets(figure));
  return [
    label,
    `<rect class="${verdict}" x="${x(LEAST)}" y="${top + 4}" width="${Math.max(2, round(end - x(LEAST)))}" height="${ROW - 8}" rx="2"/>`,
    `<line class="spread" x1="${from}" x2="${to}" y1="${middle}" y2="${middle}"/>`,
    ...marks,
    text(WIDTH - PAD, middle + 4, `${figureText(figure)}${unit === 'ratio' ? '' : ` ${unit}`}`, 'figure'),
  ];
}

const gridLine = (at: number, height: number): string =>
  `<line class="grid" x1="${x(at)}" x2="${x(at)}" y1="${TOP - 6}" y2="${height - FOOT + 4}"/>${text(x(at), height - 8, `${at}`, 'axis')}`;

const text = (at: number, y: number, words: string, name: string): string =>
  `<text class="${name}" x="${at}" y="${y}">${escaped(words)}</text>`;

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Where a figure lies; what is beyond the ends lies at them. */
function x(in_targets: number): number {
  const share = Math.log(clamped(in_targets) / LEAST) / Math.log(MOST / LEAST);
  return round(LEFT + share * (WIDTH - LEFT - RIGHT));
}

const clamped = (value: number): number => Math.min(MOST, Math.max(LEAST, value));
const round = (value: number): number => Math.round(value * 10) / 10;

const WIDTH = 960;
const PAD = 16;
const LEFT = 390;
const RIGHT = 90;
const TOP = 64;
const ROW = 24;
const FOOT = 30;
const LEAST = 0.05;
const MOST = 4;
const AXIS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4];
const STYLE = `<style>
text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: #1f2933; }
.title { font-size: 16px; font-weight: 600; }
.small, .axis { font-size: 11px; fill: #52606d; }
.axis { text-anchor: middle; }
.figure { text-anchor: end; font-weight: 600; }
.grid { stroke: #e4e7eb; }
.spread { stroke: #1f2933; stroke-width: 1.5; }
.floor { stroke: #c53030; stroke-width: 2; }
.target { stroke: #1f2933; stroke-width: 2; }
.stretch { stroke: #2f855a; stroke-width: 2; }
.green { fill: #9ae6b4; }
.yellow { fill: #faf089; }
.red { fill: #feb2b2; }
</style>`;
