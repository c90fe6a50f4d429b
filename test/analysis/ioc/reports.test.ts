/** Precision and recall on vendors' reports with known indicators (specialists.md 3, row ioc-text). */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { extractIocs } from '../../../analysis/ioc/index.ts';
import { dataJson, dataPath, describeWithData } from '../../support/data.ts';

const Expected = z.object({
  cases: z.array(
    z.object({
      file: z.string(),
      iocs: z.record(z.string(), z.array(z.string())),
      reference_hosts_not_iocs: z.array(z.string()),
      cidr_not_ioc: z.array(z.string()),
      file_names_not_domains: z.array(z.string()),
      domain_optional: z.array(z.string()),
    }),
  ),
});

describeWithData('vendor reports', () => {
  const reports = Expected.parse(dataJson('ioc-text', 'expected.json')).cases.map((report) => {
    const { extracted } = extractIocs(readFileSync(dataPath('ioc-text', report.file), 'utf8'), { source: report.file });
    return { ...report, extracted, indicators: extracted.filter(({ kind }) => kind === 'indicator') };
  });

  test.each(['sha1', 'sha256', 'md5', 'ipv4', 'domain', 'url', 'email'])(
    '%s: precision and recall reach .98',
    (type) => {
      const sum = { right: 0, wrong: 0, missed: 0 };
      for (const report of reports) {
        const wanted = new Set(report.iocs[type]!.map((value) => value.toLowerCase()));
        const optional = new Set(type === 'domain' ? report.domain_optional.map((value) => value.toLowerCase()) : []);
        const got = new Set(
          report.indicators.filter((ioc) => ioc.type === type).map(({ value }) => value.toLowerCase()),
        );
        const isSubdomain = (value: string) =>
          type === 'domain' && [...wanted].some((domain) => value.endsWith(`.${domain}`));
        for (const value of got) {
          if (wanted.has(value)) sum.right += 1;
          else if (!optional.has(value) && !isSubdomain(value)) sum.wrong += 1;
        }
        sum.missed += [...wanted].filter((value) => !got.has(value)).length;
      }
      expect(sum.right).toBeGreaterThan(0);
      expect(sum.right / (sum.right + sum.wrong), `precision of ${JSON.stringify(sum)}`).toBeGreaterThanOrEqual(0.98);
      expect(sum.right / (sum.right + sum.missed), `recall of ${JSON.stringify(sum)}`).toBeGreaterThanOrEqual(0.98);
    },
  );

  test('no host of an ordinary link and no network is taken for an indicator, no file name for a domain', () => {
    const hostOf = (value: string) => /^\w+:\/\/([^/:]+)/.exec(value)?.[1] ?? value;
    const mistakes = reports.flatMap(({ file, indicators, ...report }) => {
      const references = new Set(report.reference_hosts_not_iocs);
      const networks = new Set(report.cidr_not_ioc.flatMap((network) => [network, network.split('/')[0]!]));
      const files = new Set(report.file_names_not_domains.map((name) => name.toLowerCase()));
      return indicators
        .filter(
          ({ type, value }) =>
            ((type === 'domain' || type === 'url') && references.has(hostOf(value))) ||
            networks.has(value) ||
            (type === 'domain' && files.has(value)),
        )
        .map(({ value }) => `${file}: ${value}`);
    });
    expect(mistakes).toEqual([]);
  });
});
