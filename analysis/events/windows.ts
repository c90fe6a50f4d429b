/** The fields of a Windows event record, from each of the shapes in which readers and collectors write one. */
import { Parser } from 'htmlparser2';
import type { Scalar, Value } from './event.ts';
import { flatten, isScalar } from './flatten.ts';
import { fromPowerShell, isOfPowerShell } from './get-winevent.ts';

/**
 * Adds the fields of a Windows record to `fields` and answers its channel, or undefined when it is none and `fields` is untouched.
 * It knows the nested form `{Event: {System, EventData | UserData}}`, flat JSON lines of collectors, `winlog` of Beats, what
 * `Get-WinEvent` gives, and records whose event data (or whose whole) is XML or JSON inside a text.
 */
export function windowsFields(raw: object, fields: Map<string, Value>): string | undefined {
  const record = raw as Record<string, unknown>;
  const event = isObject(record['Event']) ? record['Event'] : record;
  if (isObject(event['System'])) return fromRecord(event as { System: Record<string, unknown> }, fields);
  if (isObject(record['winlog'])) return fromBeats(record, record['winlog'], fields);
  if (isOfPowerShell(record)) return fromPowerShell(record, fields);
  const message = record['SyslogMessage'];
  if (typeof message === 'string' && message.startsWith('<Event>')) return fromXml(message, record, fields);
  return typeof record['Channel'] === 'string' && record['EventID'] !== undefined
    ? fromFlat(record, fields)
    : undefined;
}

function fromRecord(
  event: { System: Record<string, unknown>; [part: string]: unknown },
  fields: Map<string, Value>,
): string {
  readSystem(event.System, fields);
  if (isObject(event['EventData'])) readData(event['EventData'], fields);
  if (isObject(event['UserData'])) readUserData(event['UserData'], fields);
  return textOf(fields, 'Channel');
}

/** `<Provider Name=…/>` becomes `Provider_Name`; a value with attributes keeps only the value. */
function readSystem(system: Record<string, unknown>, fields: Map<string, Value>): void {
  for (const [key, value] of Object.entries(system)) {
    if (isScalar(value)) {
      if (value !== null) fields.set(key, value);
    } else if (isObject(value)) {
      const content = value['#text'] ?? value['Value'];
      if (isScalar(content)) fields.set(key, content);
      const attributes = isObject(value['#attributes']) ? value['#attributes'] : value;
      for (const [name, each] of Object.entries(attributes)) {
        if (isScalar(each) && name !== '#text') fields.set(SYSTEM_NAMES[`${key}_${name}`] ?? `${key}_${name}`, each);
      }
    }
  }
}

/** Named data as fields; unnamed data as the several values of `Data`. */
function readData(data: Record<string, unknown>, fields: Map<string, Value>): void {
  for (const [key, value] of Object.entries(data)) {
    if (key === '#attributes') continue;
    if (isScalar(value)) setFree(fields, key, value);
    else if (key === 'Data') readUnnamed(value, fields);
    else if (isObject(value) && isScalar(value['#text'])) setFree(fields, key, value['#text']);
    else if (Array.isArray(value) && value.every(isScalar)) setFree(fields, key, value);
    else if (isObject(value)) flatten(value, fields, `${key}.`);
  }
}

function readUnnamed(value: unknown, fields: Map<string, Value>): void {
  const content = isObject(value) ? (value['#text'] ?? value) : value;
  const items: readonly unknown[] = Array.isArray(content) ? content : [content];
  const plain: Scalar[] = [];
  for (const item of items) {
    if (isScalar(item)) plain.push(item);
    else if (isObject(item)) {
      const attributes = isObject(item['#attributes']) ? item['#attributes'] : item;
      const name = attributes['Name'];
      const text = item['#text'] ?? item['Value'] ?? null;
      if (typeof name === 'string' && isScalar(text)) setFree(fields, name, text);
      else if (isScalar(text)) plain.push(text);
    }
  }
  if (plain.length > 0) fields.set('Data', plain.length === 1 ? (plain[0] ?? null) : plain);
}

/** The one element that wraps user data says nothing; its children are the fields. */
function readUserData(data: Record<string, unknown>, fields: Map<string, Value>): void {
  for (const [key, value] of Object.entries(data)) {
    if (key === '#attributes') continue;
    if (isScalar(value)) setFree(fields, key, value);
    else if (isObject(value)) readData(value, fields);
  }
}

function fromFlat(record: Record<string, unknown>, fields: Map<string, Value>): string {
  const { EventData } = record;
  for (const key in record) {
    const value = record[key];
    if (isScalar(value)) {
      if (value !== null) fields.set(key, value);
    } else if (Array.isArray(value)) {
      const scalars = value.filter(isScalar);
      if (scalars.length > 0) fields.set(key, scalars);
    } else if (isObject(value) && key !== 'EventData') flatten(value, fields, `${key}.`);
  }
  if (isObject(EventData)) readData(EventData, fields);
  if (typeof EventData === 'string') readDataText(EventData, fields);
  return textOf(fields, 'Channel');
}

