/** Forensics: what artefacts of machines say, exactly, on UTC, and what of them could not be read. */
export { Artifact, ARTIFACT_BYTES_MAX, ArtifactKind, kindOf, readArtifact, toListed } from './artifact.ts';
export type { ArtifactReading } from './artifact.ts';
export { CUSTODY_ENTRIES_MAX, CustodyEntry, extendCustody, verifyCustody } from './custody.ts';
export type { Collected, CustodyFault } from './custody.ts';
export { collectEvidence, CustodyReport, hashOf, judgeCustody } from './custody-report.ts';
export type { Piece } from './custody-report.ts';
export { analyzeEventLog, EventLogFacts } from './event-log.ts';
export { gatherSource, TimelineSource } from './gather.ts';
export type { Gathered } from './gather.ts';
export { judgeArtifact } from './judge.ts';
export { createTimeline, TimelineEntry } from './timeline.ts';
export type { Timeline } from './timeline.ts';
export { judgeTimeline } from './timeline-report.ts';
