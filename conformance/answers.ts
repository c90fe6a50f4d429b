/** What every answer is judged by, whoever asked for it: rules that are watched over a whole run. */
import { ERRORS } from '../protocol/index.ts';
import { show, toText } from './check.ts';
import type { Profile, RequirementId } from './requirements.ts';

/** A message as it came. */
export type Frame = Record<string, unknown>;

/** Hears what a peer did against a sentence that is watched. */
export type Observe = (id: RequirementId, about: string) => void;

/** Judges one answer: an object with result, error or both. */
export function judgeAnswer(
  frame: Frame,
  profile: Profile,
  observe: Observe,
  isOurs: (text: string) => boolean = NOT_OURS,
): void {
  const has_result = Object.hasOwn(frame, 'result');
  const has_error = Object.hasOwn(frame, 'error');
  if (frame['jsonrpc'] !== '2.0') observe('FRAME-01', `jsonrpc is ${show(frame['jsonrpc'])}`);
  if (has_result === has_error) observe('FRAME-02', has_result ? 'both result and error' : 'neither result nor error');
  if (!Object.hasOwn(frame, 'id')) observe('FRAME-04', 'an answer without an id');
  if (has_error) judgeError(frame['error'], profile, observe, isOurs);
}

function judgeError(error: unknown, profile: Profile, observe: Observe, isOurs: (text: string) => boolean): void {
  if (!isFrame(error) || !Number.isInteger(error['code']) || typeof error['message'] !== 'string') {
    observe('FRAME-03', `the error is ${show(error)}`);
    return;
  }
  const code = Number(error['code']);
  const { message, data } = error as { message: string; data?: unknown };
  if (!isLegal(code, profile)) observe('CALL-14', `the code ${code} is neither one of JSON-RPC nor one of the table`);
  // What does not fit is named by its JSON pointer, which looks like a path of files.
  const seen = (text: string) => firstOf(LEAKS, code === -32602 ? withoutPointers(text) : text, isOurs);
  const leak = seen(message) ?? seen(toText(data ?? ''));
  if (leak !== undefined) observe('CALL-18', `an error shows ${JSON.stringify(leak)}`);
  const secret = firstOf(SECRETS, message, isOurs) ?? firstOf(SECRETS, toText(data ?? ''), isOurs);
  if (secret !== undefined) observe('CALL-27', `an error shows ${JSON.stringify(secret)}`);
  if (profile !== 'bare') judgeData(code, data, observe);
  if (profile === 'bare' && isRpcCode(code) && data !== undefined) observe('CALL-16', `a ${code} with data`);
  if (profile === 'bare' && code === -32601 && message !== 'Method not found') {
    observe('CALL-17', `the message is ${show(message)}`);
  }
}

function judgeData(code: number, data: unknown, observe: Observe): void {
  const is_whole =
    isFrame(data) &&
    ['code', 'message', 'timestamp', 'request_id'].every((name) => typeof data[name] === 'string') &&
    (isRpcCode(code) || data['code'] === `AURORA-${code}`);
  if (!is_whole) observe('CALL-15', `the data of a ${code} is ${show(data)}`);
  if (!isFrame(data)) return;
  const { timestamp, retryable, retry_after_ms } = data;
  const is_typed =
    (typeof timestamp !== 'string' || ISO_TIME.test(timestamp)) &&
    [undefined, null, true, false].some((value) => value === retryable) &&
    (retry_after_ms === undefined || retry_after_ms === null || isDuration(retry_after_ms));
  if (!is_typed) observe('CALL-23', `the data of a ${code} is ${show(data)}`);
}

const isDuration = (value: unknown): boolean => typeof value === 'number' && value >= 0;
const isRpcCode = (code: number): boolean => code === -32700 || (code <= -32600 && code >= -32603);
/** A stranger's own codes are free in bare, but for those that JSON-RPC keeps for itself (5.1). */
function isLegal(code: number, profile: Profile): boolean {
  if (isRpcCode(code) || Object.hasOwn(ERRORS, String(code))) return true;
  const is_kept = code >= -32768 && code <= -32000;
  return profile === 'bare' && (!is_kept || (code >= -32099 && code <= -32000));
}

const withoutPointers = (text: string): string =>
  text.slice(0, LEAK_CHARS_MAX).replace(/(?<![\w.:/])\/[\w/~-]{0,256}/g, '/');

/** A trace of the inside: the first match that we did not say ourselves. Only the beginning is looked at. */
function firstOf(patterns: readonly RegExp[], text: string, isOurs: (text: string) => boolean): string | undefined {
  const beginning = text.slice(0, LEAK_CHARS_MAX);
  return patterns
    .flatMap((pattern) => [...beginning.matchAll(pattern)].map(([match]) => match))
    .find((match) => !isOurs(match) && !isOurs(match.replace(SENTENCE_END, '')))
    ?.slice(0, LEAK_SHOWN_MAX);
}

const NOT_OURS = (): boolean => false;
const LEAK_CHARS_MAX = 8_192;
const LEAK_SHOWN_MAX = 80;
/** Behind a path that ends a sentence. */
const SENTENCE_END = /[./-]{1,8}$/;
/** Every repetition has an end: a text made to be read again from each place takes no long time. */
const LEAKS = [
  /\bat (?:async )?[\w$.<>]{1,200} \(?(?:file|node|\/|[A-Z]:)/g,
  /Traceback \(most recent call last\)/g,
  /File \\?"[^"]{1,300}", line \d/g,
  /\bnode_modules\b|\bsite-packages\b/g,
  /(?<![\w.:/])\/(?:home|usr|root|var|opt|srv|app|tmp|Users)\/[\w./-]{1,300}/g,
  /[\w-]{1,100}\.(?:[cm]?[jt]s|py|go|rs|java|rb|cs):\d/g,
  /\b(?:TypeError|ReferenceError|RangeError|KeyError|ValueError|AttributeError|NullPointerException)\b/g,
];
/** SQL in its capitals, values beside the name of a secret, and keys that are known by their look. */
const SECRETS = [
  /\bSELECT\b[^;]{1,200}\bFROM\b|\bINSERT INTO\b|\bDELETE FROM\b|\bUPDATE \w{1,64} SET\b/g,
  /\bSQLSTATE\b|\bSQLITE_[A-Z]{3,20}\b|\bnear \\?"[^"]{1,40}": syntax error/g,
  /\b(?:password|passwd|secret|api_?key)\s?=\s?\\?['"]?[^\s'"<{]{4,40}/gi,
  /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----/g,
  /\b[a-z]{2,20}:\/\/[^\s:/@]{1,64}:[^\s:/@]{1,64}@/g,
];
/** Dates and times, however fine; the zone may be left out. */
const ISO_TIME = /^\d{4}-?[01]\d-?[0-3]\d[T ][0-2]\d(?::?[0-6]\d){1,2}(?:[.,]\d{1,12})?(?:Z|[+-]\d\d(?::?\d\d)?)?$/i;

/** An object, and no array. */
export const isFrame = (value: unknown): value is Frame =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects of a list; none where it is no list. */
export const framesIn = (value: unknown): Frame[] => (Array.isArray(value) ? value.filter(isFrame) : []);

/** Text that says something. */
export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
