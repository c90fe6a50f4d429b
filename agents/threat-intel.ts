/** Threat intelligence: finds indicators in text and names what their evidence supports. */
import { z } from 'zod';
import { mapText } from '../analysis/attack-text/index.ts';
import { analyzeText, analyzeThreat, INDICATORS_MAX, readText } from '../analysis/ioc/index.ts';
import { defineAgent } from '../mesh/index.ts';
import { AnalysisResult, Ioc, skill, Source } from '../protocol/index.ts';

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
  params: z.object({
    alert_id: z.string().min(1).max(256),
    iocs: z.array(Ioc).min(1).max(INDICATORS_MAX),
    origins: z
      .array(z.object({ source: z.string().max(255), locator: z.string().max(255) }))
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
  }),
});

export const threatIntel = defineAgent({
  id: 'threat-intel',
  name: 'Threat intelligence',
  description: 'Finds indicators in text and names what their evidence supports.',
  skills: [
    analyze.implement((params, ctx) =>
      ctx.progress.tool('assess indicators', params.iocs, () => analyzeThreat(params, ctx.content)),
    ),
    extract.implement(async ({ source }, ctx) => {
      const read = await readText(ctx.blobs.open(source), ctx.signal);
      return ctx.progress.tool('extract and assess indicators', { name: source.name, length: read.text.length }, () =>
        analyzeText(read, source.name, ctx.content),
      );
    }),
    map.implement(async ({ source }, ctx) => {
      const { text } = await readText(ctx.blobs.open(source), ctx.signal);
      return ctx.progress.tool('map text to techniques', { name: source.name, length: text.length }, () =>
        mapText(text, { source: source.name, content: ctx.content }),
      );
    }),
  ],
});
