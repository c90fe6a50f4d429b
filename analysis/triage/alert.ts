/** An alert as the desk gets it, and what it is about: the fields of many sensors under a few names. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  entityKey,
  entityOf,
  ENTITY_TYPES,
  isBuiltIn,
  settleNames,
  type Entity,
  type EntityType,
  type Sighting,
} from '../entities/index.ts';
import { isPublicResolver } from '../ioc/index.ts';
import { Ioc, Severity, type Checked, type Evidence, type NotChecked } from '../../protocol/index.ts';
import { evidence } from '../evidence/index.ts';
import { WEIGHT, type WeighedFinding } from '../verdict/index.ts';

const Name = z.string().max(512);
/** What is read of an alert; everything else is named as not read. */
export const TriagedAlert = z.looseObject({
  alert_id: z.string().min(1).max(128),
  title: z.string().max(500).default(''),
  description: z.string().max(65_536).optional(),
  severity: Severity.optional().describe('as the sensor says it; nothing is made up where it says none'),
  timestamp: z.string().max(64).optional().describe('when it happened, ISO 8601'),
  created_at: z.string().max(64).optional(),
  source: Name.optional().describe('the sensor'),
  rule: Name.optional().describe('the rule or signature that raised it'),
  host: Name.optional(),
  hostname: Name.optional(),
  user: Name.optional(),
  username: Name.optional(),
  src_ip: Name.optional(),
  dst_ip: Name.optional(),
  process_guid: Name.optional(),
  mitre_techniques: z.array(z.string().max(32)).max(64).default([]),
  iocs: z.array(Ioc).max(1_000).default([]),
  entities: z
    .array(z.object({ type: z.enum(ENTITY_TYPES), value: Name }))
    .max(256)
    .default([]),
  asset_criticality: z.enum(['low', 'medium', 'high', 'critical']).optional(),
});
export type TriagedAlert = z.infer<typeof TriagedAlert>;

/** Alerts that are looked at together. */
export const ALERTS_MAX = 5_000;

/** What an alert is about, each entity once, in order. */
export function entitiesOf(alert: TriagedAlert): Entity[] {
  const named = NAMED.flatMap(([field, type]) => {
    const value = alert[field];
    return typeof value === 'string' ? [entityOf(type, value)] : [];
  });
  const listed = alert.entities.map(({ type, value }) => entityOf(type, value));
  const indicated = alert.iocs.map(({ type, value }) => {
    const entity = OF_IOC.get(type.toLowerCase());
    return entity && entityOf(entity, value);
  });
  const all = [...named, ...listed, ...indicated].filter((entity) => entity !== undefined);
  const distinct = new Map(all.map((entity) => [entityKey(entity), entity]));
  return [...distinct].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, entity]) => entity);
}

/** When it happened, ms; undefined when it does not say so in a form that is read. */
export function timeOf({ timestamp, created_at }: TriagedAlert): number | undefined {
  const at = Date.parse(timestamp ?? created_at ?? '');
  return Number.isNaN(at) ? undefined : at;
}

/** The alerts as what binds them sees them: built-in accounts count on their host, names under their domains. */
export function toSightings(alerts: readonly TriagedAlert[]): Sighting[] {
  const servers = serversOf(alerts);
  return settleNames(
    alerts.map((alert) => ({
      id: alert.alert_id,
      at: timeOf(alert),
      entities: bindingOf(entitiesOf(alert)).map((entity) =>
        entity.type === 'ip' && servers.has(entity.value)
          ? { ...entity, value: `${entity.value}${OF_RULE}${alert.rule ?? ''}` }
          : entity,
      ),
    })),
  );
}

/** What two alerts share, as it is shown. */
export const shownValue = ({ value }: Entity): string => value.split(OF_RULE, 1)[0] ?? '';

/**
 * Addresses that many hosts ask and of which no alert says more. A server of all of them, as a proxy, makes no strangers one incident:
 * there only what one rule says of it is bound, as of a control server.
 */
function serversOf(alerts: readonly TriagedAlert[]): Set<string> {
  const askers = new Map<string, Set<string>>();
  const told = new Set<string>();
  for (const alert of alerts) {
    const { dst_ip, ...rest } = alert;
    const asked = dst_ip === undefined ? undefined : entityOf('ip', dst_ip)?.value;
    for (const { type, value } of entitiesOf(rest)) if (type === 'ip' && value !== asked) told.add(value);
    const is_indicated = alert.iocs.some(({ value }) => value === dst_ip);
    if (asked === undefined) continue;
    if (is_indicated) told.add(asked);
    const asker = alert.host ?? alert.hostname ?? alert.src_ip ?? alert.user ?? alert.username ?? alert.alert_id;
    askers.set(asked, (askers.get(asked) ?? new Set()).add(asker.toLowerCase()));
  }
  return new Set([...askers].filter(([ip, hosts]) => hosts.size > ASKERS_MAX && !told.has(ip)).map(([ip]) => ip));
}

