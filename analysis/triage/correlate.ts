/** Which alerts are one incident: they share entities within a window, and together they tell more than each alone. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Severity, severityRank, Verdict, type AnalysisResult } from '../../protocol/index.ts';
import { crosswalk } from '../attack/index.ts';
import { bind, entityOf, type Bound } from '../entities/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { conclude, type Grounds, type WeighedFinding } from '../verdict/index.ts';
import {
  evidenceOf,
  findingOf,
  listed,
  receiptOf,
  shownValue,
  timeOf,
  toSightings,
  unreadOf,
  type TriagedAlert,
} from './alert.ts';

/** Alerts that are one story. */
export const Incident = z.object({
  incident_id: z.string().describe('the same for the same alerts'),
  title: z.string(),
  verdict: Verdict,
  severity: Severity,
  confidence: z.number(),
  arithmetic: z.string(),
  alert_ids: z.array(z.string()),
  first_at: z.string().optional(),
  last_at: z.string().optional(),
  tactics: z.array(z.string()).describe('in the order in which they were seen'),
  mitre_techniques: z.array(z.string()),
  shared: z.array(z.object({ type: z.string(), value: z.string(), alert_ids: z.array(z.string()) })),
  timeline: z.array(z.object({ at: z.string().optional(), alert_id: z.string(), title: z.string() })),
});
export type Incident = z.infer<typeof Incident>;

/** A result with its incidents, the gravest first. */
export type Correlation = AnalysisResult & { incidents: Incident[] };

/** Binds alerts to incidents. The same alerts in any order give the same bytes. */
export function correlateAlerts(given: readonly TriagedAlert[], window_ms: number): Correlation {
  const alerts = [...new Map(given.map((alert) => [alert.alert_id, alert])).values()];
  const by_id = new Map(alerts.map((alert) => [alert.alert_id, alert]));
  const incidents = bind(toSightings(alerts), window_ms)
    .map((bound) => toIncident(bound, by_id))
    .sort(byGravity);
  const doubled = given.length - alerts.length;
  const { findings, left_out } = listed(incidents.map(toFinding));
  const grounds: Grounds = {
    subject: `The ${alerts.length} alerts in ${incidents.length} incident${incidents.length === 1 ? '' : 's'}`,
    findings,
    techniques: techniquesOf(alerts),
    iocs: alerts.flatMap(({ iocs }) => iocs),
    checked: [receiptOf('which alerts belong together?', alerts, plantedControl(window_ms))],
    not_checked: [
      ...unreadOf(alerts),
      ...left_out,
      ...(doubled > 0 ? [{ what: `${doubled} alerts`, why: 'another alert of the same id was given too' }] : []),
      { what: 'what the alerts rest on', why: 'the desk reads alerts, not the events behind them' },
    ],
  };
  return { ...conclude(grounds), incidents };
}

function toIncident({ ids, bonds }: Bound, by_id: ReadonlyMap<string, TriagedAlert>): Incident {
  const alerts = ids.flatMap((id) => by_id.get(id) ?? []);
  const { verdict, severity, confidence, arithmetic, mitre_techniques } = conclude({
    subject: 'The incident',
    findings: alerts.map(findingOf),
    techniques: techniquesOf(alerts),
    checked: [receiptOf('', alerts, undefined)],
    critical_asset: alerts.some(({ asset_criticality }) => asset_criticality === 'critical'),
  });
  const times = alerts.map(timeOf).filter((at) => at !== undefined);
  const [gravest] = [...alerts].sort((left, right) => findingOf(right).weight - findingOf(left).weight);
  return {
    incident_id: `incident-${createHash('sha256')
      .update([...ids].sort().join('\n'))
      .digest('hex')
      .slice(0, ID_CHARS)}`,
    title: neutralize(
      `${gravest?.title ?? ''}${alerts.length > 1 ? ` and ${alerts.length - 1} more` : ''}`,
      TITLE_CHARS_MAX,
    ),
    verdict,
    severity,
    confidence,
    arithmetic,
    alert_ids: ids,
    ...(times.length > 0 && { first_at: toIso(Math.min(...times)), last_at: toIso(Math.max(...times)) }),
    tactics: tacticsOf(alerts),
    mitre_techniques,
    shared: bonds.slice(0, BONDS_MAX).map(({ entity, ids: own }) => ({
      type: entity.type,
      value: neutralize(shownValue(entity)),
      alert_ids: own,
    })),
    timeline: alerts.slice(0, TIMELINE_MAX).map((alert) => {
      const at = timeOf(alert);
      return {
        ...(at !== undefined && { at: toIso(at) }),
        alert_id: alert.alert_id,
        title: evidenceOf(alert)[0].excerpt,
      };
    }),
  };
}

/** One finding an incident: what its alerts add up to, each shared entity as evidence. */
function toFinding(incident: Incident): WeighedFinding {
  const bonds = incident.shared
    .slice(0, EVIDENCE_MAX)
    .map(({ type, value, alert_ids }) =>
      evidence({ source: `alerts ${alert_ids.slice(0, IDS_SHOWN).join(', ')}`, locator: type, text: value }),
    );
  const [first] = incident.timeline;
  const alone = evidence({ source: `alert ${first?.alert_id ?? ''}`, locator: '/title', text: first?.title ?? '' });
  return {
    id: incident.incident_id,
    title:
      `${incident.alert_ids.length} alert${incident.alert_ids.length === 1 ? '' : 's'} in one incident: ${incident.title}`.slice(
        0,
        TITLE_CHARS_MAX,
      ),
    severity: incident.severity,
    evidence: bonds.length > 0 ? bonds : [alone],
    weight: incident.confidence,
    basis: incident.incident_id,
  };
}

const techniquesOf = (alerts: readonly TriagedAlert[]) =>
  alerts.flatMap((alert) => alert.mitre_techniques.map((id) => ({ id, evidence: evidenceOf(alert) })));

/** Tactics in the order of the alerts that first show them. */
function tacticsOf(alerts: readonly TriagedAlert[]): string[] {
  const seen = alerts.flatMap(({ mitre_techniques }) =>
    mitre_techniques.flatMap((id) => crosswalk(id)?.technique.tactics[0] ?? []),
  );
  return [...new Set(seen)];
}

/** Two alerts that must be bound, and one that must not: whether the binding works is known before its answer counts. */
function plantedControl(window_ms: number): string | undefined {
  const host = entityOf('host', 'planted-host');
  const other = entityOf('host', 'another-host');
  if (!host || !other) return undefined;
  const planted = [
    { id: 'planted-1', at: 0, entities: [host] },
    { id: 'planted-2', at: window_ms, entities: [host] },
    { id: 'planted-3', at: 0, entities: [other] },
  ];
  return bind(planted, window_ms).length === 2
    ? 'two planted alerts of one host were bound, a third was not'
    : undefined;
}

const toIso = (at: number): string => new Date(at).toISOString();
const byGravity = (left: Incident, right: Incident): number =>
  severityRank(right.severity) - severityRank(left.severity) ||
  right.confidence - left.confidence ||
  (left.incident_id < right.incident_id ? -1 : 1);
const ID_CHARS = 12;
const TITLE_CHARS_MAX = 240;
const BONDS_MAX = 50;
const TIMELINE_MAX = 500;
const EVIDENCE_MAX = 5;
const IDS_SHOWN = 5;
