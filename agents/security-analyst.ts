/** The desk: weighs alerts, binds them to incidents, folds repetitions, and says who should look next. */
import { z } from 'zod';
import { analyzeThreat } from '../analysis/ioc/index.ts';
import {
  AlertGroup,
  ALERTS_MAX,
  correlateAlerts,
  deduplicateAlerts,
  Incident,
  NextStep,
  Priority,
  triageAlert,
  TriagedAlert,
} from '../analysis/triage/index.ts';
import { defineAgent } from '../mesh/index.ts';
import { AnalysisResult, skill } from '../protocol/index.ts';
import { threatSkill } from './analyze-threat.ts';

const Minutes = z.number().int().min(1).max(10_080);
const LSASS = {
  alert_id: 'A-1',
  title: 'Credential dumping: LSASS was read',
  severity: 'high' as const,
  timestamp: '2026-11-24T10:00:00Z',
  source: 'edr',
  rule: 'lsass-access',
  host: 'WS-042',
  user: 'CORP\\anna',
  mitre_techniques: ['T1003.001'],
};
const SERVICE = {
  alert_id: 'A-2',
  title: 'Remote service was created',
  severity: 'high' as const,
  timestamp: '2026-11-24T10:20:00Z',
  source: 'edr',
  rule: 'remote-service',
  host: 'SRV-01',
  user: 'anna@corp.example',
  mitre_techniques: ['T1021.002'],
};

const triage = skill({
  id: 'triage_alert',
  title: 'Triage an alert',
  description:
    'Weighs an alert with the alerts around it, gives it a priority, and names the skills that should look next.',
  tags: ['triage', 'alert', 'priority'],
  effect: 'read',
  examples: [{ alert: LSASS, around: [SERVICE] }],
  params: z.object({
    alert: TriagedAlert,
    around: z.array(TriagedAlert).max(ALERTS_MAX).default([]).describe('what else was raised about that time'),
    window_minutes: Minutes.default(1_440),
  }),
  result: AnalysisResult.extend({ priority: Priority, next: z.array(NextStep), incident: Incident.optional() }),
});

const correlate = skill({
  id: 'correlate_alerts',
  title: 'Correlate alerts',
  description:
    'Binds alerts that share hosts, users, addresses, files or processes within a window to incidents, each with timeline, tactics and arithmetic.',
  tags: ['correlation', 'incident', 'alert'],
  effect: 'read',
  examples: [{ alerts: [LSASS, SERVICE] }],
  params: z.object({ alerts: z.array(TriagedAlert).min(1).max(ALERTS_MAX), window_minutes: Minutes.default(1_440) }),
  result: AnalysisResult.extend({ incidents: z.array(Incident) }),
});

const deduplicate = skill({
  id: 'deduplicate_alerts',
  title: 'Deduplicate alerts',
  description:
    'Folds alerts of one sensor, rule and set of entities that follow one another; every one is counted, none is lost.',
  tags: ['deduplication', 'alert'],
  effect: 'read',
  examples: [{ alerts: [LSASS, SERVICE] }],
  params: z.object({ alerts: z.array(TriagedAlert).min(1).max(ALERTS_MAX), window_minutes: Minutes.default(60) }),
  result: AnalysisResult.extend({ groups: z.array(AlertGroup), duplicates: z.number().int().nonnegative() }),
});

const threat = threatSkill({
  description: 'Judges indicators by their form and by mounted intelligence, as the desk does with those of an alert.',
  tags: ['ioc', 'triage'],
  example: { type: 'url', value: 'http://198.51.100.7:4444/update.exe' },
});

/** Weighs alerts, binds them to incidents, and says who should look next. */
export const securityAnalyst = defineAgent({
  id: 'security-analyst',
  name: 'Security analyst',
  description: 'Weighs alerts, binds them to incidents, folds repetitions, and says who should look next.',
  skills: [
    triage.implement(({ alert, around, window_minutes }, { content, progress }) =>
      progress.tool('triage alert', { alert_id: alert.alert_id, around: around.length }, () =>
        triageAlert(alert, around, { content, window_ms: window_minutes * MINUTE_MS }),
      ),
    ),
    correlate.implement(({ alerts, window_minutes }, { progress }) =>
      progress.tool('correlate alerts', { alerts: alerts.length }, () =>
        correlateAlerts(alerts, window_minutes * MINUTE_MS),
      ),
    ),
    deduplicate.implement(({ alerts, window_minutes }, { progress }) =>
      progress.tool('deduplicate alerts', { alerts: alerts.length }, () =>
        deduplicateAlerts(alerts, window_minutes * MINUTE_MS),
      ),
    ),
    threat.implement((params, { content, progress }) =>
      progress.tool('assess indicators', params.iocs, () => analyzeThreat(params, content)),
    ),
  ],
});

const MINUTE_MS = 60_000;
