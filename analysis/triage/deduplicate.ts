/** Which alerts say the same again: the same sensor, rule, entities and act within a window. Nothing is dropped, the rest is counted. */
import { z } from 'zod';
import { maxSeverity, Severity, type AnalysisResult } from '../../protocol/index.ts';
import { entityKey, settleNames, type Entity } from '../entities/index.ts';
import { conclude } from '../verdict/index.ts';
import { actsOf } from './acts.ts';
import { entitiesOf, evidenceOf, findingOf, listed, receiptOf, timeOf, unreadOf, TriagedAlert } from './alert.ts';

/** One statement, and every alert that made it. */
export const AlertGroup = z.object({
  alert_id: z.string().describe('the first one: the one to keep'),
  duplicates: z.array(z.string()),
  count: z.number().int().positive(),
  severity: Severity.describe('the gravest of them'),
  title: z.string(),
  why: z.string(),
});
export type AlertGroup = z.infer<typeof AlertGroup>;

/** A result with its groups. */
export type Deduplication = AnalysisResult & { groups: AlertGroup[]; duplicates: number };

/** Folds repetitions. The same alerts in any order give the same bytes. */
export function deduplicateAlerts(alerts: readonly TriagedAlert[], window_ms: number): Deduplication {
  const groups = groupsOf(alerts, window_ms);
  const control = plantedControl(window_ms);
  const told = groups.map(toGroup);
  // Of each group the gravest alert speaks: no high finding is lost in a low one.
  const { findings, left_out } = listed(
    groups.map(({ all }) => all.map(findingOf).reduce((worst, each) => (each.weight > worst.weight ? each : worst))),
  );
  const result = conclude({
    subject: `The ${alerts.length} alerts, ${groups.length} of them distinct`,
    findings,
    techniques: groups.flatMap(({ all }) =>
      all.flatMap((alert) => alert.mitre_techniques.map((id) => ({ id, evidence: evidenceOf(alert) }))),
    ),
    iocs: alerts.flatMap(({ iocs }) => iocs),
    checked: [receiptOf('which alerts say the same again?', alerts, control)],
    not_checked: [
      ...(control === undefined
        ? [{ what: 'which alerts say the same', why: 'planted ones were not told apart', mandatory: true }]
        : []),
      ...unreadOf(alerts),
      ...left_out,
      { what: 'what the alerts rest on', why: 'the desk reads alerts, not the events behind them' },
    ],
  });
  return { ...result, groups: told, duplicates: alerts.length - groups.length };
}

interface Group {
  first: TriagedAlert;
  last_at: number;
  all: TriagedAlert[];
}

function groupsOf(alerts: readonly TriagedAlert[], window_ms: number): Group[] {
  const ordered = [...alerts].sort(
    (left, right) => compare(timeOf(left) ?? 0, timeOf(right) ?? 0) || compare(left.alert_id, right.alert_id),
  );
  const open = new Map<string, Group>();
  const groups: Group[] = [];
  const about = settleNames(ordered.map((alert) => ({ id: '', at: undefined, entities: entitiesOf(alert) })));
  for (const [nth, alert] of ordered.entries()) {
    const key = keyOf(alert, about[nth]?.entities ?? []);
    const at = timeOf(alert) ?? 0;
    const group = open.get(key);
    if (group && at - group.last_at <= window_ms) {
      group.all.push(alert);
      group.last_at = at;
      continue;
    }
    const fresh = { first: alert, last_at: at, all: [alert] };
    open.set(key, fresh);
    groups.push(fresh);
  }
  return groups;
}

/** A repetition that must fold, and another act that must not: whether both are told apart is known before the answer counts. */
function plantedControl(window_ms: number): string | undefined {
  const planted = (alert_id: string, command_line: string) =>
    TriagedAlert.parse({ alert_id, rule: 'planted', host: 'planted-host', command_line });
  const groups = groupsOf([planted('1', 'one'), planted('2', 'one'), planted('3', 'another')], window_ms);
  return groups.map(({ all }) => all.length).join() === '2,1'
    ? 'a planted repetition was folded, a planted other act was not'
    : undefined;
}

function toGroup({ first, all }: { first: TriagedAlert; all: readonly TriagedAlert[] }): AlertGroup {
  return {
    alert_id: first.alert_id,
    duplicates: all.slice(1).map(({ alert_id }) => alert_id),
    count: all.length,
    severity: all.reduce<Severity>((worst, { severity = 'info' }) => maxSeverity(worst, severity), 'info'),
    title: evidenceOf(first)[0].excerpt,
    why:
      all.length === 1 ? 'nothing else says the same' : 'same sensor, rule, entities and act, one soon after the other',
  };
}

const keyOf = (alert: TriagedAlert, entities: readonly Entity[]): string =>
  JSON.stringify([
    alert.source ?? '',
    alert.rule ?? alert.title,
    [...new Set(entities.map(entityKey))].sort(),
    actsOf(alert),
  ]);
const compare = <T>(left: T, right: T): number => (left < right ? -1 : left > right ? 1 : 0);
