/** Alerts as products write them, brought to the fields that are read here: Wazuh, Elastic and ECS, and odd forms of our own. */
import { TriagedAlert } from '../analysis/triage/index.ts';
import { DESK_FIELDS, DESK_LABELS } from './plan.ts';

/** The alert in our fields, and which of its fields carried something and are not read. */
export interface ShapedAlert {
  alert: Record<string, unknown>;
  /** Paths of what was taken, so that it is not told as unread. */
  taken: ReadonlySet<string>;
  /** Fields whose value has no form that is read: passed over. */
  odd: string[];
}

/** Never throws: what it cannot read it names. */
export function shapeAlert(value: Readonly<Record<string, unknown>>): ShapedAlert {
  const alert: Record<string, unknown> = { ...value };
  const taken = new Set<string>();
  const odd: string[] = [];
  for (const [field, places] of SHAPES) {
    if (typeof alert[field] === 'string' || Array.isArray(alert[field])) continue;
    for (const place of places) {
      const { path, read = asItIs }: Kept = typeof place === 'string' ? { path: place } : place;
      const told = read(at(value, path));
      if (!isTelling(told)) continue;
      alert[field] = told;
      taken.add(path);
      break;
    }
  }
  for (const field of [...DESK_FIELDS, ...DESK_LABELS, 'alert_id', 'description', 'command_line']) {
    if (alert[field] === undefined || alert[field] === null) {
      Reflect.deleteProperty(alert, field);
      continue;
    }
    const read = field === 'severity' ? toSeverity(alert[field]) : toForm(field, alert[field]);
    if (read !== undefined) alert[field] = read;
    else {
      if (!TAKEN_APART.has(field) || ![...taken].some((path) => path.startsWith(`${field}.`))) odd.push(field);
      Reflect.deleteProperty(alert, field);
    }
  }
  return { alert, taken, odd };
}

/** A value in the form its field has for the desk, or undefined when it has none. */
function toForm(field: string, value: unknown): unknown {
  if (field === 'mitre_techniques') {
    const listed = (Array.isArray(value) ? value : [value]).filter((id): id is string => typeof id === 'string');
    return listed.length > 0
      ? listed.slice(0, TECHNIQUES_MAX).map((id) => id.slice(0, TECHNIQUE_CHARS_MAX))
      : undefined;
  }
  if (field === 'command_line' || field === 'description')
    return typeof value === 'string' && value !== '' ? value : undefined;
  const plain = typeof value === 'number' ? String(value) : field === 'asset_criticality' ? lower(value) : value;
  const form = TriagedAlert.shape[field as keyof typeof TriagedAlert.shape].safeParse(plain);
  return form.success ? form.data : undefined;
}

/** The words that products use; a bare number says nothing without its scale. */
function toSeverity(value: unknown): string | undefined {
  const word = lower(value);
  return typeof word === 'string' ? SEVERITIES.get(word.trim()) : undefined;
}

/** The levels of Wazuh's rules as words. */
const ofWazuh = (level: unknown): string | undefined =>
  typeof level === 'number' ? WAZUH_LEVELS.find(([from]) => level >= from)?.[1] : undefined;

const asItIs = (value: unknown): unknown => value;

const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);

const isTelling = (value: unknown): boolean =>
  (typeof value === 'string' && value !== '') ||
  typeof value === 'number' ||
  (Array.isArray(value) && value.length > 0);

/** A field by its path, whether its dots are objects in one another or stand in the name, as Elastic writes both. */
function at(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(fields, path)) return fields[path];
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const found = Object.hasOwn(fields, path.slice(0, dot))
      ? at(fields[path.slice(0, dot)], path.slice(dot + 1))
      : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where a product keeps something, and what its value says in our words where it is not as it is. */
interface Kept {
  path: string;
  read?: (value: unknown) => unknown;
}

/** Where products keep what we read; the first that says something counts. */
const SHAPES: readonly (readonly [string, readonly (string | Kept)[]])[] = [
  ['title', ['kibana.alert.rule.name', 'signal.rule.name', 'rule.description', 'rule.name', 'event.reason', 'message']],
  ['description', ['kibana.alert.reason', 'kibana.alert.rule.description', 'full_log', 'event.original', 'message']],
  [
    'severity',
    ['kibana.alert.severity', 'signal.rule.severity', 'event.severity', { path: 'rule.level', read: ofWazuh }],
  ],
  ['rule', ['kibana.alert.rule.name', 'signal.rule.name', 'rule.name', 'rule.id']],
  ['host', ['host.name', 'host.hostname', 'agent.name']],
  ['user', ['user.name', 'user.username', 'user.email', 'user.id', 'data.dstuser', 'data.srcuser']],
  ['src_ip', ['source.ip', 'data.srcip']],
  ['dst_ip', ['destination.ip', 'data.dstip']],
  ['timestamp', ['@timestamp', 'kibana.alert.start']],
  ['mitre_techniques', ['rule.mitre.id', 'threat.technique.id']],
  ['process_guid', ['process.entity_id']],
  ['command_line', ['process.command_line', 'data.win.eventdata.commandLine']],
  ['alert_id', ['kibana.alert.uuid']],
];
/** Fields that are objects in these products, of which parts are read. */
const TAKEN_APART: ReadonlySet<string> = new Set(['host', 'user', 'rule', 'source']);
const SEVERITIES: ReadonlyMap<string, string> = new Map([
  ...['info', 'low', 'medium', 'high', 'critical'].map((word) => [word, word] as const),
  ['informational', 'info'],
  ['information', 'info'],
  ['notice', 'info'],
  ['minor', 'low'],
  ['moderate', 'medium'],
  ['warning', 'medium'],
  ['major', 'high'],
  ['severe', 'high'],
  ['fatal', 'critical'],
  ['emergency', 'critical'],
]);
/** The levels of Wazuh's rules, from 0 to 16. */
const WAZUH_LEVELS: readonly (readonly [number, string])[] = [
  [15, 'critical'],
  [12, 'high'],
  [7, 'medium'],
  [4, 'low'],
  [0, 'info'],
];
const TECHNIQUES_MAX = 64;
const TECHNIQUE_CHARS_MAX = 32;
