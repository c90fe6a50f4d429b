/** Windows records as `Get-WinEvent | ConvertTo-Json` writes them: other names, and the event's data only in the message for people. */
import type { Value } from './event.ts';

type Fields = Map<string, Value>;

/** Whether PowerShell wrote it: no collector names a record's log and number so. */
export const isOfPowerShell = (record: Readonly<Record<string, unknown>>): boolean =>
  typeof record['LogName'] === 'string' &&
  typeof record['Id'] === 'number' &&
  record['EventID'] === undefined &&
  (typeof record['ProviderName'] === 'string' || typeof record['MachineName'] === 'string');

/**
 * Adds the fields of such a record and answers its channel. Its message is read where it is in English; undefined, and `fields` untouched,
 * when it says nothing that is read of an event that says nothing without: it would pass for one in which nothing stands.
 */
export function fromPowerShell(record: Readonly<Record<string, unknown>>, fields: Fields): string | undefined {
  for (const [name, own] of NAMES) {
    const value = plainOf(record[name]);
    if (value !== undefined) fields.set(own, value);
  }
  const message = record['Message'];
  if (typeof message === 'string') {
    const named = fields.size;
    readMessage(message.slice(0, MESSAGE_CHARS_MAX), fields);
    if (fields.size === named && (/sysmon/i.test(String(record['LogName'])) || TELLING.has(Number(record['Id'])))) {
      fields.clear();
      return undefined;
    }
    fields.set('Message', message);
  }
  return String(record['LogName']);
}

/** Texts and numbers; a date of the old form as ISO; of an object its value, as a SID and a date with more to it are written. */
function plainOf(value: unknown): string | number | undefined {
  const plain =
    typeof value === 'object' && value !== null
      ? ((value as Record<string, unknown>)['Value'] ?? (value as Record<string, unknown>)['value'])
      : value;
  if (typeof plain === 'number') return plain;
  if (typeof plain !== 'string' || plain === '') return undefined;
  const since = OLD_DATE.exec(plain)?.[1];
  if (since === undefined) return plain;
  const at = new Date(Number(since));
  return Number.isNaN(at.getTime()) ? plain : at.toISOString();
}

/** Lines `Label:<tab>value` under lines `Section:`, with the names that the data has in the record itself; what has none is left. */
function readMessage(message: string, fields: Fields): void {
  const script = SCRIPT.exec(message);
  if (script) {
    const { number = '', total = '', text = '', id = '' } = script.groups ?? {};
    set(fields, 'ScriptBlockText', text);
    set(fields, 'ScriptBlockId', id);
    if (number !== '') set(fields, 'MessageNumber', Number(number));
    if (total !== '') set(fields, 'MessageTotal', Number(total));
    return;
  }
  const is_named = /sysmon/i.test(String(fields.get('Provider_Name') ?? fields.get('Channel') ?? ''));
  let section = '';
  let last: string | undefined; // the field that the next line may go on with
  for (const line of message.split(/\r?\n/, LINES_MAX)) {
    const parts = LINE.exec(line);
    if (!parts) {
      if (line.trim() === '') last = undefined;
      else if (last !== undefined) fields.set(last, `${String(fields.get(last))}\n${line.trim()}`);
      continue;
    }
    const [, indent = '', label = ''] = parts;
    const value = (parts[3] ?? '').trim();
    last = undefined;
    if (value === '' && indent === '') section = label.trim().toLowerCase();
    if (value === '' || value === '-') continue;
    const own = is_named ? label : (LABELS.get(`${section}/${label.toLowerCase()}`) ?? LABELS.get(label.toLowerCase()));
    if (own === undefined || fields.has(own)) continue;
    fields.set(own, value);
    if (OVER_LINES.has(own)) last = own;
  }
}

/** What was said first stays. */
function set(fields: Fields, name: string, value: Value): void {
  if (!fields.has(name)) fields.set(name, value);
}

