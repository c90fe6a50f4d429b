/** Artefacts: is every fact that independent tools state read exactly, with times in UTC? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { judgeArtifact, readArtifact, type Artifact } from '../../analysis/forensics/index.ts';
import type { ScoredFolder } from '../folder.ts';
import { createStopwatch } from '../stopwatch.ts';

const Facts = z.record(z.string(), z.unknown());
const Answers = z.object({
  cases: z.array(z.looseObject({ file: z.string(), kind: z.string(), facts: Facts.optional() })),
});
type Case = z.infer<typeof Answers>['cases'][number];

/** Artefacts of the folder `forensics`. */
export const forensics: ScoredFolder = {
  folder: 'forensics',
  async score(dir, { signal }) {
    const { cases } = Answers.parse(JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8')));
    const watch = createStopwatch();
    const misses: string[] = [];
    let facts = 0;
    let exact = 0;
    for (const each of cases) {
      signal.throwIfAborted();
      const bytes = readFileSync(join(dir, each.file));
      const reading = await watch.time(() => readArtifact(bytes, each.file));
      const found = {
        ...statedBy(reading.artifact),
        finding: judgeArtifact(reading).findings.map(({ title }) => title),
      };
      for (const [name, value] of expectedOf(each)) {
        facts += 1;
        const given: unknown = Object.hasOwn(found, name) ? Reflect.get(found, name) : undefined;
        if (isSame(name, given, value)) exact += 1;
        else misses.push(`${each.file} ${name}: ${JSON.stringify(given)}, expected ${JSON.stringify(value)}`);
      }
    }
    return {
      cases: cases.length,
      measures: [{ metric: 'facts exact', result: facts === 0 ? 0 : exact / facts, target: 1, better: 'exact' }],
      misses,
      engine_ms: watch.elapsed_ms(),
    };
  },
};

/** The stated facts, name by name; where a case comes from is none. */
const expectedOf = ({ file: _file, kind: _kind, oracle: _oracle, facts, ...rest }: Case): [string, unknown][] =>
  Object.entries({ ...rest, ...facts });

/** A finding is met when one says the same class of attack; everything else word for word. */
function isSame(name: string, given: unknown, value: unknown): boolean {
  if (name === 'finding')
    return (
      Array.isArray(given) && given.some((title) => /SQL injection/.test(String(title))) === /SQL/.test(String(value))
    );
  return JSON.stringify(given) === JSON.stringify(value);
}

/** What was read, in the words of the tools that the answers are from. */
function statedBy(artifact: Artifact): Record<string, unknown> {
  switch (artifact.kind) {
    case 'prefetch': {
      const { prefetch } = artifact;
      const times = prefetch.last_run_times.map(toLong);
      const slots = prefetch.format_version >= 26 ? 8 : 1;
      return {
        format_version: String(prefetch.format_version),
        executable: prefetch.executable,
        prefetch_hash: prefetch.prefetch_hash,
        run_count: prefetch.run_count,
        last_run_times: [...times, ...Array.from({ length: slots - times.length }, () => 'Not set (0)')],
        filenames_count: prefetch.filenames_count,
        filenames_first: prefetch.filenames.slice(0, 3),
        volumes: prefetch.volumes.map(({ path }) => path),
      };
    }
    case 'lnk': {
      const { lnk } = artifact;
      return {
        'Creation time': toLong(lnk.created_at),
        'Modification time': toLong(lnk.modified_at),
        'Access time': toLong(lnk.accessed_at),
        'File size': `${lnk.file_size} bytes`,
        Description: lnk.description,
        'Relative path': lnk.relative_path,
        'Working directory': lnk.working_directory,
        'Command line arguments': lnk.arguments,
        'Icon location': lnk.icon_location,
        'Local path': lnk.local_path,
        'Network path': lnk.network_path,
        'Environment variables location': lnk.environment_path,
        'Volume label': lnk.volume_label,
        'Drive serial number': lnk.drive_serial,
        'Machine identifier': lnk.machine,
        'Droid volume identifier': lnk.droid_volume,
        'Droid file identifier': lnk.droid_file,
        'Birth droid volume identifier': lnk.birth_droid_volume,
        'Birth droid file identifier': lnk.birth_droid_file,
      };
    }
    case 'utmp':
      return {
        records: artifact.records_count,
        rows: artifact.records.map(({ type, pid, user, line, host, ip, time }) => {
          return { type, pid, user, line, host, ip, time: time.replace('.', ',').replace('Z', '+00:00') };
        }),
      };
    case 'history': {
      const { lines, entries } = artifact.history;
      const seconds = entries.flatMap(({ time }) => (time === null ? [] : [Date.parse(time) / 1_000]));
      return {
        lines,
        commands: entries.flatMap(({ command }) => command.split('\n')),
        timestamps: [...new Set(seconds)],
      };
    }
    case 'log':
      return { lines: artifact.log.lines, records: artifact.log.records_count };
    case 'unsupported':
      return {};
  }
}

/** `Oct 04, 2013 15:40:09.037833300 UTC`, as the tools print it. */
function toLong(time: string | null): string {
  const [, year, month, day, clock, fraction = ''] =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)\.?(\d*)Z$/.exec(time ?? '') ?? [];
  if (day === undefined) return 'Not set (0)';
  return `${MONTHS[Number(month) - 1] ?? ''} ${day}, ${year} ${clock}.${fraction.padEnd(9, '0')} UTC`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
