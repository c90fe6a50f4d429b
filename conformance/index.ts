/** The conformance kit: numbered sentences of the wire, and the checks that hold any peer to them, in any language. */
export { conform, type ConformOptions, type Report, type Result } from './run.ts';
export { requirements, type Level, type Profile, type Requirement, type RequirementId } from './requirements.ts';
export { readPem, type Key } from './identity.ts';
export type { Exchanged } from './exchange.ts';
