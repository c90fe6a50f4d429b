/** What a security team keeps: people and their keys, alerts, settings, and the record of who did what. No HTTP, no mesh. */
export { drainedIn, type Agents } from './agents.ts';
export { refusedAsDuplicate, type AlertEvent, type Alerts, type KeptAlert } from './alerts.ts';
export { scopeOf, type Answers, type KeepAnswer, type KeptAnswer } from './answers.ts';
export type { Audit, Doer } from './audit.ts';
export { cursorOf, Position, readCursor } from './cursor.ts';
export type { Keys } from './keys.ts';
export { openRecords, type RecordDeps, type Records } from './records.ts';
export type { IssuedSession, Sessions } from './sessions.ts';
export type { Settings, StoredSettings } from './settings.ts';
export type { NewUser, Users } from './users.ts';
