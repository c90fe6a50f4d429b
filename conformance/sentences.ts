/** The kit inside somebody's own tests: a report that throws, and the sentences one by one. */
import { requirements, type Level, type Profile, type RequirementId } from './requirements.ts';
import { isDue, type Report, type Result } from './run.ts';

/**
 * Throws one error that names every sentence that does not hold, and what came instead. Only `must` counts unless said.
 *
 * @example
 * import { conform, expectConformance } from 'aurora-mesh/conformance';
 * import { test } from 'vitest';
 *
 * test('my agent conforms', async () => {
 *   expectConformance(await conform({ url: 'ws://127.0.0.1:9002' }));
 * }, 120_000);
 */
export function expectConformance(report: Report, { level = 'must' }: { level?: Level } = {}): void {
  const broken = report.results.filter((result) => result.outcome === 'fail' && isBinding(result, level));
  if (broken.length > 0) throw new Error([headOf(report, broken), ...broken.map(toParagraph)].join('\n\n'));
  if (!report.conforms) throw new Error(`${report.url} was not held to any must: nothing is proven`);
}

/** One sentence under one profile, as a test takes it. */
export interface Sentence {
  id: RequirementId;
  profile: Profile;
  level: Level;
  /** A name for the test. */
  title: string;
  /** Returns when the sentence holds, throws when not; skips the test it is given, with the reason, when nobody could tell. */
  run: (test?: SkippableTest) => Promise<void>;
}

/** What vitest, and others, hand to a test. */
export interface SkippableTest {
  skip(reason?: string): void;
}

/**
 * The sentences of a profile, each a test of its own. They are known before anything runs; the report is asked for when
 * the first of them runs, so that it may be made in a `beforeAll`.
 *
 * @example
 * import { conform, sentencesOf, type Report } from 'aurora-mesh/conformance';
 * import { beforeAll, test } from 'vitest';
 *
 * let report: Report;
 * beforeAll(async () => { report = await conform({ url: 'ws://127.0.0.1:9002', profiles: ['bare'] }); }, 120_000);
 * for (const { title, run } of sentencesOf('bare', () => report)) test(title, run);
 */
export function sentencesOf(
  profile: Profile,
  report: () => Report | Promise<Report>,
  { level }: { level?: Level | undefined } = {},
): Sentence[] {
  return Object.entries(requirements).flatMap(([name, { level: own, text }]): Sentence[] => {
    if (!isRequirementId(name) || !isDue(name, profile, { level })) return [];
    const run = async (test?: SkippableTest) => {
      const { results, url } = await report();
      const result = results.find((each) => each.id === name && each.profile === profile);
      if (result?.outcome === 'fail') throw new Error(`${url}: ${toParagraph(result)}`);
      if (result?.outcome !== 'pass') test?.skip(result?.why ?? 'it was not tried in this run');
    };
    return [{ id: name, profile, level: own, title: `${name} (${own}) ${text}`, run }];
  });
}

/** Whether a name is one of a sentence. */
export const isRequirementId = (name: string): name is RequirementId => Object.hasOwn(requirements, name);

/** Whether a sentence binds at least as much as a level. */
const isBinding = ({ level }: { level: Level }, least: Level): boolean =>
  LEVELS.indexOf(level) <= LEVELS.indexOf(least);

function headOf({ url, seed, results }: Report, broken: readonly Result[]): string {
  const count = broken.length === 1 ? 'a sentence does' : `${broken.length} sentences do`;
  return `${url}: ${count} not hold, of ${results.length} tried (seed ${seed})`;
}

const toParagraph = ({ id, profile, level, source, text, why = '' }: Result): string =>
  `${id} (${level}, ${profile}, ${source})\n  ${text}\n  came instead: ${why}`;

const LEVELS: readonly Level[] = ['must', 'should', 'may'];
