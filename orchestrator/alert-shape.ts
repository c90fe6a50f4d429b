/**
 * Alerts as products write them, brought to the fields that are read here: Wazuh, Elastic and ECS, Suricata, GuardDuty, Defender and
 * Graph, Sentinel, CrowdStrike, SentinelOne, Splunk, and odd forms of our own.
 */
import { TriagedAlert } from '../analysis/triage/index.ts';
import { listedIn, type ListedEvidence } from './alert-evidence.ts';
import { at, find, isGuardDuty, isSuricata, isTelling, isText, toPointer, type Fields } from './alert-products.ts';
import { Alert, DESK_FIELDS, DESK_LABELS } from './alert-steps.ts';

/** The alert in our fields, and which of its fields carried something and are not read. */
export interface ShapedAlert extends Pick<ListedEvidence, 'iocs' | 'commands'> {
  alert: Record<string, unknown>;
  /** Pointers to what was taken, so that it is not told as unread. */
  taken: ReadonlySet<string>;
  /** Where in the alert stands what a field of ours says. */
  places: ReadonlyMap<string, string>;
  /** Fields whose value has no form that is read: passed over. */
  odd: string[];
}

/** Never throws: what it cannot read it names. */
export function shapeAlert(value: Fields): ShapedAlert {
  const alert: Record<string, unknown> = { ...value };
  const listed = listedIn(value);
  const taken = new Set(listed.taken);
  const places = new Map<string, string>();
  const odd: string[] = [];
  for (const [field, kept] of SHAPES) {
    if (typeof alert[field] === 'string' || Array.isArray(alert[field])) continue;
    for (const place of kept) {
      const { path, read = asItIs, of, each }: Kept = typeof place === 'string' ? { path: place } : place;
      const found = of && !of(value) ? undefined : find(value, path);
      const told = found && (each === undefined ? read(found.value) : namesIn(found.value, each));
      if (!found || !isPlainlyTelling(told)) continue;
      alert[field] = told;
      places.set(field, found.pointer);
      if (each === undefined) taken.add(found.pointer);
      else for (const nth of elementsOf(found.value).keys()) taken.add(`${found.pointer}/${nth}/${each}`);
      break;
    }
  }
  addListed(alert, listed);
  odd.push(...takeCarried(alert, taken));
  for (const field of [...DESK_FIELDS, ...DESK_LABELS, 'alert_id', 'description', 'command_line']) {
    if (alert[field] === undefined || alert[field] === null) {
      Reflect.deleteProperty(alert, field);
      continue;
    }
    const read = field === 'severity' ? toSeverity(alert[field]) : toForm(field, alert[field]);
    if (read !== undefined) alert[field] = read;
    else {
      const below = `${toPointer(field)}/`;
      if (!TAKEN_APART.has(field) || ![...taken].some((pointer) => pointer.startsWith(below))) odd.push(field);
      Reflect.deleteProperty(alert, field);
    }
  }
  return { alert, taken, places, odd, iocs: listed.iocs, commands: listed.commands };
}

/** What the lists of a product say stands in for the fields of ours that the alert does not have. */
function addListed(alert: Record<string, unknown>, { entities, techniques }: ListedEvidence): void {
  if (entities.length > 0 && !TriagedAlert.shape.entities.safeParse(alert['entities'] ?? null).success)
    alert['entities'] = entities;
  if (techniques.length > 0 && !Array.isArray(alert['mitre_techniques']))
    alert['mitre_techniques'] = [...new Set(techniques)];
}

/**
 * What an alert may carry whole: a log, a request, a mail. Products keep an object of their own under the same names, of which a
 * request is made where it tells one. Returns the fields that have no form that is read; they are taken out.
 */
