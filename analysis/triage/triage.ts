/** What one alert is worth, seen with the alerts around it: a verdict, a priority, and who should look next. */
import { z } from 'zod';
import type { AnalysisResult } from '../../protocol/index.ts';
import type { Content } from '../../seams/index.ts';
import { assessIndicators } from '../ioc/index.ts';
import { conclude, type Grounds } from '../verdict/index.ts';
import { entitiesOf, evidenceOf, findingOf, receiptOf, unreadOf, type TriagedAlert } from './alert.ts';
import { correlateAlerts, type Incident } from './correlate.ts';

/** How soon somebody must look; P1 is now. */
export const Priority = z.enum(['P1', 'P2', 'P3', 'P4']);
export type Priority = z.infer<typeof Priority>;

/** Who should look next, and at what. */
export const NextStep = z.object({ skill: z.string(), why: z.string() });
export type NextStep = z.infer<typeof NextStep>;

/** A result with what to do first. */
export type Triage = AnalysisResult & { priority: Priority; next: NextStep[]; incident: Incident | undefined };

/** Weighs an alert with the alerts that share an incident with it, and with what is known of its indicators. */
export function triageAlert(
  alert: TriagedAlert,
  around: readonly TriagedAlert[],
  { content, window_ms }: { content: Content; window_ms: number },
): Triage {
  const others = around.filter(({ alert_id }) => alert_id !== alert.alert_id);
  const { incidents, checked } = correlateAlerts([alert, ...others], window_ms);
  const incident = incidents.find(({ alert_ids }) => alert_ids.includes(alert.alert_id));
  const bound = new Set(incident?.alert_ids);
  const together = [alert, ...others.filter(({ alert_id }) => bound.has(alert_id))];
  const indicated = alert.iocs.length > 0 ? indicatorGrounds(alert, content) : undefined;
  const result = conclude({
    subject: `Alert ${alert.alert_id.slice(0, ID_CHARS_SHOWN)}`,
    findings: [...together.map(findingOf), ...(indicated?.findings ?? [])],
    techniques: [
      ...together.flatMap((each) => each.mitre_techniques.map((id) => ({ id, evidence: evidenceOf(each) }))),
      ...(indicated?.techniques ?? []),
    ],
    iocs: alert.iocs,
    checked: [
      receiptOf('how bad is what the alert says?', [alert], undefined),
      ...checked,
      ...(indicated?.checked ?? []),
    ],
    not_checked: [
      ...unreadOf([alert]),
      ...(indicated?.not_checked ?? []),
      // What the alert says weighs as much as before: only that nothing else is wrong cannot be said.
      { what: 'what the alert rests on', why: 'the desk reads alerts, not the events behind them', is_unjudged: true },
    ],
    recommendations: indicated?.recommendations ?? [],
    data_versions: indicated?.data_versions ?? {},
    critical_asset: alert.asset_criticality === 'critical',
  });
  return {
    ...result,
    priority: priorityOf(result),
    next: nextFor(alert, result),
    incident: incident && incident.alert_ids.length > 1 ? incident : undefined,
  };
}

const indicatorGrounds = (alert: TriagedAlert, content: Content): Grounds =>
  assessIndicators(alert.iocs, {
    content,
    originOf: (index) => ({ source: evidenceOf(alert)[0].source, locator: `/iocs/${index}/value` }),
  });

function priorityOf({ severity, verdict }: AnalysisResult): Priority {
  const is_grave = severity === 'critical' || severity === 'high';
  if (is_grave && verdict === 'malicious') return 'P1';
  if (is_grave) return 'P2';
  return severity === 'medium' ? 'P3' : 'P4';
}

function nextFor(alert: TriagedAlert, { verdict }: AnalysisResult): NextStep[] {
  const about = new Set(entitiesOf(alert).map(({ type }) => type));
  const text = `${alert.title} ${alert.description ?? ''}`;
  const steps: (NextStep | undefined)[] = [
    alert.iocs.length > 0 ? { skill: 'analyze_threat', why: `it names ${alert.iocs.length} indicators` } : undefined,
    typeof alert['raw_log'] === 'string' ? { skill: 'analyze_access_log', why: 'it carries raw log lines' } : undefined,
    alert['http'] !== undefined ? { skill: 'analyze_http', why: 'it carries a request' } : undefined,
    alert['email'] !== undefined || /phish|e-?mail/i.test(text)
      ? { skill: 'analyze_email', why: 'it is about a mail' }
      : undefined,
    about.has('host') || about.has('process')
      ? { skill: 'assess_endpoint', why: 'it names a host: what else happened there?' }
      : undefined,
    alert.mitre_techniques.length > 0
      ? {
          skill: 'hunt_hypothesis',
          why: `it names ${alert.mitre_techniques.length} techniques: are there more traces?`,
        }
      : undefined,
    verdict === 'malicious' && about.has('host')
      ? { skill: 'contain_endpoint', why: 'it is malicious and names the host; a person has to allow it' }
      : undefined,
  ];
  return steps.filter((step) => step !== undefined);
}

const ID_CHARS_SHOWN = 64;
