/** A binary event log as evidence: its histogram, its span of time, its damage, and what its events say by themselves. */
import { z } from 'zod';
import type { AnalysisResult } from '../../protocol/index.ts';
import { assessHosts, createHostWatch } from '../endpoint/index.ts';
import { normalizeEvent } from '../events/index.ts';
import { createHistogram, type EvtxReader, type EvtxRecord } from '../evtx/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';

/** What is said of a log beside the verdict. */
export const EventLogFacts = z.object({
  sha256: z.string(),
  size: z.number().int(),
  records: z.number().int(),
  declared: z.number().int().describe('records that its chunks say they hold'),
  chunks: z.number().int(),
  is_dirty: z.boolean().describe('it was not closed properly'),
  histogram: z.record(z.string(), z.number().int()).describe('by "channel|event id"'),
  first_time: z.string().nullable(),
  last_time: z.string().nullable(),
  gaps: z
    .array(z.object({ after: z.number().int(), before: z.number().int(), missing: z.number().int() }))
    .describe('record ids that are missing in between'),
  sample: z.array(
    z.object({
      record_id: z.number().int(),
      time: z.string(),
      channel: z.string(),
      event_id: z.number().int(),
      host: z.string(),
      fields: z.record(z.string(), z.string()),
    }),
  ),
});
export type EventLogFacts = z.infer<typeof EventLogFacts>;

/** Reads a log to its end. Throws `NotEvtx` when it is none. */
export async function analyzeEventLog(
  reader: EvtxReader,
  {
    name,
    sample_max,
    onProgress,
    signal,
  }: { name: string; sample_max: number; onProgress?: (records: number) => void; signal?: AbortSignal },
): Promise<AnalysisResult & { log: EventLogFacts }> {
  const histogram = createHistogram();
  const watch = createHostWatch();
  const sample: EventLogFacts['sample'] = [];
  const gaps: EventLogFacts['gaps'] = [];
  let gaps_left = 0;
  let first_time: string | null = null;
  let last_time: string | null = null;
  let last_id: number | undefined;
  let records = 0;
  let told = 0;
  for await (const batch of reader.records) {
    for (const record of batch) {
      histogram.note(record.channel, record.event_id);
      if (record.time !== '' && (first_time === null || record.time < first_time)) first_time = record.time;
      if (record.time !== '' && (last_time === null || record.time > last_time)) last_time = record.time;
      if (last_id !== undefined && record.record_id > last_id + 1) {
        if (gaps.length < GAPS_MAX)
          gaps.push({ after: last_id, before: record.record_id, missing: record.record_id - last_id - 1 });
        else gaps_left += 1;
      }
      last_id = record.record_id;
      const event = normalizeEvent(record.event, `record ${record.record_id}`);
      if (event) watch.note(event);
      if (sample.length < sample_max) sample.push(toSample(record));
    }
    records += batch.length;
    if (records - told < PROGRESS_RECORDS) continue;
    told = records;
    onProgress?.(records);
  }
  const report = reader.report();
  const damage = [
    ...report.damaged.map(({ chunk, offset, damage: what }) => ({
      what: `a part of chunk ${chunk} at offset ${offset}`,
      why: what.join('; '),
    })),
    ...(report.damaged_count > report.damaged.length
      ? [{ what: `${report.damaged_count - report.damaged.length} further damaged chunks`, why: 'they are not listed' }]
      : []),
    ...report.unread,
  ];
  const { result } = await assessHosts(
    watch,
    {
      source: name,
      checked: {
        question: 'Do the records of the log show an intruder? Items are records that its chunks declare.',
        corpus: { sha256: report.sha256, items: report.declared, items_read: report.records },
      },
      not_checked: [
        ...damage.map((gap) => ({ ...gap, mandatory: true })),
        ...(records === 0 ? [{ what: 'the log', why: 'it holds no record that can be read', mandatory: true }] : []),
        ...(histogram.dropped() > 0
          ? [
              {
                what: `${histogram.dropped()} records in the histogram`,
                why: 'it has no room for more kinds of events',
              },
            ]
          : []),
        ...(gaps_left > 0
          ? [{ what: `${gaps_left} further gaps between record ids`, why: `${GAPS_MAX} are listed` }]
          : []),
        { what: 'rules for single events (Sigma)', why: 'they are the threat hunter’s' },
      ],
      data_versions: {},
    },
    { ...(signal && { signal }) },
  );
  const findings = [...result.findings, ...damageFindings(name, damage), ...gapFindings(name, gaps)];
  return {
    ...result,
    findings,
    log: {
      sha256: report.sha256,
      size: report.size,
      records: report.records,
      declared: report.declared,
      chunks: report.chunks,
      is_dirty: report.is_dirty,
      histogram: Object.fromEntries(
        Object.entries(histogram.counts()).map(([key, count]) => [neutralize(key, KEY_CHARS_MAX), count]),
      ),
      first_time,
      last_time,
      gaps,
      sample,
    },
  };
}

/** Damage does not accuse anybody: it is said as a finding of level info, and as unread. */
const damageFindings = (source: string, damage: readonly { what: string; why: string }[]): AnalysisResult['findings'] =>
  damage.slice(0, DAMAGE_FINDINGS_MAX).map(({ what, why }, index) => ({
    id: `damage-${index + 1}`,
    title: neutralize(`the log is damaged: ${what}`, TITLE_CHARS_MAX),
    severity: 'info',
    rule: 'evtx/damage',
    evidence: [evidence({ source, locator: what, text: why })],
  }));

/** Ids count up one by one: a gap means records that were filtered, lost or removed. */
const gapFindings = (source: string, gaps: EventLogFacts['gaps']): AnalysisResult['findings'] => {
  const [first] = gaps;
  if (!first) return [];
  const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0);
  return [
    {
      id: 'record-gaps',
      title: `${missing} record ids are missing in ${gaps.length} places: the log was filtered, or records were removed`,
      severity: 'info',
      rule: 'evtx/record-gap',
      evidence: [evidence({ source, locator: `after record ${first.after}`, text: `the next one is ${first.before}` })],
    },
  ];
};

function toSample({ record_id, time, channel, event_id, event }: EvtxRecord): EventLogFacts['sample'][number] {
  const data = event.EventData ?? event.UserData ?? {};
  const fields = Object.entries(data).slice(0, SAMPLE_FIELDS_MAX);
  const host = event.System['Computer'];
  return {
    record_id,
    time,
    channel: neutralize(channel, KEY_CHARS_MAX),
    event_id,
    host: typeof host === 'string' ? neutralize(host, KEY_CHARS_MAX) : '',
    fields: Object.fromEntries(
      fields.map(([name, value]) => [
        neutralize(name, KEY_CHARS_MAX),
        neutralize(typeof value === 'string' ? value : JSON.stringify(value)),
      ]),
    ),
  };
}

const PROGRESS_RECORDS = 20_000;
const GAPS_MAX = 100;
const DAMAGE_FINDINGS_MAX = 20;
const SAMPLE_FIELDS_MAX = 40;
const KEY_CHARS_MAX = 200;
const TITLE_CHARS_MAX = 300;