function takeCarried(alert: Record<string, unknown>, taken: Set<string>): string[] {
  const { http } = alert;
  const method = at(http, 'http_method');
  const url = at(http, 'url');
  if (at(http, 'method') === undefined && isText(method) && isText(url)) {
    const headers = HTTP_HEADERS.flatMap(([field, name]) => {
      const value = at(http, field);
      return isText(value) ? [[name, value] as const] : [];
    });
    alert['http'] = { method, url, headers: Object.fromEntries(headers) };
    for (const field of ['http_method', 'url', ...HTTP_HEADERS.map(([name]) => name)]) taken.add(`/http/${field}`);
  }
  return CARRIED.filter((field) => {
    if (alert[field] === undefined || Alert.shape[field].safeParse(alert[field]).success) return false;
    return Reflect.deleteProperty(alert, field);
  });
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

/** A number on the scale of one product as a word: that of the highest step that it reaches. */
const onScale = (steps: readonly (readonly [number, string])[]) => (level: unknown) =>
  typeof level === 'number' ? steps.find(([from]) => level >= from)?.[1] : undefined;

const isOutbound = (value: Fields): boolean => at(value, DIRECTION) === 'OUTBOUND';
const isInbound = (value: Fields): boolean => at(value, DIRECTION) === 'INBOUND';

/** What a list says of its elements under one name, each once. */
const namesIn = (list: unknown, name: string): string =>
  [...new Set(elementsOf(list).map((each) => at(each, name)))].filter(isText).join(', ').slice(0, NAMES_CHARS_MAX);

const elementsOf = (list: unknown): unknown[] => (Array.isArray(list) ? list.slice(0, ELEMENTS_MAX) : []);

/** Milliseconds since 1970 as ISO 8601. */
const toTime = (at_ms: unknown): string | undefined =>
  typeof at_ms === 'number' && at_ms > 0 && at_ms <= DATE_MS_MAX ? new Date(at_ms).toISOString() : undefined;

const asItIs = (value: unknown): unknown => value;

const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);

/** A text, a number or a list: an object is none of the fields that are read. */
const isPlainlyTelling = (value: unknown): boolean =>
  isTelling(value) && (typeof value === 'string' || typeof value === 'number' || Array.isArray(value));

/** Where a product keeps something, and what its value says in our words where it is not as it is. */
interface Kept {
  path: string;
  read?: (value: unknown) => unknown;
  /** Only where the alert is of that product. */
  of?: (alert: Fields) => boolean;
  /** It is a list, whose elements say it under this name. */
  each?: string;
}

/** Which side began a connection that GuardDuty tells of. */
const DIRECTION = 'service.action.networkConnectionAction.connectionDirection';
const REMOTE = 'service.action.networkConnectionAction.remoteIpDetails.ipAddressV4';
/** The levels of Wazuh's rules, from 0 to 16. */
const ofWazuh = onScale([
  [15, 'critical'],
  [12, 'high'],
  [7, 'medium'],
  [4, 'low'],
  [0, 'info'],
]);
/** From 0 to 10; the words are those of Amazon's own documentation, where 1 is the lowest that is given. */
const ofGuardDuty = onScale([
  [9, 'critical'],
  [7, 'high'],
  [4, 'medium'],
  [1, 'low'],
  [0, 'info'],
]);
/** From 1 to 100; the words are those of CrowdStrike's own console. */
const ofCrowdStrike = onScale([
  [80, 'critical'],
  [60, 'high'],
  [40, 'medium'],
  [20, 'low'],
  [0, 'info'],
]);
/** How sure SentinelOne is: it gives no other word for how grave it is. */
const ofSentinelOne = (level: unknown): string | undefined =>
  typeof level === 'string' ? { malicious: 'high', suspicious: 'medium' }[level.toLowerCase()] : undefined;
/** Priorities of the rules: 1 is the gravest; those of one's own may go further. */
const ofSuricata = (priority: unknown): string | undefined =>
  typeof priority === 'number' && Number.isInteger(priority) ? ['high', 'medium', 'low'][priority - 1] : undefined;

