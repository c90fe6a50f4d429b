/** A report as JUnit XML, which every CI reads: a suite a profile, a case a sentence. */
import { escapeMarkup } from './markup.ts';
import type { Report, Result } from './run.ts';
import { toTranscript } from './transcript.ts';

/**
 * The report as XML. Only a broken `must` is a failure, as it is for the exit code: what else does not hold is a skipped
 * case that says so.
 */
export function toJunit(report: Report): string {
  const suites = report.profiles.map((profile) =>
    toSuite(
      profile,
      report,
      report.results.filter((result) => result.profile === profile),
    ),
  );
  const head = `<testsuites name="aurora conform" ${countsOf(report.results)} time="${toSeconds(report.took_ms)}">`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...suites, '</testsuites>', ''].join('\n');
}

function toSuite(profile: string, { url, seed, runs, began_at }: Report, results: readonly Result[]): string {
  const took_ms = results.reduce((sum, result) => sum + result.took_ms, 0);
  const timestamp = began_at.replace(/\.\d+Z$/, '');
  const properties = Object.entries({ url, seed: String(seed), runs: String(runs) }).map(
    ([name, value]) => `      <property name="${name}" value="${escapeMarkup(value)}"/>`,
  );
  return [
    `  <testsuite name="${profile}" ${countsOf(results)} time="${toSeconds(took_ms)}" timestamp="${timestamp}">`,
    '    <properties>',
    ...properties,
    '    </properties>',
    ...results.map(toCase),
    '  </testsuite>',
  ].join('\n');
}

function toCase(result: Result): string {
  const { id, profile, level, text, took_ms, outcome } = result;
  const name = escapeMarkup(`${id} (${level}) ${text}`);
  const head = `    <testcase classname="${profile}.${id.replace(/-\d+$/, '')}" name="${name}" time="${toSeconds(took_ms)}"`;
  if (outcome === 'pass') return `${head}/>`;
  return [`${head}>`, isFailure(result) ? toFailure(result) : toSkipped(result), '    </testcase>'].join('\n');
}

function toFailure({ level, why = '', source, exchanged = [] }: Result): string {
  const body = `${why}\n\nSource: ${source}\n\n${toTranscript(exchanged)}`;
  return `      <failure type="${level}" message="${escapeMarkup(why)}">${escapeMarkup(body)}</failure>`;
}

function toSkipped({ level, outcome, why = '' }: Result): string {
  const message = outcome === 'fail' ? `a ${level} that does not hold: ${why}` : why;
  return `      <skipped message="${escapeMarkup(message)}"/>`;
}

function countsOf(results: readonly Result[]): string {
  const failures = results.filter(isFailure).length;
  const skipped = results.filter((result) => result.outcome !== 'pass' && !isFailure(result)).length;
  return `tests="${results.length}" failures="${failures}" errors="0" skipped="${skipped}"`;
}

const isFailure = ({ outcome, level }: Result): boolean => outcome === 'fail' && level === 'must';
const toSeconds = (ms: number): string => (ms / 1_000).toFixed(3);
