/** What a run of the kit looks like: how far it is, and what came of it. */
import { join } from 'node:path';
import { colors } from '../boot/index.ts';
import {
  replayName,
  type Exchanged,
  type Level,
  type Report,
  type Requirement,
  type Result,
} from '../conformance/index.ts';
import { plainTable } from './print.ts';
import { safe, toSpan, wrap } from './text.ts';

/** Shows how far a run is; `close` takes the line away again. */
export interface Progress {
  hear(result: Result): void;
  close(): void;
}

/** One line that is drawn anew on a terminal; one line a sentence elsewhere. */
export function createProgress(out: NodeJS.WriteStream, due: number): Progress {
  if (!out.isTTY) return { hear: (result) => void out.write(`${toLine(result)}\n`), close: () => undefined };
  const counts = { pass: 0, fail: 0, skip: 0 };
  let done = 0;
  const draw = (text: string) => void out.write(`\r\u001b[2K${text}`);
  return {
    hear(result) {
      counts[result.outcome] += 1;
      done += 1;
      const failed = counts.fail > 0 ? colors.red(`${counts.fail} fail`) : '0 fail';
      const now = `${done}/${due}  ${counts.pass} hold  ${failed}  ${counts.skip} skipped`;
      if (result.outcome === 'fail') draw(`${toLine(result)}\n`);
      draw(`${now}  ${colors.dim(`${result.profile} ${result.id}`)}`);
    },
    close: () => draw(''),
  };
}

/** What came of it: failures first, then the counts. */
export function toEnd(report: Report, again: { replays: string | undefined; keys: string }): string {
  const failures = LEVELS.flatMap((level) =>
    report.results.filter((result) => result.outcome === 'fail' && result.level === level),
  );
  return [...failures.map((result) => toFailure(report, result, again)), toSummary(report)].join('\n');
}

/** The sentences, one a line. */
export function toListText(sentences: readonly ({ id: string } & Requirement)[]): string {
  const table = plainTable(['id', 'level', 'profiles', 'source', 'sentence']);
  for (const { id, level, profiles, source, text } of sentences) {
    table.push([id, level, profiles.join(','), source, text]);
  }
  return `${table.toString()}\n`;
}

const toLine = ({ outcome, profile, id, level, text, why }: Result): string =>
  `${MARKS[outcome]} ${profile.padEnd(12)} ${id.padEnd(9)} ${level.padEnd(6)} ${why === undefined ? text : safe(why)}`;

function toFailure(
  report: Report,
  result: Result,
  { replays, keys }: { replays: string | undefined; keys: string },
): string {
  const { id, profile, level, source, text, why = '', exchanged = [] } = result;
  const file = replays === undefined ? undefined : join(replays, replayName(result));
  const more = keys === '' ? '' : ` ${keys}`;
  const again =
    file === undefined
      ? `aurora conform ${report.url} --profile ${profile} --only ${id} --seed ${report.seed}${more} --replays .`
      : `aurora call --replay ${file}${keys.includes('--key') ? ` ${report.url} ${keys}` : ''}`;
  const said = exchanged.slice(-SHOWN_MAX).map((note) => `    ${toNoteText(note)}`);
  return [
    `${level === 'must' ? colors.red('✗') : colors.yellow('✗')} ${colors.bold(id)} ${level}, ${profile}, ${source}`,
    wrap(text, '  '),
    wrap(`came instead: ${safe(why)}`, '  '),
    ...(exchanged.length > SHOWN_MAX ? [colors.dim(`    … ${exchanged.length - SHOWN_MAX} earlier`)] : []),
    ...(exchanged.length > 0 ? said.map(colors.dim) : []),
    `  again: ${colors.cyan(again)}`,
    '',
  ].join('\n');
}

function toSummary({ url, results, conforms, ended, took_ms, seed, profiles }: Report): string {
  const table = plainTable(['', 'hold', 'fail', 'skipped']);
  for (const level of LEVELS) {
    const count = (outcome: Result['outcome']) =>
      String(results.filter((result) => result.level === level && result.outcome === outcome).length);
    table.push([level, count('pass'), count('fail'), count('skip')]);
  }
  const verdict = conforms ? colors.green('conforms') : colors.red('does not conform');
  const end = ended === undefined ? '' : `${colors.red(safe(ended))}: what is skipped was not tried\n`;
  return `${table.toString()}\n${end}${url} ${verdict} to ${profiles.join(', ')} (${toSpan(took_ms)}, seed ${seed})\n`;
}

/** One thing that went over the wire, on one line. */
export const toNoteText = ({ at_ms, kind, text, connection }: Exchanged): string =>
  `${String(at_ms).padStart(6)} ms ${connection > 1 ? `#${connection} ` : ''}${ARROWS[kind]} ${cut(safe(text))}`;

const cut = (line: string): string => (line.length > LINE_CHARS_MAX ? `${line.slice(0, LINE_CHARS_MAX)}…` : line);

const ARROWS = { sent: '→', received: '←', event: '·' } as const;
const LEVELS: readonly Level[] = ['must', 'should', 'may'];
const MARKS: Readonly<Record<Result['outcome'], string>> = { pass: 'ok  ', fail: 'FAIL', skip: 'skip' };
/** Of an exchange on the terminal; the reports have more. */
const SHOWN_MAX = 8;
const LINE_CHARS_MAX = 240;
