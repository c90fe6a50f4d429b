/** Drivers by their hash, as a verdict. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AnalysisResult } from '../../protocol/index.ts';
import type { Content } from '../../seams/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { conclude, WEIGHT } from '../verdict/index.ts';
import { mountedDrivers, whyNoDrivers } from './drivers.ts';
import { fileOf } from './process-tree.ts';

/** One driver as looked up. */
export const DriverReport = z.object({
  path: z.string(),
  hash: z.string(),
  known_as: z
    .enum(['malicious', 'vulnerable'])
    .nullable()
    .describe('null: the table does not hold it, which proves nothing'),
  entry: z.string().nullable(),
});
export type DriverReport = z.infer<typeof DriverReport>;

/** Looks each up. Without a table nothing is checked, and that is what the verdict says. */
export function checkDriverHashes(
  drivers: readonly { path: string; hash: string }[],
  content: Content,
): AnalysisResult & { drivers: DriverReport[] } {
  const table = mountedDrivers(content);
  const looked = drivers.map(({ path, hash }, index) => ({
    path,
    hash: hash.toLowerCase(),
    index,
    found: table?.find(hash),
  }));
  const unknown = table ? looked.filter(({ found }) => !found).length : 0;
  const known = looked.flatMap(({ found, ...driver }) => (found ? [{ ...driver, found }] : []));
  const told = known.slice(0, FINDINGS_MAX).map(({ path, hash, index, found }) => ({
    name: fileOf(path) || found.name,
    number: index + 1,
    found,
    seen: evidence({ source: 'params', locator: `/drivers/${index}/hash`, text: `${path} ${hash}` }),
  }));
  const result = conclude({
    subject: `${drivers.length} driver${drivers.length === 1 ? '' : 's'}`,
    findings: told.map(({ name, number, found, seen }) => ({
      id: `driver-${number}`,
      title: neutralize(`${name} is a driver known as ${found.category}`, TITLE_CHARS_MAX),
      severity: found.category === 'malicious' ? 'critical' : 'high',
      rule: `loldrivers/${found.entry}`,
      weight: WEIGHT.exact,
      basis: `driver ${found.entry}`,
      evidence: [seen],
    })),
    techniques: told.map(({ found, seen }) => ({
      id: found.category === 'malicious' ? 'T1014' : 'T1068',
      evidence: [seen],
    })),
    iocs: known.map(({ hash }) => ({
      type: hash.length === 64 ? 'sha256' : hash.length === 40 ? 'sha1' : 'md5',
      value: hash,
    })),
    checked: [
      {
        question: 'Are the drivers known to be misused?',
        corpus: {
          sha256: createHash('sha256').update(JSON.stringify(drivers)).digest('hex'),
          items: drivers.length,
          items_read: table ? drivers.length : 0,
        },
      },
    ],
    not_checked: [
      ...(table ? [] : [{ what: 'the drivers', why: whyNoDrivers(content), mandatory: true }]),
      ...(unknown > 0
        ? [
            {
              what: `whether ${unknown} of ${drivers.length} drivers are harmless`,
              why: 'the table does not hold their hashes, which proves nothing',
              is_unjudged: true,
            },
          ]
        : []),
      { what: 'what the drivers do and who signed them', why: 'only their hashes were given' },
    ],
    data_versions: table ? { loldrivers: table.version } : {},
  });
  return {
    ...result,
    drivers: looked.map(({ path, hash, found }) => ({
      path: neutralize(path, PATH_CHARS_MAX),
      hash,
      known_as: found?.category ?? null,
      entry: found?.entry ?? null,
    })),
  };
}

const FINDINGS_MAX = 300;
const TITLE_CHARS_MAX = 300;
const PATH_CHARS_MAX = 260;
