/** What an artefact tells of time, as entries of a timeline. */
import type { ArtifactReading } from './artifact.ts';
import { createStampReader, factsInWords, type StampFacts } from './stamps.ts';
import type { TimedEntry } from './timeline.ts';

/** The entries, and how many of its statements say no whole time, with what is known of their source. */
export function entriesOf(
  { artifact }: ArtifactReading,
  facts: StampFacts = {},
): { entries: TimedEntry[]; undated: number } {
  switch (artifact.kind) {
    case 'prefetch': {
      const { executable, last_run_times, volumes } = artifact.prefetch;
      const runs = last_run_times.map((time, index) =>
        entry({
          time,
          clock: 'FILETIME of the last runs',
          locator: `last run ${index + 1}`,
          action: 'program ran',
          subject: executable,
          weight: 2,
        }),
      );
      const made = volumes.flatMap(({ created_at, path }, index) =>
        created_at === null
          ? []
          : [
              entry({
                time: created_at,
                clock: 'FILETIME of the volume',
                locator: `volume ${index + 1}`,
                action: 'volume created',
                subject: path,
                weight: 0,
              }),
            ],
      );
      return { entries: [...runs, ...made], undated: 0 };
    }
    case 'lnk': {
      const { lnk } = artifact;
      const subject = lnk.local_path ?? lnk.network_path ?? lnk.environment_path ?? lnk.relative_path ?? '';
      const times = [
        ['created_at', 'target of a link created'],
        ['modified_at', 'target of a link modified'],
        ['accessed_at', 'target of a link accessed'],
      ] as const;
      const entries = times.flatMap(([field, action]) => {
        const time = lnk[field];
        return time === null
          ? []
          : [
              entry({
                time,
                clock: `FILETIME ${field} in the link`,
                locator: field,
                action,
                subject,
                host: lnk.machine ?? '',
                weight: 1,
              }),
            ];
      });
      return { entries, undated: times.length - entries.length };
    }
    case 'utmp':
      return split(
        artifact.records.map(({ meaning, user, line, host, ip, time, type }, index) =>
          type === 0
            ? undefined
            : entry({
                time,
                clock: 'seconds and microseconds of the record',
                locator: `record ${index + 1}`,
                action: meaning,
                subject: [user, line, host || ip].filter(Boolean).join(' '),
                weight: type === 7 ? 2 : 1,
              }),
        ),
      );
    case 'history':
      return split(
        artifact.history.entries.map(({ command, line, time }) =>
          time === null
            ? undefined
            : entry({
                time,
                clock: 'stamp of the shell, seconds',
                locator: `line ${line}`,
                action: 'command entered',
                subject: command,
                weight: 2,
              }),
        ),
      );
    case 'log': {
      const wholeOf = createStampReader(facts);
      const { clock, format, records } = artifact.log;
      return split(
        records.map(({ line, time, text }) => {
          const whole = time ?? wholeOf(text);
          return whole === undefined
            ? undefined
            : entry({
                time: whole,
                clock: time === null ? `the stamp of the line, with ${factsInWords(facts)}` : clock,
                locator: `line ${line}`,
                action: `${format} record`,
                subject: text,
                weight: 1,
              });
        }),
      );
    }
    case 'unsupported':
      return { entries: [], undated: 0 };
  }
}

const entry = (of: Omit<TimedEntry, 'host'> & { host?: string }): TimedEntry => ({ host: '', ...of });

function split(found: readonly (TimedEntry | undefined)[]): { entries: TimedEntry[]; undated: number } {
  const entries = found.filter((each) => each !== undefined);
  return { entries, undated: found.length - entries.length };
}

/** Why statements of an artefact are in no timeline, and what would bring them there. */
export function whyUndated({ artifact }: ArtifactReading): string {
  switch (artifact.kind) {
    case 'log':
      return artifact.log.format === 'syslog'
        ? 'their stamps keep no year and no zone: say `year` and `zone` of this source'
        : 'their stamps keep no zone, or are in a form that is not read: say `zone` of this source';
    case 'history':
      return 'the shell wrote no time to them';
    case 'utmp':
      return 'they are empty records';
    case 'lnk':
    case 'prefetch':
    case 'unsupported':
      return 'they carry no time';
  }
}
