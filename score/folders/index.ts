/** The folders of cases that are scored: one line each, so that a run loads only what it measures. */
import type { ScoredFolder } from '../folder.ts';

/** Name of the folder -> how it is scored. The order is that of the table. */
export const folders: Readonly<Record<string, () => Promise<ScoredFolder>>> = {
  sigma: async () => (await import('./sigma.ts')).sigma,
  mordor: async () => (await import('./mordor.ts')).mordor,
  evtx: async () => (await import('./evtx.ts')).evtx,
  'ioc-text': async () => (await import('./ioc-text.ts')).iocText,
  'attack-text': async () => (await import('./attack-text.ts')).attackText,
  'email-auth': async () => (await import('./email-auth.ts')).emailAuth,
  phishing: async () => (await import('./phishing.ts')).phishing,
  stix: async () => (await import('./stix.ts')).stix,
  forensics: async () => (await import('./forensics.ts')).forensics,
  web: async () => (await import('./web.ts')).web,
  logs: async () => (await import('./logs.ts')).logs,
  campaign: async () => (await import('./campaign.ts')).campaign,
  atomic: async () => (await import('./atomic.ts')).atomic,
};
