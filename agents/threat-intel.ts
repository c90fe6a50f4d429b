/** Threat intelligence: finds indicators in text, names what their evidence supports, and takes in and gives out what others know. */
import { z } from 'zod';
import { Likeness, mapText } from '../analysis/attack-text/index.ts';
import {
  analyzeText,
  analyzeThreat,
  enrichIocs,
  INDICATORS_MAX,
  Network,
  readText,
  Sighting,
  TEXT_BYTES_MAX,
} from '../analysis/ioc/index.ts';
import { exportStix, importIntel } from '../analysis/stix/index.ts';
import { openSingle } from '../analysis/readers/index.ts';
import { defineAgent } from '../mesh/index.ts';
import { AnalysisResult, AuroraError, Ioc, skill, Source, type SkillContext } from '../protocol/index.ts';
import { Origin, ThreatParams } from './analyze-threat.ts';

const analyze = skill({
  id: 'analyze_threat',
  title: 'Analyze a threat',
  description:
    'Judges indicators by their form and by mounted intelligence, and names the ATT&CK techniques that supports.',
  tags: ['ioc', 'attack', 'threat-intel'],
  effect: 'read',
  routable: true,
  examples: [
    {
      alert_id: 'alert-1',
      iocs: [
        { type: 'url', value: 'http://198.51.100.7:4444/update.exe' },
        { type: 'domain', value: 'xkqjzvwtrbpqhdfg.example' },
      ],
    },
  ],
  params: ThreatParams.extend({
    origins: z
      .array(Origin)
      .max(INDICATORS_MAX)
      .optional()
      .describe('where each indicator was found, in the order of iocs: what findings cite'),
  }),
  result: AnalysisResult,
});

const extract = skill({
  id: 'extract_iocs',
  title: 'Extract indicators',
  description:
    'Finds what a text names, defanged or not, tells indicators from references, victims and files, and judges them.',
  tags: ['ioc', 'text', 'threat-intel'],
  effect: 'read',
  routable: true,
  examples: [
    {
      source: { name: 'note.txt', text: 'Beacons to hxxp://198.51.100[.]7/gate[.]php, see https://example.com/report' },
    },
  ],
  params: z.object({ source: Source }),
  result: AnalysisResult.extend({
    extracted: z.array(
      z.object({
        type: z.string(),
        value: z.string(),
        offset: z.number().int().nonnegative(),
        length: z.number().int().positive(),
        line: z.number().int().positive(),
        source: z.string(),
        kind: z.enum(['indicator', 'reference', 'victim', 'file_name', 'network']),
        defanged: z.boolean(),
        why: z.string(),
        count: z.number().int().positive(),
      }),
    ),
  }),
});

const map = skill({
  id: 'map_text_to_attack',
  title: 'Map a text to ATT&CK',
  description:
    'Names the ATT&CK techniques a report speaks of, each with its sentence and the labelled sentence it is like; keeps silent where none is near.',
  tags: ['attack', 'text', 'threat-intel'],
  effect: 'read',
  routable: true,
  examples: [{ source: { name: 'note.txt', text: 'They used process injection, see T1055. Then all was quiet.' } }],
  params: z.object({ source: Source }),
  result: AnalysisResult.extend({
    mapped: z.array(
      z.object({
        technique: z.string(),
        how: z.enum(['id', 'name', 'sentence']),
        offset: z.number().int().nonnegative(),
        length: z.number().int().positive(),
        line: z.number().int().positive(),
        similarity: z.number().optional(),
        lead: z.number().optional(),
        candidates: z.array(z.string()).optional(),
        nearest: z.object({ text: z.string(), doc: z.string() }).optional(),
        terms: z.array(z.string()).optional(),
      }),
    ),
    consistent_with: z.array(Likeness).describe('groups and software known for like techniques; never an attribution'),
  }),
});

const NotChecked = z.literal('not_checked');

const enrich = skill({
  id: 'enrich_iocs',
  title: 'Enrich indicators',
  description:
    'Says of each indicator its suffix and owner, the warning lists it is on, who announces it and who has seen it, from mounted content.',
  tags: ['ioc', 'enrichment', 'threat-intel'],
  effect: 'read',
  routable: true,
  examples: [
    {
      iocs: [
        { type: 'domain', value: 'files.example.com' },
        { type: 'ip', value: '192.0.2.7' },
      ],
    },
  ],
  params: z.object({ iocs: z.array(Ioc).min(1).max(INDICATORS_MAX) }),
  result: AnalysisResult.extend({
    enriched: z.array(
      Ioc.extend({
        normalized: z.string().optional(),
        host: z.string().optional(),
        suffix: z.string().optional(),
        registered_domain: z.string().optional(),
        shared_hosting: z.boolean().optional(),
        warning_lists: z.union([
          z.array(z.object({ list: z.string(), kind: z.enum(['harmless', 'shared', 'sensor']) })),
          NotChecked,
        ]),
        sightings: z.union([z.array(Sighting), NotChecked]),
        network: z.union([Network, z.literal('unknown'), NotChecked]).optional(),
      }),
    ),
  }),
});

