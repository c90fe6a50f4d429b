/** Shared intelligence: STIX 2.1 and MISP in, STIX 2.1 out. */
export { exportStix } from './export.ts';
export type { Findings, StixExport } from './export.ts';
export { importIntel, readIntelligence } from './import.ts';
export type { IntelImport } from './import.ts';
export type { Intelligence, SharedIndicator, StixBundle, StixObject } from './intelligence.ts';
export { parsePattern } from './pattern.ts';
export type { Comparison, Pattern, PatternReading } from './pattern.ts';
export { schemasOf } from './schemas.ts';
export type { StixSchemas } from './schemas.ts';
