/** Which product wrote an alert: told by the fields that only it writes together. */

/** An object as JSON has it. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a record is an alert, of a product that is known here or in our own words; an event that no rule judged is none. */
export const isAlert = (value: Fields): boolean => PRODUCTS.some((isOf) => isOf(value)) || isPlainAlert(value);

/** An alert among what Suricata logs. */
export const isSuricata = (value: Fields): boolean =>
  value['event_type'] === 'alert' && isTextAt(value, 'alert.signature');

/** A finding of GuardDuty: a scale of 0 to 10 says nothing without these names. */
export const isGuardDuty = (value: Fields): boolean => isTextAt(value, 'schemaVersion') && isTextAt(value, 'type');

/** An incident of Microsoft Sentinel, as its API and its triggers write one. */
export const isSentinel = (value: Fields): boolean =>
  isText(value['type']) &&
  /^microsoft\.securityinsights\/incidents$/i.test(value['type']) &&
  isFields(value['properties']);

/** A field by its path: dots may stand in a name, and a first letter may be a capital, as the command line of AWS writes them. */
export function find(value: unknown, path: string): { value: unknown; pointer: string } | undefined {
  if (!isFields(value)) return undefined;
  const whole = nameIn(value, path);
  if (whole !== undefined) return { value: value[whole], pointer: toPointer(whole) };
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const head = nameIn(value, path.slice(0, dot));
    const found = head === undefined ? undefined : find(value[head], path.slice(dot + 1));
    if (head !== undefined && found) return { value: found.value, pointer: toPointer(head) + found.pointer };
  }
  return undefined;
}

/** The JSON pointer to a field of an object. */
export const toPointer = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The value of a field by its path. */
export const at = (value: unknown, path: string): unknown => find(value, path)?.value;

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Whether something stands there: neither null nor empty. */
export const isTelling = (value: unknown): boolean =>
  value !== null &&
  value !== undefined &&
  value !== '' &&
  !(typeof value === 'object' && Object.keys(value).length === 0);

function nameIn(value: Fields, name: string): string | undefined {
  if (Object.hasOwn(value, name)) return name;
  const capital = name.charAt(0).toUpperCase() + name.slice(1);
  return Object.hasOwn(value, capital) ? capital : undefined;
}

const isTextAt = (value: unknown, path: string): boolean => isText(at(value, path));

const PRODUCTS: readonly ((value: Fields) => boolean)[] = [
  isSuricata,
  (value) => isGuardDuty(value) && (isFields(at(value, 'service')) || isFields(at(value, 'resource'))),
  isSentinel,
  // Graph, and the API of Defender before it.
  (value) =>
    isText(value['title']) &&
    isText(value['severity']) &&
    (isText(value['createdDateTime']) || isText(value['alertCreationTime'])),
  // CrowdStrike: detections, alerts, and what it streams.
  (value) => isText(value['detection_id']) && Array.isArray(value['behaviors']),
  (value) => isText(value['composite_id']) && (isText(value['display_name']) || isText(value['technique_id'])),
  (value) => {
    const type = at(value, 'metadata.eventType');
    return isText(type) && type.endsWith('DetectionSummaryEvent') && isFields(value['event']);
  },
  // Security Hub.
  (value) => isText(value['SchemaVersion']) && isText(value['ProductArn']) && isText(value['Title']),
  // Wazuh.
  (value) =>
    typeof at(value, 'rule.level') === 'number' &&
    isTextAt(value, 'rule.description') &&
    (isFields(value['agent']) || isFields(value['manager'])),
  // SentinelOne.
  (value) => isTextAt(value, 'threatInfo.threatName'),
  // Splunk, as it calls a webhook.
  (value) => isText(value['search_name']) && isFields(value['result']),
  // Elastic.
  (value) => isTextAt(value, 'kibana.alert.rule.name') || isTextAt(value, 'signal.rule.name'),
];

/** What only a recorded event carries: of Windows, in whatever form, of CloudTrail and of auditd. */
export const isEvent = (value: Fields): boolean => EVENT_FIELDS.some((field) => Object.hasOwn(value, field));

/** Our own words: somebody named it, and said how grave it is. */
const isPlainAlert = (value: Fields): boolean =>
  !isEvent(value) && isText(value['title']) && isText(value['severity']) && SEVERITY.test(value['severity']);
const SEVERITY = /^(?:info(?:rmational)?|low|medium|moderate|high|severe|critical)$/i;
const EVENT_FIELDS = [
  ...['EventID', 'EventRecordID', 'EventData', 'Event', 'ProviderGuid', 'winlog', 'LogName', 'Records'],
  ...['eventSource', 'eventName', 'auditd'],
];
