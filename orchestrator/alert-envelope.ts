/** What alerts come in: the event of a bus, the page of an API, lines of a log; taken off, and what else stood there is said. */
import { envelopeOf } from '../analysis/readers/index.ts';
import { at, find, isAlert, isEvent, isFields, isSentinel, isTelling, isText, type Fields } from './alert-products.ts';

/** An alert, and where in the input it lies. */
export interface OpenedAlert {
  fields: Fields;
  /** A JSON pointer, behind the number of a line where the input has several. */
  place: string;
}

/** What an input holds. */
export interface Opened {
  alerts: OpenedAlert[];
  /** Fields of what was around them, that nobody reads. */
  rest: string[];
  /** Fields that say that the list goes on elsewhere. */
  more: string[];
  /** Records beside them that are no alerts. */
  others: number;
}

/** Takes off whatever an alert or a list of them is known to come in; what comes in nothing is one alert. */
export function openEnvelope(value: Fields): Opened {
  return open(value, '', 0) ?? one(value, '');
}

/** The alerts among the records of a list, or of the lines of a log. */
export function openRecords(records: readonly { value: unknown; place: string }[]): Opened {
  const opened = records.map(({ value, place }) => openRecord(value, place, 1));
  return {
    alerts: opened.flatMap((each) => each?.alerts ?? []),
    rest: [...new Set(opened.flatMap((each) => each?.rest ?? []))],
    more: [...new Set(opened.flatMap((each) => each?.more ?? []))],
    others: opened.reduce((sum, each) => sum + (each?.others ?? 1), 0),
  };
}

/** Whether a text is a list of alerts and of nothing else, as far as it begins; a single one is none. */
export function isListOfAlerts(text: string): boolean {
  if (!text.startsWith('[') && !envelopeOf(text)) return false;
  const { records, is_broken } = recordsOf(text);
  return !is_broken && records.length > 0 && records.every((record) => isOnlyAlerts(parsed(record)));
}

/** Whether a text is a log with alerts on its lines and nothing else, as far as it begins: its last line may be cut. */
export function isLogOfAlerts(text: string): boolean {
  const lines = recordLines(text);
  const [last = ''] = lines.slice(-1);
  if (lines.length < 2 || !lines.slice(0, -1).every((line) => isOnlyAlerts(parsed(line)))) return false;
  const value = parsed(last);
  return value === undefined ? last.startsWith('{') : isOnlyAlerts(value);
}

/** Whether a text is a log with an alert on a line of it, alone or among events: for those who say that it is one of alerts. */
export const isLogWithAlerts = (text: string): boolean => {
  const lines = recordLines(text);
  return lines.length > 1 && parsed(lines[0] ?? '') !== undefined && lines.some((line) => isOpened(parsed(line)));
};

const recordLines = (text: string): string[] =>
  text.startsWith('{')
    ? text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '')
    : [];

const isOpened = (value: unknown): boolean => openRecord(value, '', 1) !== undefined;

/** An alert, or what it comes in, without a record beside it that is none. */
const isOnlyAlerts = (value: unknown): boolean =>
  openRecord(isFields(value) ? recordOf(value) : value, '', 1)?.others === 0;

/** The objects of the first list in a text that are whole in it; broken where anything else stands among them. */
function recordsOf(text: string): { records: string[]; is_broken: boolean } {
  const records: string[] = [];
  for (let position = listIn(text) + 1; position < text.length; position += 1) {
    const char = text[position] ?? '';
    if (char === ']') break;
    if (char === ',' || char.trim() === '') continue;
    if (char !== '{') return { records, is_broken: true };
    const record = objectAt(text, position);
    position += record.length - 1;
    // The last one may be cut.
    if (position < text.length - 1 || parsed(record) !== undefined) records.push(record);
  }
  return { records, is_broken: false };
}

/** Where the first list begins, outside of quotes. */
function listIn(text: string): number {
  let quoted = false;
  for (let position = 0; position < text.length; position += 1) {
    const char = text[position];
    if (quoted && char === '\\') position += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === '[' && !quoted) return position;
  }
  return text.length;
}

