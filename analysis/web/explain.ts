/** A payload taken apart: each place of it, each layer of encoding, and what was recognised in which layer. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { AnalysisResult, Checked, NotChecked } from '../../protocol/index.ts';
import { neutralize } from '../evidence/index.ts';
import { conclude } from '../verdict/index.ts';
import { AttackClass } from './hit.ts';
import { analyzeRequests, plantedAttack, techniquesOf, toFinding } from './http.ts';
import { judgeValue, layersJudged } from './judge.ts';
import { onePerPart } from './parts.ts';
import type { Located } from './places.ts';
import { placesOf, VALUE_LENGTH_MAX, type HttpRequest } from './request.ts';

/** One layer: what decoding the one before in these steps gives, so that anybody can do it again and compare the hash. */
const ExplainedLayer = z.object({
  steps: z.array(z.string()).describe('percent, html, unicode, base64: done in this order to the layer before'),
  text: z.string().describe('neutralised, and cut where it is long'),
  length: z.number().int().nonnegative().describe('UTF-16 code units of the whole layer'),
  sha256: z.string().describe('of the whole layer as UTF-8'),
  found: z.array(
    z.object({
      class: AttackClass,
      rule: z.string(),
      title: z.string(),
      certain: z.boolean().describe('false: the shape occurs in honest input too'),
      text: z.string(),
      in_prose: z.boolean().optional().describe('a text that may only speak of it'),
    }),
  ),
});

/** One place with its layers, as it came first. */
export const ExplainedPlace = z.object({ place: z.string(), layers: z.array(ExplainedLayer) });
export type ExplainedPlace = z.infer<typeof ExplainedPlace>;

/**
 * Explains a value by itself, as of a parameter, or every place of a request; the verdict is that of the request judge. Deterministic.
 * Of a request the places with something in them are shown: more than one layer, or a recognition.
 */
export function explainPayload(
  given: string | HttpRequest,
  source: string,
): AnalysisResult & { places: ExplainedPlace[] } {
  if (typeof given === 'string') return { ...judgeAlone(given, source), places: [explain(asValue(given))] };
  const { values, joined } = placesOf(given);
  const all = [...joined, ...values].map(explain).filter(({ layers }) => layers.length > 1 || hasFound(layers));
  const places = [...all].sort((left, right) => Number(hasFound(right.layers)) - Number(hasFound(left.layers)));
  const result = analyzeRequests([given], source);
  const left = all.length - PLACES_SHOWN_MAX;
  const gap: NotChecked[] =
    left > 0 ? [{ what: `the layers of ${left} further places`, why: `${PLACES_SHOWN_MAX} are shown` }] : [];
  return { ...result, not_checked: [...gap, ...result.not_checked], places: places.slice(0, PLACES_SHOWN_MAX) };
}

const asValue = (text: string): Located => ({
  place: 'value',
  label: 'value',
  name: '',
  text: text.slice(0, VALUE_LENGTH_MAX),
});

function judgeAlone(payload: string, source: string): AnalysisResult {
  const hits = onePerPart(judgeValue(payload));
  const control = plantedAttack();
  const checked: Checked = {
    question: 'Does the value attack whoever takes it as a parameter?',
    corpus: {
      sha256: sha256Of(payload),
      items: 1,
      items_read: control === undefined ? 0 : 1,
    },
    ...(control === undefined ? {} : { control }),
  };
  return conclude({
    subject: 'The value',
    findings: hits.map((hit) => toFinding(hit, '', 0, source)),
    techniques: hits.flatMap((hit) => techniquesOf(hit, '', source)),
    checked: [checked],
    not_checked: [{ what: 'whether an attack worked', why: 'a value does not show what took it' }],
  });
}

function explain(located: Located): ExplainedPlace {
  let before = 0;
  const layers = layersJudged(located).map(({ layer: { text, steps }, hits }) => {
    const own = steps.slice(before);
    before = steps.length;
    return {
      steps: own,
      text: neutralize(text, LAYER_CHARS_MAX),
      length: text.length,
      sha256: sha256Of(text),
      found: hits.slice(0, FOUND_MAX).map(({ steps: _steps, text: recognised, title, ...hit }) => ({
        ...hit,
        title: neutralize(title),
        text: neutralize(recognised),
      })),
    };
  });
  return { place: neutralize(located.label, LABEL_CHARS_MAX), layers };
}

const hasFound = (layers: ExplainedPlace['layers']): boolean => layers.some(({ found }) => found.length > 0);
const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A payload by itself: as much as the judge reads of one value. */
export const PAYLOAD_CHARS_MAX = VALUE_LENGTH_MAX;
/** Of a layer, so many characters are shown. */
const LAYER_CHARS_MAX = 2_000;
const LABEL_CHARS_MAX = 120;
const PLACES_SHOWN_MAX = 50;
const FOUND_MAX = 20;