/** `Administrator` is another one on each host; without a host it is nobody, and neither is a resolver that everybody asks. */
function bindingOf(entities: readonly Entity[]): Entity[] {
  const hosts = entities.filter(({ type }) => type === 'host');
  return entities
    .filter(({ type, value }) => type !== 'ip' || !isPublicResolver(value))
    .flatMap((entity) =>
      isBuiltIn(entity)
        ? hosts.map((host) => ({ ...host, type: 'user' as const, value: `${host.value}\\${entity.value}` }))
        : [entity],
    );
}

/** What the sensor says, weighed as its severity; alerts of one rule of one sensor are one kind of evidence. */
export function findingOf(alert: TriagedAlert): WeighedFinding {
  const [shown] = evidenceOf(alert);
  const { source = 'the sensor', severity } = alert;
  const judged = severity === undefined ? 'gives no severity that is read' : `says ${severity}`;
  const said = `${source} ${judged}: ${shown.excerpt || 'no title'}`;
  return {
    id: `alert-${evidence({ source: '', locator: alert.alert_id, text: '' }).locator}`,
    title: said.slice(0, TITLE_CHARS_MAX),
    severity: severity ?? 'info',
    ...(alert.rule !== undefined && { rule: evidence({ source: alert.rule, locator: '', text: '' }).source }),
    evidence: [shown],
    weight: severity === undefined || severity === 'info' ? 0 : WEIGHT[severity],
    basis: `${alert.source ?? ''} ${alert.rule ?? alert.title}`,
  };
}

/** The title of the alert as evidence, harmless to print. */
export const evidenceOf = ({ alert_id, title }: TriagedAlert): [Evidence] => [
  evidence({ source: `alert ${alert_id}`, locator: '/title', text: title }),
];

/** What the desk does not read of these alerts: it keeps them from being clean. */
export function unreadOf(alerts: readonly TriagedAlert[]): (NotChecked & { mandatory: boolean })[] {
  const fields = new Set(alerts.flatMap((alert) => Object.keys(alert).filter((field) => !READ.has(field))));
  const undated = alerts.filter((alert) => timeOf(alert) === undefined).length;
  const shown = [...fields]
    .sort()
    .slice(0, FIELDS_SHOWN)
    .map((field) => evidence({ source: field, locator: '', text: '' }).source);
  return [
    ...(shown.length > 0
      ? [
          {
            what: `the fields ${shown.join(', ')}`,
            why: 'the desk does not read them; other specialists may',
            mandatory: true,
          },
        ]
      : []),
    ...(undated > 0
      ? [
          {
            what: `the time of ${undated} alert${undated === 1 ? '' : 's'}`,
            why: 'it says none that can be read',
            mandatory: false,
          },
        ]
      : []),
  ];
}

/** As many findings as one result lists, the weightiest; the rest is said. */
export function listed(findings: readonly WeighedFinding[]): { findings: WeighedFinding[]; left_out: NotChecked[] } {
  const ordered = [...findings].sort((left, right) => right.weight - left.weight || (left.id < right.id ? -1 : 1));
  const rest = ordered.length - FINDINGS_MAX;
  return {
    findings: ordered.slice(0, FINDINGS_MAX),
    left_out: rest > 0 ? [{ what: `${rest} lesser findings`, why: `only ${FINDINGS_MAX} are listed` }] : [],
  };
}

/** The receipt over alerts: the same whatever order they came in. */
export function receiptOf(question: string, alerts: readonly TriagedAlert[], control: string | undefined): Checked {
  const lines = alerts.map((alert) => JSON.stringify(alert)).sort();
  const sha256 = createHash('sha256').update(lines.join('\n')).digest('hex');
  return {
    question,
    corpus: { sha256, items: alerts.length, items_read: alerts.length },
    ...(control !== undefined && { control }),
  };
}

const NAMED: readonly (readonly [string, EntityType])[] = [
  ['host', 'host'],
  ['hostname', 'host'],
  ['user', 'user'],
  ['username', 'user'],
  ['src_ip', 'ip'],
  ['dst_ip', 'ip'],
  ['process_guid', 'process'],
];
const OF_IOC = new Map<string, EntityType>([
  ['ip', 'ip'],
  ['ipv4', 'ip'],
  ['ipv6', 'ip'],
  ['domain', 'domain'],
  ['hostname', 'domain'],
  ['hash', 'hash'],
  ['md5', 'hash'],
  ['sha1', 'hash'],
  ['sha256', 'hash'],
]);
/** Ours, labels of others, and what other specialists are given whole. */
const READ = new Set([
  ...Object.keys(TriagedAlert.shape),
  ...['status', 'acknowledged', 'tenant_id', 'raw_log', 'http', 'email'],
]);
/** So many hosts may meet at one address and be one incident under any rules, where nothing but their asking it is told. */
const ASKERS_MAX = 3;
/** Parts an address from the rule that speaks of it. */
const OF_RULE = '\0';
const TITLE_CHARS_MAX = 240;
const FIELDS_SHOWN = 20;
const FINDINGS_MAX = 300;
