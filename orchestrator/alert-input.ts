/** An alert as somebody hands it in: read, brought to our fields, and with what of it no specialist is given. */
import type { z } from 'zod';
import { AuroraError, invalidParams, type NotChecked } from '../protocol/index.ts';
import { shapeAlert, type ShapedAlert } from './alert-shape.ts';
import { placeOf } from './json-place.ts';
import { Alert, DESK_FIELDS } from './plan.ts';

/** Reads it whole; throws 4130 when it is too large, and 4220 naming what is wrong when it is no alert. */
export async function readAlert(bytes: AsyncIterable<Uint8Array>): Promise<{ alert: Alert; unread: NotChecked[] }> {
  const value = parseJson(await readWhole(bytes));
  const shaped = isFields(value) ? shapeAlert(value) : undefined;
  const alert = Alert.safeParse(shaped?.alert ?? value, { error: missing });
  if (!alert.success) throw invalidParams(alert.error, { code: 4220, what: 'The alert is not valid' });
  return { alert: alert.data, unread: shaped && isFields(value) ? unreadIn(value, shaped) : [] };
}

async function readWhole(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > ALERT_BYTES_MAX) throw new AuroraError(4130, { message: `An alert may have ${ALERT_BYTES_MAX} bytes` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(bytes: Uint8Array): unknown {
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
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

/** Fields of an alert that no specialist is given, or that have no form that is read: what they say is not judged. */
function unreadIn(fields: Fields, { taken, odd }: ShapedAlert): NotChecked[] {
  const left = Object.entries(fields).flatMap(([field, value]) => leftOf(field, value, taken));
  return [
    ...gap(left, 'no specialist reads them'),
    ...gap(odd, 'their values have no form that is read, and were passed over'),
  ];
}

/** What of a field nobody is given: nothing, all of it, or, where parts of it were taken, the others. */
function leftOf(field: string, value: unknown, taken: ReadonlySet<string>): string[] {
  if (LABEL_FIELDS.has(field)) return [];
  const parts = [...taken].filter((path) => path === field || path.startsWith(`${field}.`));
  if (parts.includes(field)) return [];
  if (parts.length === 0 || !isFields(value)) return READ_FIELDS.has(field) ? [] : [field];
  const isTaken = (path: string) => parts.some((part) => part === path || part.startsWith(`${path}.`));
  return Object.keys(value)
    .map((key) => `${field}.${key}`)
    .filter((path) => !isTaken(path));
}

const gap = (paths: readonly string[], why: string): NotChecked[] =>
  paths.length === 0 ? [] : [{ what: `the alert's fields ${shownFields(paths)}`, why }];

const shownFields = (paths: readonly string[]): string =>
  paths
    .slice(0, FIELDS_SHOWN)
    .map((path) => path.slice(0, FIELD_CHARS_MAX))
    .join(', ');

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

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
const LABEL_FIELDS = new Set(['alert_id', 'source', 'status', 'timestamp', 'created_at', '@timestamp']);
const FIELDS_SHOWN = 20;
const FIELD_CHARS_MAX = 64;
const ALERT_BYTES_MAX = 1_048_576;
