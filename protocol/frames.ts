/** The strict judge of JSON-RPC 2.0 frames: text in, requests, notifications, responses and refusals out (wire.md 2). */
import { ERRORS, type ErrorCode } from './errors.ts';

/** An id that a request may carry: its type and value come back unchanged. */
export type RpcId = string | number | null;

/** What a request or notification may carry. */
export type RpcParams = unknown[] | Record<string, unknown>;

/** A call that will be answered. */
export interface RpcRequest {
  jsonrpc: '2.0';
  id: RpcId;
  method: string;
  params?: RpcParams;
}

/** A call that is never answered, whatever happens. */
export interface RpcNotification {
  jsonrpc: '2.0';
  method: string;
  params?: RpcParams;
}

/** The error member of an answer. */
export interface RpcError {
  code: number;
  message: string;
  data?: unknown;
}

/** An answer: exactly one of `result` and `error`. */
export type RpcResponse =
  { jsonrpc: '2.0'; id: RpcId; result: unknown } | { jsonrpc: '2.0'; id: RpcId; error: RpcError };

/** One entry of a frame after judging. */
export type Judged =
  | { kind: 'request'; request: RpcRequest }
  | { kind: 'notification'; notification: RpcNotification }
  | { kind: 'response'; response: RpcResponse }
  /** Answer this and do nothing else. */
  | { kind: 'refusal'; response: RpcResponse }
  /** A response that breaks the rules: no answer, one strike (wire.md 2). */
  | { kind: 'strike'; reason: string }
  /** Nothing that may be answered, and nothing to use: logged, then forgotten. */
  | { kind: 'dropped'; reason: string };

/** A judged frame; `batch` says that its answers go back in one array, `weight` what it holds of memory while it is kept, bytes. */
export interface JudgedFrame {
  batch: boolean;
  entries: Judged[];
  weight: number;
}

/** What the judge enforces. */
export interface FrameLimits {
  /** Deepest nesting of one request or response, its own braces counted: 64. */
  depth_max: number;
  /** Most entries of a batch: 32. */
  batch_max: number;
  /** Most values of a frame, as its opening brackets, braces and commas tell them: a few bytes of text are 64 of memory each. */
  values_max: number;
}

/** The defaults of wire.md 2. Whatever people measure takes 11 bytes a value and more: 4 MiB of it have less than that many. */
export const FRAME_LIMITS: FrameLimits = { depth_max: 64, batch_max: 32, values_max: 400_000 };

/**
 * Judges one text frame. Never throws: everything wrong comes back as a refusal or a strike.
 * `__proto__` keys, and `constructor` keys that hold an object, are dropped before anybody sees them (ATK-A11).
 */
export function judgeFrame(text: string, limits: FrameLimits = FRAME_LIMITS): JudgedFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { batch: false, entries: [refuse(-32700, null)], weight: text.length };
  }
  const { deepest, values } = measure(text);
  const weight = toWeight(text, values);
  const is_heavy = values > limits.values_max;
  // Depth is only measured entry by entry when the cheap scan says that some entry may be too deep.
  const suspect_deep = deepest > limits.depth_max;
  const suspect_keys = text.includes('__proto__') || text.includes('constructor') || text.includes('\\u');

  const judge = (entry: unknown): Judged => {
    if (is_heavy) return judgeUnread(entry, TOO_MANY);
    if (suspect_deep && isDeeper(entry, limits.depth_max)) return judgeUnread(entry, TOO_DEEP);
    return judgeEntry(suspect_keys ? withoutPrototypeKeys(entry) : entry);
  };

  if (!Array.isArray(value)) return { batch: false, entries: [judge(value)], weight };
  const entries: unknown[] = value;
  if (entries.length === 0) return { batch: false, entries: [refuse(-32600, null)], weight };
  if (entries.length > limits.batch_max) {
    const message = `Invalid Request: batch over ${limits.batch_max} entries`;
    return { batch: false, entries: [refuse(-32600, null, message)], weight };
  }
  return { batch: true, entries: entries.map(judge), weight };
}

/** How many values a JSON text has, as its opening brackets, braces and commas tell them. */
export const valuesIn = (text: string): number => measure(text).values;

/** What a JSON text holds of memory once it is parsed, bytes. */
export const weightOf = (text: string): number => toWeight(text, measure(text).values);

/**
 * A string is held with one byte a character, and with two as soon as one of them is beyond Latin-1, however that was written:
 * 200 KB of text and one such are 410 KB, measured. It may be in any string of the text: all are taken for wide.
 */
const toWeight = (text: string, values: number): number => text.length * (isWide(text) ? 2 : 1) + values * VALUE_BYTES;

const isWide = (text: string): boolean =>
  BEYOND_LATIN_1.test(text) || (text.includes('\\u') && BEYOND_LATIN_1_ESCAPED.test(text));

/** An error answer. */
export function errorResponse(id: RpcId, error: RpcError): RpcResponse {
  return { jsonrpc: '2.0', error, id };
}

/** True for a string of at most 256 bytes, a safe integer or null. */
export function isRpcId(id: unknown): id is RpcId {
  if (typeof id === 'string') return id.length <= ID_BYTES_MAX && Buffer.byteLength(id) <= ID_BYTES_MAX;
  return id === null || Number.isSafeInteger(id);
}

