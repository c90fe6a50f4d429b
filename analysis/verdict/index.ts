/** Verdicts: the one place where findings become severity, confidence and a word. */
export { conclude } from './conclude.ts';
export type { Gap, Grounds, WeighedFinding } from './conclude.ts';
export { merge } from './merge.ts';
export type { Part } from './merge.ts';
export { recordsOf } from './records.ts';
export { WEIGHT } from './weight.ts';
