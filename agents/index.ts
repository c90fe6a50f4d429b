/** The specialists: one line each, so that a process loads only its own trade. */
import type { Agent } from '../mesh/index.ts';

/** Agent id -> its code. */
export const agents: Readonly<Record<string, () => Promise<Agent>>> = {
  'threat-intel': async () => (await import('./threat-intel.ts')).threatIntel,
  'email-security': async () => (await import('./email-security.ts')).emailSecurity,
  'web-security': async () => (await import('./web-security.ts')).webSecurity,
  'security-analyst': async () => (await import('./security-analyst.ts')).securityAnalyst,
  'threat-hunter': async () => (await import('./threat-hunter.ts')).threatHunter,
  'forensic-analyst': async () => (await import('./forensic-analyst.ts')).forensicAnalyst,
  'endpoint-security': async () => (await import('./endpoint-security.ts')).endpointSecurity,
  'incident-responder': async () => (await import('./incident-responder.ts')).incidentResponder,
};
