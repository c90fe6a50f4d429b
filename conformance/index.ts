/** The conformance kit: numbered sentences of the wire, and the checks that hold any peer to them, in any language. */
export { conform, isDue, profilesOf, type ConformOptions, type Report, type Result } from './run.ts';
export { requirements, type Level, type Profile, type Requirement, type RequirementId } from './requirements.ts';
export { expectConformance, isRequirementId, sentencesOf, type Sentence, type SkippableTest } from './sentences.ts';
export { readPem, type Key } from './identity.ts';
export type { Exchanged, Upgrade } from './exchange.ts';
export { toJunit } from './junit.ts';
export { toHtml } from './html.ts';
export { toTranscript } from './transcript.ts';
export { visible } from './visible.ts';
export { parseReplay, Replay, replayName, saysAnything, sentenceOf, toReplay } from './replay.ts';
export { replay, type Likeness, type Replayed, type ReplayLine, type ReplayOptions } from './replayer.ts';
export { visit, type Visit, type VisitOptions } from './visit.ts';
export type { Skill } from './subject.ts';