const NAMES: readonly (readonly [string, string])[] = [
  ['LogName', 'Channel'],
  ['Id', 'EventID'],
  ['MachineName', 'Computer'],
  ['ProviderName', 'Provider_Name'],
  ['RecordId', 'EventRecordID'],
  ['TimeCreated', 'TimeCreated'],
  ['Level', 'Level'],
  ['Task', 'Task'],
  ['Opcode', 'Opcode'],
  ['UserId', 'UserID'],
  ['ProcessId', 'ExecutionProcessID'],
  ['ThreadId', 'ExecutionThreadID'],
];
const account = (section: string, prefix: string): (readonly [string, string])[] => [
  [`${section}/security id`, `${prefix}UserSid`],
  [`${section}/account name`, `${prefix}UserName`],
  [`${section}/account domain`, `${prefix}DomainName`],
  [`${section}/logon id`, `${prefix}LogonId`],
];
/** Labels of the messages of the logs Security and System, below their sections and without, in lower case. */
const LABELS: ReadonlyMap<string, string> = new Map([
  ...account('subject', 'Subject'),
  ...account('creator subject', 'Subject'),
  ...['target subject', 'new logon', 'account for which logon failed', 'new account', 'target account'].flatMap(
    (section) => account(section, 'Target'),
  ),
  ...account('account information', 'Target'),
  ['account information/user id', 'TargetSid'],
  ['account information/supplied realm name', 'TargetDomainName'],
  ['group/security id', 'TargetSid'],
  ['group/group name', 'TargetUserName'],
  ['group/account name', 'TargetUserName'],
  ['group/group domain', 'TargetDomainName'],
  ['member/security id', 'MemberSid'],
  ['member/account name', 'MemberName'],
  ['new process id', 'NewProcessId'],
  ['new process name', 'NewProcessName'],
  ['token elevation type', 'TokenElevationType'],
  ['mandatory label', 'MandatoryLabel'],
  ['creator process id', 'ProcessId'],
  ['creator process name', 'ParentProcessName'],
  ['process command line', 'CommandLine'],
  ['process information/process id', 'ProcessId'],
  ['process information/process name', 'ProcessName'],
  ['process information/caller process name', 'ProcessName'],
  ['logon type', 'LogonType'],
  ['workstation name', 'WorkstationName'],
  ['source network address', 'IpAddress'],
  ['client address', 'IpAddress'],
  ['source port', 'IpPort'],
  ['client port', 'IpPort'],
  ['logon process', 'LogonProcessName'],
  ['authentication package', 'AuthenticationPackageName'],
  ['status', 'Status'],
  ['sub status', 'SubStatus'],
  ['result code', 'Status'],
  ['failure code', 'Status'],
  ['error code', 'Status'],
  ['logon account', 'TargetUserName'],
  ['source workstation', 'Workstation'],
  ['ticket encryption type', 'TicketEncryptionType'],
  ['ticket options', 'TicketOptions'],
  ['pre-authentication type', 'PreAuthType'],
  ['access mask', 'AccessMask'],
  ['operation/properties', 'Properties'],
  ['service name', 'ServiceName'],
  ['service information/service name', 'ServiceName'],
  ['service information/service file name', 'ServiceFileName'],
  ['service file name', 'ImagePath'],
  ['task name', 'TaskName'],
  ['task content', 'TaskContent'],
]);
/** Events whose data is what is judged: starts, logons, tickets, accounts, services, tasks and scripts. */
const TELLING = new Set([4104, 4624, 4625, 4662, 4688, 4697, 4698, 4720, 4732, 4768, 4769, 4771, 4776, 7045]);
/** Bounded: a label of a message has no more than a few words. */
const LINE = /^([ \t]{0,8})([A-Za-z][A-Za-z0-9 _/-]{0,63}):(?=\s|$)(.*)$/;
const SCRIPT =
  /^Creating Scriptblock text \((?<number>\d{1,6}) of (?<total>\d{1,6})\):\s?\n(?<text>[^]*)\n\s{0,8}ScriptBlock ID: (?<id>[\w-]{1,64})/i;
/** A command may hold line ends, a task is a document, and the rights of a request are a list. */
const OVER_LINES = new Set(['CommandLine', 'Properties', 'TaskContent']);
const OLD_DATE = /^\/Date\((-?\d{1,16})(?:[+-]\d{4})?\)\/$/;
const MESSAGE_CHARS_MAX = 131_072;
const LINES_MAX = 2_000;
