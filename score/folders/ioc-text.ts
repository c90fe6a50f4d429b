/** Vendors' reports: are the indicators they list found, and is nothing else taken for one? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { extractIocs, type ExtractedIoc } from '../../analysis/ioc/index.ts';
import type { Measure, ScoredFolder } from '../folder.ts';
import { createStopwatch } from '../stopwatch.ts';

const Report = z.object({
  file: z.string(),
  iocs: z.record(z.string(), z.array(z.string())),
  reference_hosts_not_iocs: z.array(z.string()),
  cidr_not_ioc: z.array(z.string()),
  file_names_not_domains: z.array(z.string()),
  domain_optional: z.array(z.string()),
});
type Report = z.infer<typeof Report>;
const Answers = z.object({ cases: z.array(Report) });

/** Reports of the folder `ioc-text`. */
export const iocText: ScoredFolder = {
  folder: 'ioc-text',
  async score(dir, { fast, signal }) {
    const all = Answers.parse(JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8'))).cases;
    const cases = fast ? all.slice(0, FAST_CASES) : all;
    const watch = createStopwatch();
    const tallies = new Map(TYPES.map((type) => [type, { right: 0, wrong: 0, missed: 0 }]));
    const misses: string[] = [];
    const mistaken: string[] = [];
    for (const report of cases) {
      signal.throwIfAborted();
      const text = readFileSync(join(dir, report.file), 'utf8');
      const { extracted } = await watch.time(() => extractIocs(text, { source: report.file }));
      const indicators = extracted.filter(({ kind }) => kind === 'indicator');
      for (const [type, tally] of tallies) {
        const { right, wrong, missed } = compare(type, report, indicators);
        tally.right += right.length;
        tally.wrong += wrong.length;
        tally.missed += missed.length;
        misses.push(...wrong.map((value) => `${report.file}: ${type} ${value} is no indicator`));
        misses.push(...missed.map((value) => `${report.file}: ${type} ${value} was missed`));
      }
      mistaken.push(...mistakesIn(report, indicators).map((value) => `${report.file}: ${value} must not be flagged`));
    }
    return {
      cases: cases.length,
      measures: [
        ...[...tallies].flatMap(([type, { right, wrong, missed }]): Measure[] => [
          { metric: `${type} precision`, result: share(right, wrong), target: 0.98, better: 'higher' },
          { metric: `${type} recall`, result: share(right, missed), target: 0.98, better: 'higher' },
        ]),
        { metric: 'references, networks and files flagged', result: mistaken.length, target: 0, better: 'exact' },
      ],
      misses: [...misses, ...mistaken],
      engine_ms: watch.elapsed_ms(),
    };
  },
};

function compare(type: string, report: Report, indicators: readonly ExtractedIoc[]) {
  const lower = (values: readonly string[] | undefined) => new Set((values ?? []).map((value) => value.toLowerCase()));
  const wanted = lower(report.iocs[type]);
  const optional = type === 'domain' ? lower(report.domain_optional) : lower([]);
  const got = lower(indicators.filter((ioc) => ioc.type === type).map(({ value }) => value));
  // The lists name a domain and mean the names in it as well.
  const isMeant = (value: string) =>
    optional.has(value) || (type === 'domain' && [...wanted].some((domain) => value.endsWith(`.${domain}`)));
  return {
    right: [...got].filter((value) => wanted.has(value)),
    wrong: [...got].filter((value) => !wanted.has(value) && !isMeant(value)),
    missed: [...wanted].filter((value) => !got.has(value)),
  };
}

function mistakesIn(report: Report, indicators: readonly ExtractedIoc[]): string[] {
  const references = new Set(report.reference_hosts_not_iocs);
  const networks = new Set(report.cidr_not_ioc.flatMap((network) => [network, network.split('/')[0] ?? '']));
  const files = new Set(report.file_names_not_domains.map((name) => name.toLowerCase()));
  const hostOf = (value: string) => /^\w+:\/\/([^/:]+)/.exec(value)?.[1] ?? value;
  return indicators
    .filter(
      ({ type, value }) =>
        ((type === 'domain' || type === 'url') && references.has(hostOf(value))) ||
        networks.has(value) ||
        (type === 'domain' && files.has(value)),
    )
    .map(({ value }) => value);
}

/** 1 when there was nothing to find and nothing was found. */
const share = (right: number, other: number): number =>
  right + other === 0 ? 1 : Math.round((right / (right + other)) * 10_000) / 10_000;

const TYPES = ['sha1', 'sha256', 'md5', 'ipv4', 'domain', 'url', 'email'];
const FAST_CASES = 12;