function readDataText(text: string, fields: Map<string, Value>): void {
  if (text.startsWith('<')) readXml(text, fields);
  if (!text.startsWith('{')) return;
  try {
    const data: unknown = JSON.parse(text);
    if (isObject(data)) readData(data, fields);
  } catch {
    // A text that only looks like JSON stays what it is: the field EventData.
  }
}

function fromBeats(record: object, winlog: Record<string, unknown>, fields: Map<string, Value>): string | undefined {
  if (typeof winlog['channel'] !== 'string') return undefined;
  flatten(record, fields);
  fields.set('Channel', winlog['channel']);
  for (const [name, own] of BEATS_NAMES) {
    const value = fields.get(name);
    if (value !== undefined) setFree(fields, own, value);
  }
  if (isObject(winlog['event_data'])) readData(winlog['event_data'], fields);
  if (isObject(winlog['user_data'])) readData(winlog['user_data'], fields);
  for (const [name, own] of BEATS_STARTS.get(String(fields.get('EventID'))) ?? []) {
    const value = fields.get(name);
    if (value !== undefined) setFree(fields, own, Array.isArray(value) ? value.join(' ') : value);
  }
  return winlog['channel'];
}

function fromXml(text: string, record: Record<string, unknown>, fields: Map<string, Value>): string | undefined {
  readXml(text, fields);
  const channel = fields.get('Channel');
  if (typeof channel !== 'string') {
    fields.clear();
    return undefined;
  }
  for (const [key, value] of Object.entries(record)) {
    if (isScalar(value) && value !== null && key !== 'SyslogMessage') setFree(fields, key, value);
  }
  return channel;
}

/** Elements of the system part by name, `<Data Name=…>` by that name. */
function readXml(text: string, fields: Map<string, Value>): void {
  let name: string | undefined;
  let content = '';
  const unnamed: string[] = [];
  const parser = new Parser(
    {
      onopentag(tag, attributes) {
        name = tag === 'Data' ? (attributes['Name'] ?? '') : tag;
        content = '';
        if (tag === 'Data') return;
        for (const [key, value] of Object.entries(attributes)) {
          if (key !== 'xmlns') fields.set(SYSTEM_NAMES[`${tag}_${key}`] ?? `${tag}_${key}`, value);
        }
      },
      ontext: (part) => (content += part),
      onclosetag() {
        if (name === '') unnamed.push(content);
        else if (name !== undefined && content !== '') setFree(fields, name, content);
        name = undefined;
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  parser.write(text.slice(0, XML_CHARS_MAX));
  parser.end();
  if (unnamed.length > 0) fields.set('Data', unnamed);
}

/** What the system part said is not said again by data of the same name; an empty field never hides a filled one. */
function setFree(fields: Map<string, Value>, name: string, value: Value): void {
  const there = fields.get(name);
  if (there === undefined || (isEmpty(there) && !isEmpty(value))) fields.set(name, value);
}

const isEmpty = (value: Value): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.every((each) => each === null || each === ''));

const textOf = (fields: ReadonlyMap<string, Value>, name: string): string => {
  const value = fields.get(name);
  return typeof value === 'string' ? value : '';
};
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const SYSTEM_NAMES: Readonly<Record<string, string>> = {
  TimeCreated_SystemTime: 'SystemTime',
  Security_UserID: 'UserID',
  Execution_ProcessID: 'ExecutionProcessID',
  Execution_ThreadID: 'ExecutionThreadID',
};
const BEATS_NAMES: readonly (readonly [string, string])[] = [
  ['winlog.event_id', 'EventID'],
  ['event.code', 'EventID'],
  ['winlog.provider_name', 'Provider_Name'],
  ['winlog.computer_name', 'Computer'],
  ['winlog.record_id', 'EventRecordID'],
];
const BEATS_EITHER: readonly (readonly [string, string])[] = [
  ['process.command_line', 'CommandLine'],
  ['process.args', 'CommandLine'],
  ['process.executable', 'Image'],
  ['process.parent.executable', 'ParentImage'],
];
/** What pipelines move out of the data of a started process, as Sysmon and the audit name it. */
const BEATS_STARTS: ReadonlyMap<string, readonly (readonly [string, string])[]> = new Map([
  [
    '1',
    [
      ...BEATS_EITHER,
      ['process.pid', 'ProcessId'],
      ['process.entity_id', 'ProcessGuid'],
      ['process.parent.command_line', 'ParentCommandLine'],
      ['process.parent.entity_id', 'ParentProcessGuid'],
    ],
  ],
  ['4688', [...BEATS_EITHER, ['process.pid', 'NewProcessId'], ['process.parent.pid', 'ProcessId']]],
]);
const XML_CHARS_MAX = 1_048_576;
