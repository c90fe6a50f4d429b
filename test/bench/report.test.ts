/** What the bench says: the page and the picture are those of the results, and a table holds every figure. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { toChart } from '../../bench/chart.ts';
import { figureText } from '../../bench/figure.ts';
import { GOALS } from '../../bench/goals.ts';
import { GROUPS } from '../../bench/groups.ts';
import { toPage } from '../../bench/page.ts';
import { toTable } from '../../bench/report.ts';
import { merged, Results, toLine, type Line } from '../../bench/results.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const results = Results.parse(JSON.parse(read('bench/results.json')));
const at = '2026-11-28T00:00:00.000Z';
const goal = (id: string) => GOALS.find((each) => each.id === id)!;
const lines: Line[] = [
  toLine(goal('G1'), { figures: [0.7, 0.6, 0.65], note: '13 000/s : 20 000/s' }, at),
  toLine(goal('G8a'), { figures: [1.39] }, at),
  toLine(goal('G9a'), { figures: [1.9] }, at),
  toLine(goal('G19'), { skip: 'no server' }, at),
  toLine(goal('rest'), { figures: [0.4] }, at),
];

test('the page and the picture in docs are those of bench/results.json', () => {
  expect(read('docs/performance.md')).toBe(toPage(results));
  expect(read('docs/performance.svg')).toBe(toChart(results.lines));
});

test('the page says first what red means, where and when it was measured, and what a user gets', () => {
  const machine = { cpu: 'Z80', cores: 2, memory_gb: 1, os: 'cpm' };
  const slow = toLine(goal('G3'), { figures: [0.1], note: '99/s : 990/s' }, at);
  const alone = toLine(goal('G8c'), { figures: [9], note: '900 µs : 100 µs' }, '2026-11-30T00:00:00.000Z');
  const opening = (of: Line[]) => toPage({ lines: of, machine, versions: {} }).split('\n\n')[1]!.replaceAll('\n', ' ');
  const said = opening([...lines, slow, alone]);
  expect(said).toContain('On 2 cores of Z80, 2026-11-28 to 2026-11-30: 3 of 5 judged rows are red. Red means');
  expect(said).toContain('99/s with 64 dispatches in flight; one caller alone waits 900 µs (p50)');
  expect(opening(lines)).not.toContain('undefined');
});

test('every line of the table is measured by one group, and the results hold no other', () => {
  expect(GROUPS.flatMap((group) => group.lines).toSorted()).toEqual(GOALS.map(({ id }) => id).toSorted());
  expect(results.lines.filter(({ id }) => !GOALS.some((each) => each.id === id))).toEqual([]);
});

test('every mark is in order: floor, target, stretch', () => {
  const wrong = GOALS.filter(({ better, floor, target, stretch }) => {
    const marks = [floor, target, stretch].filter((mark) => mark !== undefined);
    const sorted = marks.toSorted((left, right) => (better === 'more' ? left - right : right - left));
    return marks.join() !== sorted.join();
  });
  expect(wrong).toEqual([]);
});

test('a line has the median of its rounds, their spread and its verdict', () => {
  expect(lines[0]).toMatchObject({ figure: 0.65, spread: { least: 0.6, most: 0.7 }, rounds: 3, verdict: 'green' });
  expect(lines.map(({ verdict }) => verdict)).toEqual(['green', 'yellow', 'red', 'skipped', 'told']);
});

test('the table names every row, its figure, its verdict, and why there is none', () => {
  const rows = toTable(lines).trimEnd().split('\n');
  expect(rows).toHaveLength(6);
  expect(rows[1]).toMatch(/G1 .*0\.65 .*0\.6\.\.0\.7 .*≥ 0\.45 .*≥ 0\.6 .*≥ 0\.75 .*green .*13 000\/s/);
  expect(rows[4]).toMatch(/G19 .*skipped .*no server/);
});

test('what breaks is red, with its reason', () => {
  expect(toLine(goal('G3'), { broke: 'calls failed' }, at)).toMatchObject({ verdict: 'red', why: 'calls failed' });
});

test('a run takes the place of the same lines of an earlier one, in the order of the table', () => {
  const fresh = [toLine(goal('G1'), { figures: [0.5] }, at)];
  const joined = merged([...lines].reverse(), fresh);
  expect(joined.map(({ id }) => id)).toEqual(['G1', 'G8a', 'G9a', 'G19', 'rest']);
  expect(joined[0]!.figure).toBe(0.5);
});

test('the picture has a bar for every judged figure, and words that cannot break it', () => {
  const chart = toChart([{ ...lines[0]!, title: 'a <b> & "c"' }, ...lines.slice(1)]);
  expect(chart.match(/<rect class="(green|yellow|red)"/g)).toHaveLength(3);
  expect(chart).toContain('a &lt;b&gt; &amp; "c"');
  expect(chart).not.toContain('NaN');
});

test.each([
  [0.0451, '0.045'],
  [0.583, '0.58'],
  [1.236, '1.24'],
  [31.26, '31.3'],
  [12_345.6, '12 346'],
  [NaN, 'none'],
])('%d is read as %s', (figure, words) => {
  expect(figureText(figure)).toBe(words);
});
