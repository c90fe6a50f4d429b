/** The skills of the indicator trade as functions: indicators in, or a text in, a result with its grounds out. */
import { createHash } from 'node:crypto';
import type { AnalysisResult, Ioc } from '../../protocol/index.ts';
import type { Content } from '../../seams/index.ts';
import { neutralize } from '../evidence/index.ts';
import { conclude } from '../verdict/index.ts';
import { assessIndicators, type AssessOptions, type Origin } from './assess.ts';
import { extractIocs, TEXT_LENGTH_MAX, type ExtractedIoc, type Extraction } from './extract.ts';
import { TEXT_BYTES_MAX, type ReadText } from './read-text.ts';
import { TOKENS_MAX } from './tokens.ts';

/** What every specialist answers on its own port (wire.md 5); `only` limits it to indicators of its trade. */
export const analyzeThreat = (
  { iocs, origins }: { alert_id: string; iocs: readonly Ioc[]; origins?: readonly Origin[] | undefined },
  content: Content,
  options: Pick<AssessOptions, 'only'> = {},
): AnalysisResult => conclude(assessIndicators(iocs, { content, originOf: (index) => origins?.[index], ...options }));

/** A distinct thing a text names, at its first place, with how often it stands there as that. */
export interface ListedIoc extends ExtractedIoc {
  count: number;
}

/** A result with everything the text names, whatever it is there. */
export interface TextResult extends AnalysisResult {
  extracted: ListedIoc[];
}

/** The reference says `ip` for both kinds of address (M08). */
const toWireType = (type: string): string => (type === 'ipv4' || type === 'ipv6' ? 'ip' : type);

/** Finds what a text names and judges what it names as hostile. */
export function analyzeText({ text, complete, legible }: ReadText, source: string, content: Content): TextResult {
  const extraction = extractIocs(text, { source });
  const distinct = distinctOf(extraction.extracted);
  const { listed, dropped } = bounded(distinct);
  const indicators = distinct.filter(({ kind, value }) => kind === 'indicator' && value.length <= VALUE_LENGTH_MAX);
  const judged = indicators.slice(0, INDICATORS_MAX);

  const grounds = assessIndicators(
    judged.map(({ type, value }) => ({ type: toWireType(type), value })),
    { content, originOf: (index) => ({ source, locator: placeOf(judged[index]) }) },
  );
  const gaps: [boolean, string, string][] = [
    [!complete, `the source after byte ${TEXT_BYTES_MAX}`, 'only that much is read at once'],
    [!legible, 'the source as a whole', 'much of it does not read as UTF-8 or UTF-16 text'],
    [
      extraction.length_read < extraction.length,
      `the text after character ${TEXT_LENGTH_MAX}`,
      'only that much is read at once',
    ],
    [extraction.cut, 'the text as a whole', `more than ${TOKENS_MAX} things were recognised, the rest is not listed`],
    [dropped > 0, `${dropped} of the extracted things`, `the list holds ${LIST_LENGTH_MAX} characters`],
    [
      indicators.length > judged.length,
      `${indicators.length - judged.length} of the indicators`,
      `${judged.length} are judged at once`,
    ],
    [
      indicators.length === 0,
      'what the text says beside indicators',
      'only indicators are judged here, and it names none',
    ],
  ];
  const left_out = gaps.filter(([open]) => open).map(([, what, why]) => ({ what, why, mandatory: true }));
  const result = conclude({
    ...grounds,
    subject: `${neutralize(source, 120)}: ${indicators.length} indicator${indicators.length === 1 ? '' : 's'}`,
    checked: [readingReceipt(text, extraction), ...(indicators.length > 0 ? grounds.checked : [])],
    not_checked: [...left_out, ...(grounds.not_checked ?? [])],
  });
  return { ...result, extracted: listed };
}

function readingReceipt(text: string, { length, length_read, extracted }: Extraction) {
  const planted = extractIocs(PLANTED_TEXT, { source: 'planted' }).extracted.find(({ kind }) => kind === 'indicator');
  return {
    question: 'Which indicators does the text name? Counted in UTF-16 units.',
    corpus: { sha256: createHash('sha256').update(text).digest('hex'), items: length, items_read: length_read },
    ...(planted && { control: `in a planted text ${planted.value} was found; here ${extracted.length} mentions` }),
  };
}

function distinctOf(extracted: readonly ExtractedIoc[]): ListedIoc[] {
  const by_key = new Map<string, ListedIoc>();
  for (const ioc of extracted) {
    const key = `${ioc.kind} ${ioc.type} ${ioc.value}`;
    const known = by_key.get(key);
    if (known) known.count += 1;
    else by_key.set(key, { ...ioc, count: 1 });
  }
  return [...by_key.values()];
}

function bounded(distinct: readonly ListedIoc[]): { listed: ListedIoc[]; dropped: number } {
  let room = LIST_LENGTH_MAX;
  const listed = distinct.filter((ioc) => (room -= JSON.stringify(ioc).length) >= 0);
  return { listed, dropped: distinct.length - listed.length };
}

const placeOf = (ioc: ListedIoc | undefined): string => (ioc ? `line ${ioc.line}, offset ${ioc.offset}` : 'the text');

/** As many as `analyze_threat` takes. */
export const INDICATORS_MAX = 1_000;
/** The longest value of an `Ioc`. */
const VALUE_LENGTH_MAX = 4_096;
/** Characters of JSON: with its findings a result stays under one frame, 4 MiB (wire.md 2). */
const LIST_LENGTH_MAX = 1_500_000;
const PLANTED_TEXT = 'C2: hxxp://192[.]0.2.1/x';
