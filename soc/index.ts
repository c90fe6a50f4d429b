/** What a security team keeps: people and their keys, alerts, settings, and the record of who did what. No HTTP, no mesh. */
export { createAlerts, type Alerts, type AlertEvent } from './alerts.ts';
export { createAnswers, type Answers, type KeptAnswer } from './answers.ts';
export { createAudit, type Audit, type Doer } from './audit.ts';
export { createKeys, type Keys } from './keys.ts';
export { createPasswords, type Passwords } from './passwords.ts';
export { cursorOf, readCursor } from './cursor.ts';
export { createSessions, type IssuedSession, type Sessions } from './sessions.ts';
export { createSettings, SETTINGS_DEFAULT, type Settings, type StoredSettings } from './settings.ts';
export type { SocDeps, SocStore } from './soc.ts';
export { createUsers, type Users } from './users.ts';
