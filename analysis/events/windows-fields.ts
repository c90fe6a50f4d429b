/** What Windows events say in other words: names that rules ask for, set beside the ones the record uses. */
import type { LogOrigin, Value } from './event.ts';
import { categoriesOf, serviceOf } from './sources.ts';

/** The origin of a record of that channel. */
export function windowsOrigin(channel: string, fields: ReadonlyMap<string, Value>): LogOrigin {
  const event_id = String(fields.get('EventID') ?? '');
  const key = `${channel}\0${event_id}`;
  const known = ORIGINS.get(key);
  if (known) return known;
  const origin: LogOrigin = {
    product: channel.startsWith('Linux-Sysmon') ? 'linux' : 'windows',
    service: serviceOf(channel),
    categories: categoriesOf(channel, event_id),
    channel,
    event_id,
  };
  // Channels and ids come from outside: past the bound they are made anew for each event.
  if (ORIGINS.size < ORIGINS_MAX) ORIGINS.set(key, origin);
  return origin;
}

/** Adds the derived fields. The record's own fields stay; where one name gets two spellings, both are its values. */
export function deriveWindows(fields: Map<string, Value>, { channel = '', event_id }: LogOrigin): void {
  for (const [name, own] of SYSTEM) copy(fields, name, own);
  if (event_id === '4688') derive4688(fields);
  else if (event_id === '5156') derive5156(fields);
  const hashes = fields.get('Hashes') ?? fields.get('Hash');
  if (typeof hashes === 'string') splitHashes(hashes, fields);
  if (channel === 'Microsoft-Windows-Windows Defender/Operational') dropSpaces(fields);
  const target = fields.get('TargetObject');
  if (typeof target === 'string' && target.startsWith('\\REGISTRY\\')) {
    fields.set('TargetObject', [shortHive(target), target]);
  }
  foldAddresses(fields);
}

/** Windows writes IPv4 as `::ffff:10.0.0.5` in places; both spellings are values, the plain one first. */
function foldAddresses(fields: Map<string, Value>): void {
  for (const name of ADDRESSES) {
    const value = fields.get(name);
    if (typeof value === 'string' && value.startsWith('::ffff:')) fields.set(name, [value.slice(7), value]);
  }
}

function derive4688(fields: Map<string, Value>): void {
  copy(fields, 'NewProcessName', 'Image');
  copy(fields, 'ParentProcessName', 'ParentImage');
  copy(fields, 'ProcessCommandLine', 'CommandLine');
  const label = fields.get('MandatoryLabel');
  const level = typeof label === 'string' && Object.hasOwn(INTEGRITY, label) ? INTEGRITY[label] : undefined;
  if (level !== undefined && !fields.has('IntegrityLevel')) fields.set('IntegrityLevel', level);
  const [domain, user] = [fields.get('SubjectDomainName'), fields.get('SubjectUserName')];
  if (typeof domain === 'string' && typeof user === 'string' && !fields.has('User')) {
    fields.set('User', `${domain}\\${user}`);
  }
}

/** The filter platform names a program by its volume and a protocol by its number; rules ask for both as Sysmon writes them. */
function derive5156(fields: Map<string, Value>): void {
  const program = fields.get('Application');
  if (program !== undefined && !fields.has('Image')) {
    fields.set('Image', typeof program === 'string' ? withDrive(program) : program);
  }
  const protocol = fields.get('Protocol');
  const named = PROTOCOLS.get(String(protocol));
  if (named !== undefined) fields.set('Protocol', [named, String(protocol)]);
  copy(fields, 'SourceAddress', 'SourceIp');
  copy(fields, 'DestAddress', 'DestinationIp');
  copy(fields, 'DestPort', 'DestinationPort');
  const direction = fields.get('Direction');
  if (direction === '%%14592' || direction === '%%14593') {
    if (!fields.has('Initiated')) fields.set('Initiated', direction === '%%14593' ? 'true' : 'false');
  }
}

/**
 * No record says which letter a volume has. `C:` is what nearly all exceptions of rules are written for, so it is the letter that keeps
 * them quiet about a program in its place; the path as written stays the second value.
 */
function withDrive(path: string): Value {
  const tail = VOLUME.exec(path)?.[1];
  return tail === undefined ? path : [`C:${tail}`, path];
}

/** `SHA256=…,IMPHASH=…` as fields of their own. */
function splitHashes(hashes: string, fields: Map<string, Value>): void {
  for (const part of hashes.slice(0, HASHES_CHARS_MAX).split(',')) {
    const at = part.indexOf('=');
    const names = at < 0 ? undefined : HASH_NAMES[part.slice(0, at).trim().toUpperCase()];
    for (const name of names ?? []) if (!fields.has(name)) fields.set(name, part.slice(at + 1).trim());
  }
}

/** Defender writes `Threat Name`; rules ask for `ThreatName`. */
function dropSpaces(fields: Map<string, Value>): void {
  for (const [name, value] of [...fields]) {
    if (name.includes(' ') && !fields.has(name.replaceAll(' ', ''))) fields.set(name.replaceAll(' ', ''), value);
  }
}

function shortHive(path: string): string {
  const hive = HIVES.find(([long]) => path.toUpperCase().startsWith(long));
  return hive ? hive[1] + path.slice(hive[0].length) : path;
}

function copy(fields: Map<string, Value>, from: string, to: string): void {
  if (fields.has(to)) return;
  const value = fields.get(from);
  if (value !== undefined) fields.set(to, value);
}

const SYSTEM: readonly (readonly [string, string])[] = [
  ['SourceName', 'Provider_Name'],
  ['Provider', 'Provider_Name'],
  ['EventSourceName', 'Provider_Name'],
  ['Hostname', 'Computer'],
];
const ADDRESSES = [
  'IpAddress',
  'SourceIp',
  'DestinationIp',
  'SourceAddress',
  'DestAddress',
  'ClientAddress',
  'Address',
];
const VOLUME = /^\\device\\harddiskvolume\d{1,4}(\\.*)$/is;
/** As Sysmon writes them. */
const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['6', 'tcp'],
  ['17', 'udp'],
]);
const HASH_NAMES: Readonly<Record<string, readonly string[]>> = {
  MD5: ['md5'],
  SHA1: ['sha1'],
  SHA256: ['sha256'],
  IMPHASH: ['Imphash'],
};
const INTEGRITY: Readonly<Record<string, string>> = {
  'S-1-16-4096': 'Low',
  'S-1-16-8192': 'Medium',
  'S-1-16-8448': 'Medium Plus',
  'S-1-16-12288': 'High',
  'S-1-16-16384': 'System',
};
const HIVES: readonly (readonly [string, string])[] = [
  ['\\REGISTRY\\MACHINE', 'HKLM'],
  ['\\REGISTRY\\USER', 'HKU'],
];
const ORIGINS = new Map<string, LogOrigin>();
const ORIGINS_MAX = 4_096;
const HASHES_CHARS_MAX = 4_096;
