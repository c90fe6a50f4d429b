/** The timeline as a result says it, with what each source gave and lost. */
import type { AnalysisResult } from '../../protocol/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { conclude, type WeighedFinding } from '../verdict/index.ts';
import type { Gathered, TimelineSource } from './gather.ts';
import type { Timeline, TimelineEntry } from './timeline.ts';

/** Closes the timeline. It accuses nobody: its findings are about clocks. */
export function judgeTimeline(
  timeline: Timeline,
  gathered: readonly Gathered[],
): AnalysisResult & { timeline: TimelineEntry[]; sources: TimelineSource[] } {
  const { entries, duplicates, dropped } = timeline.close();
  const summaries = gathered.map(({ summary }) => summary);
  const result = conclude({
    subject: `A timeline of ${entries.length} entries out of ${summaries.length} source${summaries.length === 1 ? '' : 's'}${duplicates > 0 ? `, ${duplicates} told more than once` : ''}`,
    findings: summaries.filter(({ skew_ms }) => skew_ms !== 0).map(skewFinding),
    checked: summaries.map(({ sha256, items, items_read, source }) => ({
      question: `When did what ${neutralize(source, NAME_CHARS_MAX)} tells of happen?`,
      corpus: { sha256, items, items_read },
    })),
    not_checked: [
      ...gathered.flatMap(({ unread }) =>
        unread
          .slice(0, UNREAD_LISTED_MAX)
          .map(({ what, why }) => ({ what: neutralize(what), why: neutralize(why), mandatory: true })),
      ),
      ...gathered
        .filter(({ summary }) => summary.undated > 0)
        .map(({ summary: { undated, source }, undated_why }) => ({
          what: `${undated} entries of ${neutralize(source, NAME_CHARS_MAX)}`,
          why: undated_why,
        })),
      ...(dropped > 0 ? [{ what: `${dropped} lesser entries`, why: 'a timeline lists what tells most' }] : []),
      {
        what: 'whether any of it is bad',
        why: 'a timeline orders what happened and judges none of it',
        mandatory: true,
      },
      { what: 'whether the clocks of the machines were right', why: 'only clocks within one source are compared' },
    ],
  });
  return {
    ...result,
    timeline: entries.map((entry) => ({
      ...entry,
      host: neutralize(entry.host, NAME_CHARS_MAX),
      subject: neutralize(entry.subject, SUBJECT_CHARS_MAX),
      seen_in: entry.seen_in.map(({ source, locator }) => ({ source: neutralize(source, NAME_CHARS_MAX), locator })),
    })),
    sources: summaries.map((summary) => ({ ...summary, source: neutralize(summary.source, NAME_CHARS_MAX) })),
  };
}

const skewFinding = ({ source, skew_ms, skew_why }: TimelineSource, index: number): WeighedFinding => ({
  id: `skew-${index + 1}`,
  title: neutralize(`the clock of ${source} was taken back by ${skew_ms} ms`, TITLE_CHARS_MAX),
  severity: 'info',
  rule: 'timeline/skew',
  weight: 0,
  basis: 'skew',
  evidence: [evidence({ source, locator: 'its clocks', text: skew_why })],
});

const UNREAD_LISTED_MAX = 50;
const NAME_CHARS_MAX = 128;
const SUBJECT_CHARS_MAX = 240;
const TITLE_CHARS_MAX = 300;