const take = skill({
  id: 'import_intel',
  title: 'Import intelligence',
  description:
    'Reads a STIX 2.1 bundle or a MISP event: indicators with what they indicate, techniques, groups, software, and what was not taken over.',
  tags: ['stix', 'misp', 'threat-intel'],
  effect: 'read',
  routable: true,
  examples: [
    {
      source: {
        name: 'event.json',
        text: '{"Event":{"info":"Example","Attribute":[{"type":"ip-dst","value":"192.0.2.7","to_ids":true}]}}',
      },
    },
  ],
  params: z.object({ source: Source }),
  result: AnalysisResult.extend({
    format: z.enum(['stix', 'misp']),
    objects: z.record(z.string(), z.number().int()),
    indicators: z.array(
      Ioc.extend({
        locator: z.string(),
        sufficient: z.boolean(),
        name: z.string().optional(),
        first_seen: z.string().optional(),
        valid_until: z.string().optional(),
        malware: z.array(z.string()),
        techniques: z.array(z.string()),
      }),
    ),
    groups: z.array(z.string()),
    software: z.array(z.string()),
    rejected: z.array(z.object({ locator: z.string(), why: z.string() })),
    intel: z.object({ indicators: z.array(Sighting) }).describe('to be mounted as the content "intel"'),
  }),
});

const give = skill({
  id: 'export_stix',
  title: 'Export STIX',
  description:
    'Writes a STIX 2.1 bundle: of a STIX document as it came, of a MISP event or of indicators and techniques translated, the same bytes each time.',
  tags: ['stix', 'misp', 'threat-intel'],
  effect: 'read',
  routable: true,
  examples: [
    {
      findings: {
        title: 'Example',
        producer: 'Example team',
        created_at: '2026-01-01T00:00:00.000Z',
        iocs: [{ type: 'ip', value: '192.0.2.7' }],
        techniques: ['T1071.001'],
      },
    },
  ],
  params: z
    .object({
      source: Source.optional().describe('a STIX document or a MISP event'),
      findings: z
        .object({
          title: z.string().min(1).max(500),
          producer: z.string().min(1).max(256),
          created_at: z.iso.datetime().describe('when it was found; an export has no clock of its own'),
          iocs: z.array(Ioc).max(INDICATORS_MAX).default([]),
          techniques: z.array(z.string().max(16)).max(1_000).default([]),
        })
        .optional(),
    })
    .refine(({ source, findings }) => (source === undefined) !== (findings === undefined), {
      message: 'give exactly one of source and findings',
    })
    .meta({ oneOf: [{ required: ['source'] }, { required: ['findings'] }] }),
  result: AnalysisResult.extend({
    bundle: z.looseObject({
      type: z.literal('bundle'),
      id: z.string(),
      objects: z.array(z.looseObject({ type: z.string() })),
    }),
    left_out: z.array(z.string()),
  }),
});

/** Finds indicators in text, and names what their evidence supports. */
export const threatIntel = defineAgent({
  id: 'threat-intel',
  name: 'Threat intelligence',
  description: 'Finds indicators in text and names what their evidence supports.',
  skills: [
    analyze.implement((params, ctx) =>
      ctx.progress.tool('assess indicators', params.iocs, () => analyzeThreat(params, ctx.content)),
    ),
    extract.implement(async ({ source }, ctx) => {
      const file = await openSingle({ name: source.name, bytes: ctx.blobs.open(source) });
      const read = await readText(file.bytes, ctx.signal);
      return ctx.progress.tool('extract and assess indicators', { name: file.name, length: read.text.length }, () =>
        analyzeText(read, file.name, ctx.content),
      );
    }),
    map.implement(async ({ source }, ctx) => {
      const file = await openSingle({ name: source.name, bytes: ctx.blobs.open(source) });
      const { text } = await readText(file.bytes, ctx.signal);
      return ctx.progress.tool('map text to techniques', { name: file.name, length: text.length }, () =>
        mapText(text, { source: file.name, content: ctx.content }),
      );
    }),
    enrich.implement(({ iocs }, { content, progress }) =>
      progress.tool('enrich indicators', iocs, () => enrichIocs(iocs, content)),
    ),
    take.implement(async ({ source }, ctx) => {
      const text = await wholeText(source, ctx);
      return ctx.progress.tool('import intelligence', { name: source.name, length: text.length }, () =>
        importIntel(text, { source: source.name, content: ctx.content }),
      );
    }),
    give.implement(async ({ source, findings }, ctx) => {
      const given = source ? { name: source.name, text: await wholeText(source, ctx) } : findings;
      if (!given) throw new AuroraError(-32602); // The schema asks for one of the two.
      return ctx.progress.tool('export a bundle', { name: source?.name ?? findings?.title }, () => exportStix(given));
    }),
  ],
});

/** Half a document would be read as another one: it is refused. */
async function wholeText(source: Source, ctx: SkillContext): Promise<string> {
  const file = await openSingle({ name: source.name, bytes: ctx.blobs.open(source) });
  const { text, complete } = await readText(file.bytes, ctx.signal);
  if (!complete) throw new AuroraError(4220, { message: `The document is larger than ${TEXT_BYTES_MAX} bytes` });
  return text;
}
