/** Many sources into one timeline: artefacts and recordings alike, each with its clock, its measured skew and its losses. */
import { z } from 'zod';
import type { Workers } from '../../seams/index.ts';
import { createSkewMeter, zoneOf } from '../events/index.ts';
import { peek, collect } from '../readers/index.ts';
import { openRecording } from '../recordings/index.ts';
import { entriesOf, whyUndated } from './artifact-entries.ts';
import { ARTIFACT_BYTES_MAX, kindOf, readArtifact, unreadOf } from './artifact.ts';
import { entryOfEvent } from './event-entries.ts';
import type { StampFacts } from './stamps.ts';
import type { TimedEntry, Timeline } from './timeline.ts';

/** What one source gave. */
export const TimelineSource = z.object({
  source: z.string(),
  kind: z.string(),
  sha256: z.string(),
  items: z.number().int(),
  items_read: z.number().int(),
  entries: z.number().int(),
  undated: z.number().int(),
  skew_ms: z.number().int().describe('by how much its clock was taken back; 0 when nothing says it was wrong'),
  skew_why: z.string(),
  clocks: z.array(z.object({ clock: z.string(), other: z.string(), median_ms: z.number(), events: z.number().int() })),
});
export type TimelineSource = z.infer<typeof TimelineSource>;

/** A source with what of it was not read. */
export interface Gathered {
  summary: TimelineSource;
  unread: { what: string; why: string }[];
  /** Of its undated entries. */
  undated_why: string;
}

/**
 * Reads one source into the timeline. `skew_ms`, `year` and `zone` are what the caller knows; without a skew a collector's zone is found
 * by itself.
 */
export async function gatherSource(
  timeline: Timeline,
  input: { name: string; bytes: AsyncIterable<Uint8Array>; skew_ms?: number | undefined } & StampFacts,
  { workers, signal }: { workers?: Pick<Workers, 'run'>; signal?: AbortSignal } = {},
): Promise<Gathered> {
  const { head, stream } = await peek(input.bytes, HEAD_BYTES);
  const kind = kindOf(head, input.name);
  if (kind !== undefined) {
    const reading = readArtifact(await collect(stream, ARTIFACT_BYTES_MAX), input.name, kind);
    const { entries, undated } = entriesOf(reading, input);
    timeline.add(input.name, entries, input.skew_ms ?? 0);
    const is_read = reading.artifact.kind !== 'unsupported';
    return {
      undated_why: whyUndated(reading),
      summary: {
        source: input.name,
        kind: reading.artifact.kind,
        sha256: reading.sha256,
        items: entries.length + undated + unreadOf(reading.left),
        items_read: is_read ? entries.length + undated : 0,
        entries: entries.length,
        undated,
        skew_ms: input.skew_ms ?? 0,
        skew_why: input.skew_ms === undefined ? 'nothing in it says that its clock was wrong' : 'given by the caller',
        clocks: [],
      },
      unread: [
        ...reading.damage.map((why) => ({ what: `a part of ${input.name}`, why })),
        ...reading.left.map(({ what, why }) => ({ what: `${what} of ${input.name}`, why })),
        ...(reading.artifact.kind === 'unsupported' ? [{ what: input.name, why: reading.artifact.reason }] : []),
      ],
    };
  }
  return gatherEvents(
    timeline,
    { ...input, bytes: stream },
    { ...(workers && { workers }), ...(signal && { signal }) },
  );
}

async function gatherEvents(
  timeline: Timeline,
  { name, bytes, skew_ms }: { name: string; bytes: AsyncIterable<Uint8Array>; skew_ms?: number | undefined },
  options: { workers?: Pick<Workers, 'run'>; signal?: AbortSignal },
): Promise<Gathered> {
  const recording = openRecording({ name, bytes }, options);
  const meter = createSkewMeter();
  let entries: TimedEntry[] = [];
  let undated = 0;
  let dropped = 0;
  for await (const batch of recording.batches) {
    for (const event of batch) {
      meter.note(event);
      if (Number.isNaN(event.at_ms)) undated += 1;
      const entry = entryOfEvent(event);
      if (!entry) continue;
      entries.push(entry);
    }
    if (entries.length <= ENTRIES_MAX) continue;
    const kept = entries.filter(({ weight }) => weight === 2).slice(0, ENTRIES_MAX / 2);
    dropped += entries.length - kept.length;
    entries = kept;
  }
  const clocks = meter.skews();
  const found = skew_ms === undefined ? zoneOf(clocks) : undefined;
  const shift = skew_ms ?? found?.skew_ms ?? 0;
  // What is told by the documented clock itself stays where it is.
  timeline.add(
    name,
    entries.filter(({ clock }) => found === undefined || clock === found.clock),
    shift,
  );
  if (found !== undefined)
    timeline.add(
      name,
      entries.filter(({ clock }) => clock !== found.clock),
      0,
    );
  const { sha256, items, items_read, unread, unread_count } = recording.report();
  return {
    undated_why: 'none of their fields says a time in a form that is read',
    summary: {
      source: name,
      kind: 'events',
      sha256,
      items,
      items_read,
      entries: entries.length,
      undated,
      skew_ms: shift,
      skew_why: skew_ms !== undefined ? 'given by the caller' : (found?.why ?? 'no two of its clocks differ by a zone'),
      clocks,
    },
    unread: [
      ...unread,
      ...(unread_count > unread.length
        ? [{ what: `${unread_count - unread.length} further parts of ${name}`, why: 'they could not be read' }]
        : []),
      ...(dropped > 0
        ? [{ what: `${dropped} lesser entries of ${name}`, why: `${ENTRIES_MAX} of one source are held` }]
        : []),
    ],
  };
}

const HEAD_BYTES = 65_536;
const ENTRIES_MAX = 50_000;