/** Where products keep what we read; the first that says something counts. */
const SHAPES: readonly (readonly [string, readonly (string | Kept)[]])[] = [
  [
    'title',
    [
      'kibana.alert.rule.name',
      'signal.rule.name',
      'rule.description',
      'rule.name',
      'alert.signature',
      'event.DetectName',
      'event.Name',
      'event.reason',
      'display_name',
      'threatInfo.threatName',
      'search_name',
      { path: 'behaviors', each: 'display_name' },
      { path: 'behaviors', each: 'scenario' },
      'Title',
      'message',
    ],
  ],
  [
    'description',
    [
      { path: 'behaviors', each: 'description' },
      'kibana.alert.reason',
      'kibana.alert.rule.description',
      'event.DetectDescription',
      'event.Description',
      'full_log',
      'event.original',
      'Description',
      'message',
    ],
  ],
  [
    'severity',
    [
      'kibana.alert.severity',
      'signal.rule.severity',
      'event.SeverityName',
      'event.severity',
      'severity_name',
      'max_severity_displayname',
      { path: 'max_severity', read: ofCrowdStrike },
      'Severity.Label',
      'result.urgency',
      'result.severity',
      { path: 'threatInfo.confidenceLevel', read: ofSentinelOne },
      { path: 'rule.level', read: ofWazuh },
      { path: 'alert.severity', read: ofSuricata, of: isSuricata },
      { path: 'severity', read: ofGuardDuty, of: isGuardDuty },
    ],
  ],
  [
    'rule',
    [
      'kibana.alert.rule.name',
      'signal.rule.name',
      'rule.name',
      'rule.id',
      { path: 'alert.signature_id', of: isSuricata },
      'event.DetectName',
      { path: 'type', of: isGuardDuty },
    ],
  ],
  [
    'host',
    [
      'host.name',
      'host.hostname',
      'agent.name',
      'computerDnsName',
      'event.ComputerName',
      'event.Hostname',
      'device.hostname',
      'agentRealtimeInfo.agentComputerName',
      'result.dest',
      'result.host',
      { path: 'resource.instanceDetails.instanceId', of: isGuardDuty },
    ],
  ],
  [
    'user',
    [
      'user.name',
      'user.username',
      'user.email',
      'user.id',
      'data.dstuser',
      'data.srcuser',
      'relatedUser.userName',
      'event.UserName',
      'user_name',
      'threatInfo.processUser',
      'result.user',
      { path: 'resource.accessKeyDetails.userName', of: isGuardDuty },
    ],
  ],
  [
    'src_ip',
    [
      'source.ip',
      'data.srcip',
      'result.src_ip',
      'result.src',
      'service.action.awsApiCallAction.remoteIpDetails.ipAddressV4',
      { path: REMOTE, of: isInbound },
    ],
  ],
  ['dst_ip', ['destination.ip', 'data.dstip', { path: 'dest_ip', of: isSuricata }, { path: REMOTE, of: isOutbound }]],
  [
    'timestamp',
    [
      '@timestamp',
      'kibana.alert.start',
      'alertCreationTime',
      'createdDateTime',
      'firstActivityTimeUtc',
      'createdTimeUtc',
      'first_behavior',
      'created_timestamp',
      'threatInfo.createdAt',
      'CreatedAt',
      { path: 'service.eventLastSeen', of: isGuardDuty },
      { path: 'metadata.eventCreationTime', read: toTime },
    ],
  ],
  [
    'mitre_techniques',
    [
      'rule.mitre.id',
      'threat.technique.id',
      'mitreTechniques',
      'additionalData.techniques',
      { path: 'alert.metadata.mitre_technique_id', of: isSuricata },
    ],
  ],
  ['process_guid', ['process.entity_id']],
  ['command_line', ['process.command_line', 'data.win.eventdata.commandLine', 'event.CommandLine']],
  ['source', ['serviceSource', 'detectionSource', 'providerName', 'ProductName']],
  ['alert_id', ['kibana.alert.uuid', 'event.DetectId', 'event.CompositeId', 'detection_id', 'composite_id', 'id']],
];
const CARRIED = ['raw_log', 'http', 'email'] as const;
/** The headers that Suricata logs of a request, and what they are called there. */
const HTTP_HEADERS: readonly (readonly [string, string])[] = [
  ['hostname', 'Host'],
  ['http_user_agent', 'User-Agent'],
  ['http_refer', 'Referer'],
];
/** Fields that are objects in these products, of which parts are read. */
const TAKEN_APART: ReadonlySet<string> = new Set(['host', 'user', 'rule', 'source', 'entities', 'Severity']);
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
const NAMES_CHARS_MAX = 480;
const ELEMENTS_MAX = 500;
const TECHNIQUES_MAX = 64;
const TECHNIQUE_CHARS_MAX = 32;
const DATE_MS_MAX = 8_640_000_000_000_000;
