/** Alerts as somebody hands them in: taken out of what they came in, brought to our fields, and with what of it no specialist is given. */
import type { z } from 'zod';
import { isDeeper } from '../analysis/readers/index.ts';
import { AuroraError, invalidParams, type NotChecked } from '../protocol/index.ts';
import { isLogWithAlerts, openEnvelope, openRecords, type Opened, type OpenedAlert } from './alert-envelope.ts';
import { at, isFields, isTelling, toPointer } from './alert-products.ts';
import { fitTogether } from './alert-room.ts';
import { shapeAlert, type ShapedAlert } from './alert-shape.ts';
import { Alert, DESK_FIELDS, type PlacedAlert } from './alert-steps.ts';
import { placeOf } from './json-place.ts';

/** What an input says of alerts. */
export interface ReadAlerts {
  alerts: PlacedAlert[];
  /** Fields that nobody is given. */
  unread: NotChecked[];
  /** Alerts and other records that nobody looked at. */
  missing: NotChecked[];
  /** Records that are no alerts. */
  others: number;
}

/** Reads all of them; throws 4130 when it is too large, and 4220 naming what is wrong when none of them is a valid alert. */
export async function readAlerts(bytes: AsyncIterable<Uint8Array>): Promise<ReadAlerts> {
  const { text, is_cut } = await readText(bytes);
  const opened = openText(text, is_cut);
  const { read, refused } = readEach(opened.alerts);
  const { alerts, repeated, left_out } = fitTogether(read.map(({ placed }) => placed));
  return {
    alerts,
    unread: [
      ...gap([...opened.rest, ...read.flatMap(({ left }) => left)], 'no specialist reads them'),
      ...gap(
        read.flatMap(({ odd }) => odd),
        'their values have no form that is read, and were passed over',
      ),
      ...repeated,
      ...dismissedOf(opened.alerts),
    ],
    missing: [...besideOf(opened, is_cut), ...refused, ...left_out],
    others: opened.others,
  };
}

/** Alerts that somebody called false or benign where they come from: they count as grave as they are told. */
function dismissedOf(opened: readonly OpenedAlert[]): NotChecked[] {
  const count = opened.filter(({ fields }) => DISMISSED.some(([path, word]) => at(fields, path) === word)).length;
  if (count === 0) return [];
  const what = `whether ${count === 1 ? '1 alert is' : `${count} alerts are`} false`;
  return [{ what, why: 'its product says that somebody dismissed it; it counts as it was raised' }];
}

/** Those that are valid; the others are said. Throws what is wrong with the first one when none is. */
function readEach(opened: readonly OpenedAlert[]): { read: ReadAlert[]; refused: NotChecked[] } {
  const read: ReadAlert[] = [];
  const refused: { place: string; error: AuroraError }[] = [];
  for (const each of opened) {
    const outcome = readOne(each);
    if (outcome instanceof AuroraError) refused.push({ place: each.place, error: outcome });
    else read.push(outcome);
  }
  const [first] = refused;
  if (!first) return { read, refused: [] };
  if (read.length === 0) throw first.error;
  const places = refused.slice(0, PLACES_SHOWN).map(({ place }) => place.replace(/, $/, ''));
  const count = refused.length === 1 ? '1 alert' : `${refused.length} alerts`;
  return {
    read,
    refused: [
      { what: `${count} of the input`, why: `at ${places.join(', ')} something is not valid: ${first.error.message}` },
    ],
  };
}

/** One object, a list, or a log with one on each line. */
function openText(text: string, is_cut: boolean): Opened {
  if (isLogWithAlerts(text.trimStart())) return openRecords(linesOf(text, is_cut));
  if (is_cut) throw new AuroraError(4130, { message: `Alerts that are no log may have ${ALERT_BYTES_MAX} bytes` });
  const value = parseJson(text);
  if (isDeeper(value, DEPTH_MAX))
    throw new AuroraError(4220, { message: `The alert is not valid: it is more than ${DEPTH_MAX} deep` });
  if (isFields(value)) return openEnvelope(value);
  if (!Array.isArray(value)) throw invalidAlert(value);
  const opened = openRecords(value.map((each: unknown, nth) => ({ value: each, place: `/${nth}` })));
  if (opened.alerts.length === 0)
    throw new AuroraError(4220, { message: 'The list has no alert in it that is known by its fields' });
  return opened;
}

/** Records, with the number of their line; where the log was cut, its last line is a part of one. */
function linesOf(text: string, is_cut: boolean): { value: unknown; place: string }[] {
  const lines = text.split(/\r?\n/);
  return (is_cut ? lines.slice(0, -1) : lines).flatMap((line, nth) => {
    if (line.trim() === '') return [];
    let value: unknown;
    try {
      value = JSON.parse(line) as unknown;
    } catch {
      value = undefined; // no record: it is counted as none
    }
    return [{ value: isDeeper(value, DEPTH_MAX) ? undefined : value, place: `line ${nth + 1}, ` }];
  });
}

/** An alert in our fields, and what of it no specialist is given. */
interface ReadAlert {
  placed: PlacedAlert;
  left: string[];
  odd: string[];
}

function readOne({ fields, place }: OpenedAlert): ReadAlert | AuroraError {
  const shaped = shapeAlert(fields);
  const alert = Alert.safeParse(shaped.alert, { error: missing });
  if (!alert.success) return invalidParams(alert.error, { code: 4220, what: 'The alert is not valid' });
  const { places, commands, iocs, odd } = shaped;
  return { placed: { alert: alert.data, place, places, commands, iocs }, left: leftIn(fields, shaped), odd };
}

