/** What products list beside an alert: hosts, accounts, addresses, files and commands that it is about, each with its place. */
import { find, isFields, isText, type Fields } from './alert-products.ts';

/** Something of the alert, and the pointer to it inside. */
export interface Placed {
  value: string;
  place: string;
}

/** All of it, and what of the alert was read for it. */
export interface ListedEvidence {
  entities: { type: 'host' | 'user' | 'ip'; value: string }[];
  iocs: (Placed & { type: string })[];
  commands: Placed[];
  techniques: string[];
  /** Pointers to what was taken. */
  taken: Set<string>;
}

/** Reads the lists that are known, element by element, and the single fields of the same meaning. */
export function listedIn(alert: Fields): ListedEvidence {
  const found: ListedEvidence = { entities: [], iocs: [], commands: [], techniques: [], taken: new Set() };
  take(alert, '', OF_ALERT, found);
  for (const [path, parts] of LISTS) {
    const list = find(alert, path);
    if (!list || !Array.isArray(list.value)) continue;
    for (const [nth, element] of list.value.slice(0, ELEMENTS_MAX).entries())
      if (isFields(element)) take(element, `${list.pointer}/${nth}`, parts, found);
  }
  return {
    ...found,
    entities: distinct(found.entities, ({ type, value }) => `${type} ${value.toLowerCase()}`).slice(0, ENTITIES_MAX),
    iocs: distinct(found.iocs, ({ type, value }) => `${type} ${value.toLowerCase()}`).slice(0, IOCS_MAX),
    commands: distinct(found.commands, ({ value }) => value).slice(0, COMMANDS_MAX),
  };
}

type Part = readonly [path: string, what: What, with_path?: string];
type What =
  'host' | 'user' | 'ip' | 'address' | 'remote' | 'hash' | 'url' | 'domain' | 'command' | 'technique' | 'indicator';

function take(element: Fields, place: string, parts: readonly Part[], found: ListedEvidence): void {
  let has_taken = false;
  for (const [path, what, with_path] of parts) {
    const told = find(element, path);
    if (!told || !isText(told.value)) continue;
    const beside = with_path === undefined ? undefined : find(element, with_path);
    const pointer = place + told.pointer;
    if (!put(told.value, what, { beside: beside?.value, place: pointer, found })) continue;
    has_taken = true;
    found.taken.add(pointer);
    if (beside) found.taken.add(place + beside.pointer);
  }
  // Which kind of thing it is was read with what it says.
  if (has_taken && place !== '') for (const label of LABELS) found.taken.add(`${place}/${label}`);
}

/** Whether the value has the form of what it is said to be. */
function put(
  value: string,
  what: What,
  { beside, place, found }: { beside: unknown; place: string; found: ListedEvidence },
): boolean {
  if (value.length > (what === 'command' ? COMMAND_CHARS_MAX : VALUE_CHARS_MAX)) return false;
  switch (what) {
    case 'command':
      return value.trim() !== '' && found.commands.push({ value, place }) > 0;
    case 'technique':
      return /^T\d{4}(?:\.\d{3})?$/.test(value) && found.techniques.push(value) > 0;
    case 'host':
    case 'user':
      return putName(isText(beside) ? `${value}${JOINT[what]}${beside}` : value, what, found);
    case 'ip':
      return putName(value, 'ip', found) && found.iocs.push({ type: 'ip', value, place }) > 0;
    case 'remote':
      return found.iocs.push({ type: 'ip', value, place }) > 0;
    case 'address':
      return value.split(',').filter((each) => putName(each.trim(), 'ip', found)).length > 0;
    case 'url':
    case 'domain':
      return found.iocs.push({ type: what, value, place }) > 0;
    case 'hash': {
      const type = HASHES.get(value.length);
      return type !== undefined && /^[0-9a-f]+$/i.test(value) && found.iocs.push({ type, value, place }) > 0;
    }
    case 'indicator': {
      const type = isText(beside) ? INDICATORS.find(([form]) => form.test(beside))?.[1] : undefined;
      return type !== undefined && put(value, type, { beside: undefined, place, found });
    }
  }
}

/** A name longer than the desk takes would cost the alert all of its entities. */
const putName = (value: string, type: 'host' | 'user' | 'ip', { entities }: ListedEvidence): boolean =>
  value !== '' && value.length <= NAME_CHARS_MAX && entities.push({ type, value }) > 0;