const openRecord = (value: unknown, place: string, depth: number): Opened | undefined => {
  if (!isFields(value)) return undefined;
  const opened = open(value, place, depth);
  return opened ?? (isAlert(value) ? one(value, place) : undefined);
};

const one = (fields: Fields, place: string): Opened => ({ alerts: [{ fields, place }], rest: [], more: [], others: 0 });

/** Undefined where it is in nothing that is known. */
function open(value: Fields, place: string, depth: number): Opened | undefined {
  if (depth > DEPTH_MAX) return undefined;
  if (isSentinel(value)) {
    const fields = { alert_id: value['name'], ...(value['properties'] as Fields) };
    return { ...one(fields, `${place}/properties`), rest: beside(value, ['properties', ...OF_RESOURCE]) };
  }
  for (const [field, isOne] of SINGLE) {
    const inner = value[field];
    if (!isOne(value) || !isFields(inner)) continue;
    const opened = openRecord(inner, `${place}/${field}`, depth + 1);
    if (opened) return { ...opened, rest: [...beside(value, [field, ...OF_EVENT]), ...opened.rest] };
  }
  if (isAlert(value) || isEvent(value)) return undefined;
  for (const path of LISTS) {
    const list = find(value, path);
    if (!Array.isArray(list?.value)) continue;
    const under = place + list.pointer;
    const opened = openRecords(list.value.map((each: unknown, nth) => inList(each, `${under}/${nth}`)));
    if (opened.alerts.length === 0) continue;
    const more = PAGES.filter((page) => isTelling(at(value, page)));
    const rest = beside(value, [list.pointer.split('/', 2)[1] ?? '', ...OF_LIST, ...PAGES]);
    return { ...opened, more: [...more, ...opened.more], rest: [...rest, ...opened.rest] };
  }
  return undefined;
}

/** Search engines keep the record in a field of what they list. */
const inList = (value: unknown, place: string) =>
  isFields(value) && isFields(value['_source'])
    ? { value: value['_source'], place: `${place}/_source` }
    : { value, place };

const recordOf = (value: Fields): Fields => (isFields(value['_source']) ? value['_source'] : value);

const beside = (value: Fields, known: readonly string[]): string[] =>
  Object.entries(value).flatMap(([field, told]) => (known.includes(field) || !isTelling(told) ? [] : [field]));

function parsed(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** From the brace at `start` to the one that closes it; to the end of the text where that is not in it. */
function objectAt(text: string, start: number): string {
  let depth = 0;
  let quoted = false;
  for (let position = start; position < text.length; position += 1) {
    const char = text[position];
    if (quoted) {
      if (char === '\\') position += 1;
      else if (char === '"') quoted = false;
      continue;
    }
    if (char === '"') quoted = true;
    else if (char === '{') depth += 1;
    else if (char === '}' && (depth -= 1) === 0) return text.slice(start, position + 1);
  }
  return text.slice(start);
}

/** Fields that hold one: the events of EventBridge, and what the triggers of Sentinel hand over. */
const SINGLE: readonly (readonly [string, (value: Fields) => boolean])[] = [
  ['detail', (value) => isText(value['detail-type'])],
  ['object', (value) => isText(value['objectSchemaType'])],
];
/** Fields that hold several: Graph and Azure, CrowdStrike, GuardDuty and Security Hub, search engines. */
const LISTS = ['value', 'resources', 'findings', 'alerts', 'incidents', 'data', 'hits.hits'] as const;
/** Where the list goes on. */
const PAGES = ['@odata.nextLink', 'nextLink', 'NextToken', 'nextToken', '_scroll_id'] as const;
/** What says nothing of the alert. */
const OF_RESOURCE = ['id', 'name', 'type', 'etag', 'kind'];
const OF_EVENT = [
  'version',
  'id',
  'source',
  'time',
  'detail-type',
  'objectSchemaType',
  'objectEventType',
  'eventUniqueId',
];
const OF_LIST = ['@odata.context', '@odata.count', 'count', 'meta', 'errors', 'took', 'timed_out', '_shards'];
const DEPTH_MAX = 4;
