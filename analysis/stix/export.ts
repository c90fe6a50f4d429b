/** Intelligence given out as STIX 2.1: a document of STIX as it came, a MISP event or a list of indicators translated. */
import { createHash } from 'node:crypto';
import { AuroraError, type AnalysisResult, type Ioc } from '../../protocol/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { conclude } from '../verdict/index.ts';
import { crosswalk } from '../attack/index.ts';
import { readIntelligence } from './import.ts';
import type { StixBundle } from './intelligence.ts';
import { toBundle } from './to-bundle.ts';

/** A result with the bundle. */
export interface StixExport extends AnalysisResult {
  bundle: StixBundle;
  /** What STIX has no place for, or we no translation. */
  left_out: string[];
}

/** What somebody found and wants to share. */
export interface Findings {
  title: string;
  producer: string;
  created_at: string;
  iocs: readonly Ioc[];
  techniques: readonly string[];
}

/** Writes a bundle of a document, or of findings. Throws 4220 when it would be larger than an answer may be. */
export function exportStix(given: { name: string; text: string } | Findings): StixExport {
  const { bundle, left_out } = 'text' in given ? translated(given.text) : written(given);
  const text = JSON.stringify(bundle);
  if (text.length > BUNDLE_LENGTH_MAX) {
    throw new AuroraError(4220, { message: `The bundle would hold more than ${BUNDLE_LENGTH_MAX} characters` });
  }
  const result = conclude({
    subject: `${neutralize('text' in given ? given.name : given.title, NAME_CHARS_MAX)}: ${bundle.objects.length} objects exported`,
    findings: bundle.objects.slice(0, 1).map((object) => ({
      id: 'bundle',
      title: `The bundle holds ${bundle.objects.length} objects`,
      severity: 'info' as const,
      rule: 'bundle',
      weight: 0,
      basis: 'bundle',
      evidence: [evidence({ source: 'bundle', locator: '/objects/0', text: String(object['id']) })],
    })),
    checked: [
      {
        question: 'Is everything given in the bundle? Counted in objects.',
        corpus: {
          sha256: createHash('sha256').update(text).digest('hex'),
          items: bundle.objects.length + left_out.length,
          items_read: bundle.objects.length,
        },
      },
    ],
    not_checked: [
      { what: 'whether what is exported is true', why: 'exporting only translates', mandatory: true },
      ...left_out.slice(0, LEFT_OUT_MAX).map((what) => ({ what, why: 'it was left out of the bundle' })),
    ],
  });
  return { ...result, bundle, left_out: left_out.slice(0, LEFT_OUT_MAX) };
}

function translated(text: string): { bundle: StixBundle; left_out: string[] } {
  const { bundle, rejected, format } = readIntelligence(text);
  // A document of STIX goes out as it came, also what we did not understand of it.
  return { bundle, left_out: format === 'stix' ? [] : [...new Set(rejected.map(({ why }) => why))] };
}

function written({ iocs, techniques, ...about }: Findings): { bundle: StixBundle; left_out: string[] } {
  const current = techniques.map((id) => crosswalk(id)?.technique.id ?? id);
  return toBundle({ ...about, indicators: iocs, techniques: [...new Set(current)] });
}

/** With the rest of the result under one frame, 4 MiB (wire.md 2). */
const BUNDLE_LENGTH_MAX = 3_000_000;
const LEFT_OUT_MAX = 100;
const NAME_CHARS_MAX = 120;