function distinct<T>(all: readonly T[], keyOf: (each: T) => string): T[] {
  const by_key = new Map<string, T>();
  for (const each of all) if (!by_key.has(keyOf(each))) by_key.set(keyOf(each), each);
  return [...by_key.values()];
}

/** Single fields: the alerts of CrowdStrike, the findings of GuardDuty, the alerts of Suricata. */
const OF_ALERT: readonly Part[] = [
  ['cmdline', 'command'],
  ['parent_details.cmdline', 'command'],
  ['sha256', 'hash'],
  ['ioc_value', 'indicator', 'ioc_type'],
  ['technique_id', 'technique'],
  ['device.local_ip', 'address'],
  ['service.action.dnsRequestAction.domain', 'domain'],
  ...['networkConnectionAction', 'awsApiCallAction', 'kubernetesApiCallAction', 'rdsLoginAttemptAction'].map(
    (action) => [`service.action.${action}.remoteIpDetails.ipAddressV4`, 'remote'] as const,
  ),
  ['Network.SourceIpV4', 'remote'],
  ['Network.DestinationIpV4', 'remote'],
  ['Network.DestinationDomain', 'domain'],
  ['event.SHA256String', 'hash'],
  ['event.MD5String', 'hash'],
  ['event.IOCValue', 'indicator', 'event.IOCType'],
  ['tls.sni', 'domain'],
  ['threatInfo.sha256', 'hash'],
  ['threatInfo.sha1', 'hash'],
  ['threatInfo.maliciousProcessArguments', 'command'],
  ['agentDetectionInfo.agentIpV4', 'address'],
  ['fileinfo.sha256', 'hash'],
];
/** Lists: the evidence of Graph and Defender, the entities of Sentinel, the behaviors of CrowdStrike, the probes of GuardDuty. */
const LISTS: readonly (readonly [string, readonly Part[]])[] = [
  [
    'evidence',
    [
      ['deviceDnsName', 'host'],
      ['userAccount.userPrincipalName', 'user'],
      ['userAccount.accountName', 'user'],
      ['userPrincipalName', 'user'],
      ['accountName', 'user'],
      ['primaryAddress', 'user'],
      ['ipAddress', 'ip'],
      ['senderIp', 'ip'],
      ['url', 'url'],
      ['fileDetails.sha256', 'hash'],
      ['imageFile.sha256', 'hash'],
      ['sha256', 'hash'],
      ['fileDetails.sha1', 'hash'],
      ['sha1', 'hash'],
      ['processCommandLine', 'command'],
    ],
  ],
  ...['relatedEntities', 'entities'].map(
    (path) =>
      [
        path,
        [
          ['properties.accountName', 'user', 'properties.upnSuffix'],
          ['properties.hostName', 'host', 'properties.dnsDomain'],
          ['properties.mailboxPrimaryAddress', 'user'],
          ['properties.address', 'ip'],
          ['properties.hashValue', 'hash'],
          ['properties.url', 'url'],
          ['properties.domainName', 'domain'],
          ['properties.commandLine', 'command'],
        ],
      ] as const,
  ),
  [
    'behaviors',
    [
      ['cmdline', 'command'],
      ['parent_details.parent_cmdline', 'command'],
      ['user_name', 'user'],
      ['sha256', 'hash'],
      ['ioc_value', 'indicator', 'ioc_type'],
      ['technique_id', 'technique'],
    ],
  ],
  ['service.action.portProbeAction.portProbeDetails', [['remoteIpDetails.ipAddressV4', 'ip']]],
  ['ThreatIntelIndicators', [['Value', 'indicator', 'Type']]],
  ['dns.query', [['rrname', 'domain']]],
];
const LABELS = ['@odata.type', 'entityType', 'kind', 'id', 'name', 'type'];
const JOINT = { host: '.', user: '@' } as const;
const HASHES: ReadonlyMap<number, string> = new Map([
  [32, 'md5'],
  [40, 'sha1'],
  [64, 'sha256'],
]);
const INDICATORS: readonly (readonly [RegExp, What])[] = [
  [/^(?:hash_)?(?:sha256|sha1|md5)$/i, 'hash'],
  [/^ip(?:v?[46])?(?:_address)?$/i, 'ip'],
  [/^domain$/i, 'domain'],
  [/^url$/i, 'url'],
];
const ELEMENTS_MAX = 500;
const ENTITIES_MAX = 200;
const IOCS_MAX = 500;
const COMMANDS_MAX = 100;
const COMMAND_CHARS_MAX = 65_536;
const VALUE_CHARS_MAX = 4_096;
const NAME_CHARS_MAX = 512;