function invalidAlert(value: unknown): AuroraError {
  const { error } = Alert.safeParse(value, { error: missing });
  return error
    ? invalidParams(error, { code: 4220, what: 'The alert is not valid' })
    : new AuroraError(4220, { message: 'The alert is not valid' });
}

async function readText(bytes: AsyncIterable<Uint8Array>): Promise<{ text: string; is_cut: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > ALERT_BYTES_MAX) break;
  }
  const is_cut = size > ALERT_BYTES_MAX;
  const whole = Buffer.concat(chunks).subarray(0, ALERT_BYTES_MAX);
  try {
    // A cut may fall into a character: it belongs to the line that is left out.
    return { text: new TextDecoder('utf-8', { fatal: !is_cut }).decode(whole), is_cut };
  } catch (cause) {
    throw new AuroraError(4220, { message: 'The input is no valid JSON in UTF-8', cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new AuroraError(4220, { message: `The input is no valid JSON in UTF-8${placeOf(cause, text)}`, cause });
  }
}

/** A field that is not there says so, and what it may be where there are few. */
function missing({ input, ...issue }: z.core.$ZodRawIssue): string | undefined {
  if (input !== undefined || issue.code === 'custom') return undefined;
  return issue.code === 'invalid_value' ? `is missing: one of ${issue.values.join(', ')}` : 'is missing';
}

/** Records that are no alerts, and alerts that lie elsewhere: nobody looked at them. */
function besideOf({ others, more }: Opened, is_cut: boolean): NotChecked[] {
  return [
    ...(others > 0
      ? [
          {
            what: `${others} record${others === 1 ? '' : 's'} beside the alerts`,
            why: 'they are no alerts that are known',
          },
        ]
      : []),
    ...(more.length > 0
      ? [{ what: 'further alerts of the list', why: `it goes on elsewhere, as its ${more.join(', ')} says` }]
      : []),
    ...(is_cut ? [{ what: 'the rest of the log', why: `alerts are read in its first ${ALERT_BYTES_MAX} bytes` }] : []),
  ];
}

/** Fields of an alert that no specialist is given: what they say is not judged. */
function leftIn(fields: Readonly<Record<string, unknown>>, { taken }: ShapedAlert): string[] {
  const read: Read = { taken, above: aboveOf(taken) };
  return Object.entries(fields).flatMap(([field, value]) => {
    if (LABEL_FIELDS.has(field)) return [];
    const pointer = toPointer(field);
    if (READ_FIELDS.has(field) && !read.above.has(pointer)) return [];
    return leftAt(value, { pointer, shown: field }, read);
  });
}

/** Pointers to what was taken, and to whatever holds some of it. */
interface Read {
  taken: ReadonlySet<string>;
  above: ReadonlySet<string>;
}

/** Nothing, all of it, or, where parts of it were taken, the others; elements of a list are told together. */
function leftAt(value: unknown, { pointer, shown }: { pointer: string; shown: string }, read: Read): string[] {
  if (!isTelling(value) || read.taken.has(pointer)) return [];
  if (typeof value !== 'object' || value === null || !read.above.has(pointer)) return [shown];
  return Object.entries(value).flatMap(([key, inner]) =>
    leftAt(
      inner,
      { pointer: pointer + toPointer(key), shown: Array.isArray(value) ? `${shown}[]` : `${shown}.${key}` },
      read,
    ),
  );
}

/** Made once for all fields of an alert: there are many of them, and much is taken. */
function aboveOf(taken: ReadonlySet<string>): Set<string> {
  const above = new Set<string>();
  for (const pointer of taken)
    for (let end = pointer.lastIndexOf('/'); end > 0; end = pointer.lastIndexOf('/', end - 1))
      above.add(pointer.slice(0, end));
  return above;
}

/** Each field once, however many alerts have it. */
function gap(fields: readonly string[], why: string): NotChecked[] {
  const distinct = [...new Set(fields)];
  return distinct.length === 0 ? [] : [{ what: `the alert's fields ${shownFields(distinct)}`, why }];
}

const shownFields = (paths: readonly string[]): string =>
  paths
    .slice(0, FIELDS_SHOWN)
    .map((path) => path.slice(0, FIELD_CHARS_MAX))
    .join(', ');

const READ_FIELDS = new Set<string>([
  'title',
  'description',
  'iocs',
  'raw_log',
  'http',
  'email',
  'command_line',
  ...DESK_FIELDS,
]);
/** What others call or count it by: no evidence. */
const LABEL_FIELDS = new Set([
  ...['alert_id', 'source', 'status', 'timestamp', 'created_at', '@timestamp'],
  ...['incidentId', 'incidentNumber', 'incidentUrl', 'incidentWebUrl', 'alertWebUrl', 'providerAlertId'],
  ...['providerIncidentId', 'detectorId', 'tenantId'],
]);
/** What SentinelOne says of a threat that was looked at. */
const DISMISSED = [
  ['threatInfo.analystVerdict', 'false_positive'],
  ['threatInfo.mitigationStatus', 'marked_as_benign'],
] as const;
const FIELDS_SHOWN = 20;
const PLACES_SHOWN = 5;
const FIELD_CHARS_MAX = 64;
const ALERT_BYTES_MAX = 1_048_576;
const DEPTH_MAX = 64;