function judgeEntry(entry: unknown): Judged {
  if (!isRecord(entry)) return refuse(-32600, null);
  const id = Object.hasOwn(entry, 'id') ? entry['id'] : undefined;
  const echo = isRpcId(id) ? id : null;
  const method = entry['method'];

  if (isAnswer(entry)) return judgeResponse(entry, id);
  if (entry['jsonrpc'] !== '2.0') return refuse(-32600, echo, 'Invalid Request: jsonrpc must be "2.0"');
  if (typeof method !== 'string') return refuse(-32600, echo);
  const params = entry['params'];
  if (params !== undefined && !isParams(params)) {
    if (id === undefined) return { kind: 'dropped', reason: 'a notification whose params are no object or array' };
    return refuse(-32600, echo, 'Invalid Request: params must be an object or an array');
  }
  const call = params === undefined ? { method } : { method, params };
  if (id === undefined) return { kind: 'notification', notification: { jsonrpc: '2.0', ...call } };
  if (!isRpcId(id)) return refuse(-32600, null, 'Invalid Request: id must be a string, an integer or null');
  return { kind: 'request', request: { jsonrpc: '2.0', id, ...call } };
}

function judgeResponse(entry: Record<string, unknown>, id: unknown): Judged {
  if (entry['jsonrpc'] !== '2.0') return { kind: 'strike', reason: 'a response without jsonrpc "2.0"' };
  if (!isRpcId(id)) return { kind: 'strike', reason: 'a response without a usable id' };
  const has_error = Object.hasOwn(entry, 'error');
  if (has_error && Object.hasOwn(entry, 'result')) return { kind: 'strike', reason: 'both result and error' };
  if (!has_error) return { kind: 'response', response: { jsonrpc: '2.0', id, result: entry['result'] } };

  const error = entry['error'];
  if (!isRecord(error) || !Number.isInteger(error['code']) || typeof error['message'] !== 'string') {
    return { kind: 'response', response: errorResponse(id, MALFORMED) }; // whoever asked need not wait for the deadline
  }
  const { code, message, data } = error;
  const shown = { code: Number(code), message, ...(data === undefined ? {} : { data }) };
  return { kind: 'response', response: { jsonrpc: '2.0', id, error: shown } };
}

/** Not looked into, for it is too deep or too much: a request is refused with its id, a response settles its call with 5000 (wire.md 2). */
function judgeUnread(entry: unknown, { request, response }: Unread): Judged {
  if (!isRecord(entry)) return refuse(-32600, null, request);
  const { method, id } = entry;
  if (isAnswer(entry)) {
    if (!isRpcId(id)) return { kind: 'strike', reason: 'a response without a usable id' };
    return { kind: 'response', response: errorResponse(id, { code: 5000, message: response }) };
  }
  if (typeof method === 'string' && id === undefined) {
    return { kind: 'dropped', reason: 'a notification nested too deeply, or of too many values' };
  }
  return refuse(-32600, isRpcId(id) ? id : null, request);
}

function refuse(code: ErrorCode, id: RpcId, message: string = ERRORS[code]): Judged {
  return { kind: 'refusal', response: errorResponse(id, { code, message }) };
}

/** Nesting of the text's brackets outside strings, and how many values they and the commas tell of. */
function measure(text: string): { deepest: number; values: number } {
  let depth = 0;
  let deepest = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      at = endOfString(text, at);
    } else if (char === COMMA) {
      values++;
    } else if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      values++;
      if (++depth > deepest) deepest = depth;
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) {
      depth--;
    }
  }
  return { deepest, values };
}

/** The index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}

/** Without recursion: whether some path into `value` passes more than `depth_max` containers. */
function isDeeper(value: unknown, depth_max: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const containers = level.filter((item) => typeof item === 'object' && item !== null);
    if (containers.length > 0 && depth >= depth_max) return true;
    level = containers.flatMap((item): unknown[] => Object.values(item));
  }
  return false;
}

/** Drops prototype keys in place; the tree is at most `depth_max` deep here. */
function withoutPrototypeKeys(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (const item of value) withoutPrototypeKeys(item);
  } else if (isRecord(value)) {
    for (const key of Object.keys(value)) {
      if (key === '__proto__' || (key === 'constructor' && isRecord(value[key]))) {
        Reflect.deleteProperty(value, key);
      } else {
        withoutPrototypeKeys(value[key]);
      }
    }
  }
  return value;
}

const MALFORMED: RpcError = {
  code: 5000,
  message: 'The other end answered with an error of no integer code or no message',
};
const isAnswer = (entry: Record<string, unknown>): boolean =>
  entry['method'] === undefined && (Object.hasOwn(entry, 'result') || Object.hasOwn(entry, 'error'));
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isParams = (params: unknown): params is RpcParams => typeof params === 'object' && params !== null;

const ID_BYTES_MAX = 256;
/** What is said of an entry that is not looked into. */
interface Unread {
  request: string;
  response: string;
}

const TOO_DEEP: Unread = {
  request: 'Invalid Request: nested too deeply',
  response: 'The answer was nested too deeply',
};
const TOO_MANY: Unread = { request: 'Invalid Request: too many values', response: 'The answer had too many values' };
/** Of a text without any the engine knows so: the search costs nothing. */
const BEYOND_LATIN_1 = /[^\0-\xff]/;
const BEYOND_LATIN_1_ESCAPED = /\\u(?!00)/;
/** What a value takes beside its text, bytes: of `{}` and of a member 64, and a comma tells of either once more. */
const VALUE_BYTES = 48;
const [COMMA, QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [
  0x2c, 0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d,
];
