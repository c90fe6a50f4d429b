/** Indicators: found in text, judged by themselves and against mounted content. */
export { analyzeText, analyzeThreat, INDICATORS_MAX } from './analyze.ts';
export type { ListedIoc, TextResult } from './analyze.ts';
export { assessIndicators } from './assess.ts';
export type { AssessOptions, Origin } from './assess.ts';
export { blockAtEdge } from './block.ts';
export { enrichIocs } from './enrich.ts';
export type { Enriched, Enrichment } from './enrich.ts';
export { extractIocs, TEXT_LENGTH_MAX } from './extract.ts';
export type { ExtractedIoc, Extraction } from './extract.ts';
export { indicatorsInCommands } from './in-commands.ts';
export { parseIndicator } from './indicator.ts';
export type { Indicator, IndicatorType } from './indicator.ts';
export { Sighting } from './intel.ts';
export { Network } from './networks.ts';
export { isPublicAddress } from './public.ts';
export { readText, TEXT_BYTES_MAX } from './read-text.ts';
export type { ReadText } from './read-text.ts';
export { isPublicResolver, whySpared } from './spared.ts';
