/** What an event tells, as an entry of a timeline. */
import { textsOf, type LogEvent } from '../events/index.ts';
import type { TimedEntry } from './timeline.ts';

/** The entry of an event; undefined when it carries no time or nothing an analyst would put there. */
export function entryOfEvent(event: LogEvent): TimedEntry | undefined {
  if (Number.isNaN(event.at_ms)) return undefined;
  const { channel = '', event_id = '' } = event.origin;
  const kind = KINDS.find(({ ids, channels }) => ids.includes(event_id) && channels.test(channel)) ?? OTHER;
  const weight = typeof kind.weight === 'function' ? kind.weight(event) : kind.weight;
  if (weight === 0) return undefined;
  return {
    time: exactTime(event),
    clock: event.clock ?? '',
    locator: event.locator,
    host: event.host ?? '',
    action: kind.action,
    subject: kind.subject
      .flatMap((name) => textsOf(event, name).slice(0, 1))
      .join(' ← ')
      .slice(0, SUBJECT_CHARS_MAX),
    weight,
  };
}

/** The text of the chosen clock where it is whole; milliseconds otherwise. */
function exactTime(event: LogEvent): string {
  const text = event.clock === undefined ? '' : (textsOf(event, event.clock)[0] ?? '');
  const iso = new Date(event.at_ms).toISOString();
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{4,9}Z$/.test(text) && text.slice(0, 23) === iso.slice(0, 23) ? text : iso;
}

interface Kind {
  ids: readonly string[];
  channels: RegExp;
  action: string;
  subject: readonly string[];
  weight: 0 | 1 | 2 | ((event: LogEvent) => 0 | 1 | 2);
}

const SYSMON = /sysmon/i;
const SECURITY = /^security$/i;
const SYSTEM = /^system$/i;
const touches = (name: string, pattern: RegExp) => (event: LogEvent) =>
  textsOf(event, name).some((text) => pattern.test(text)) ? 2 : 0;

const KINDS: readonly Kind[] = [
  {
    ids: ['1'],
    channels: SYSMON,
    action: 'process started',
    subject: ['CommandLine', 'ParentImage', 'User'],
    weight: 2,
  },
  {
    ids: ['4688'],
    channels: SECURITY,
    action: 'process started (audit)',
    subject: ['CommandLine', 'NewProcessName', 'ParentProcessName'],
    weight: 1,
  },
  {
    ids: ['3'],
    channels: SYSMON,
    action: 'network connection',
    subject: ['Image', 'DestinationIp', 'DestinationPort'],
    weight: 1,
  },
  { ids: ['6'], channels: SYSMON, action: 'driver loaded', subject: ['ImageLoaded', 'Hashes'], weight: 1 },
  {
    ids: ['8'],
    channels: SYSMON,
    action: 'thread made in another process',
    subject: ['SourceImage', 'TargetImage'],
    weight: 2,
  },
  {
    ids: ['10'],
    channels: SYSMON,
    action: 'process memory opened',
    subject: ['SourceImage', 'TargetImage', 'GrantedAccess'],
    weight: touches('TargetImage', /lsass\.exe$/i),
  },
  {
    ids: ['11'],
    channels: SYSMON,
    action: 'file created',
    subject: ['TargetFilename', 'Image'],
    weight: touches('TargetFilename', /\.(?:exe|dll|sys|ps1|vbs|js|hta|bat|cmd|dmp|lnk|scr)$/i),
  },
  {
    ids: ['13'],
    channels: SYSMON,
    action: 'registry value set',
    subject: ['TargetObject', 'Details', 'Image'],
    weight: touches('TargetObject', /\\CurrentVersion\\Run|\\Services\\[^\\]+\\ImagePath$|\\Winlogon\\/i),
  },
  {
    ids: ['15'],
    channels: SYSMON,
    action: 'file with a mark of its origin',
    subject: ['TargetFilename', 'Contents'],
    weight: 1,
  },
  {
    ids: ['19', '20', '21'],
    channels: SYSMON,
    action: 'WMI subscription',
    subject: ['Name', 'Destination', 'Query', 'Consumer'],
    weight: 2,
  },
  { ids: ['22'], channels: SYSMON, action: 'name looked up', subject: ['QueryName', 'Image'], weight: 1 },
  { ids: ['1102'], channels: SECURITY, action: 'security log cleared', subject: ['SubjectUserName'], weight: 2 },
  { ids: ['104'], channels: SYSTEM, action: 'log cleared', subject: ['Channel', 'SubjectUserName'], weight: 2 },
  {
    ids: ['7045'],
    channels: SYSTEM,
    action: 'service installed',
    subject: ['ServiceName', 'ImagePath', 'AccountName'],
    weight: 2,
  },
  {
    ids: ['4697'],
    channels: SECURITY,
    action: 'service installed (audit)',
    subject: ['ServiceName', 'ServiceFileName'],
    weight: 2,
  },
  {
    ids: ['4698', '4702'],
    channels: SECURITY,
    action: 'scheduled task written',
    subject: ['TaskName', 'SubjectUserName'],
    weight: 2,
  },
  {
    ids: ['4720', '4722', '4724', '4728', '4732', '4738', '4756'],
    channels: SECURITY,
    action: 'account changed',
    subject: ['TargetUserName', 'MemberName', 'SubjectUserName'],
    weight: 2,
  },
  {
    ids: ['4624'],
    channels: SECURITY,
    action: 'logon',
    subject: ['TargetUserName', 'LogonType', 'IpAddress'],
    weight: 1,
  },
  {
    ids: ['4625'],
    channels: SECURITY,
    action: 'logon failed',
    subject: ['TargetUserName', 'LogonType', 'IpAddress'],
    weight: 2,
  },
  { ids: ['4104'], channels: /powershell/i, action: 'script block', subject: ['ScriptBlockText'], weight: 1 },
];
const OTHER: Kind = { ids: [], channels: /^$/, action: 'other', subject: [], weight: 0 };
const SUBJECT_CHARS_MAX = 400;
