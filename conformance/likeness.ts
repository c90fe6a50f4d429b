/** Whether what came now is what came then: ids, times and proofs are new each time and say nothing. */
import { isFrame } from './answers.ts';
import { cutNote, type Exchanged } from './exchange.ts';

/** Whether two notes say the same. */
export function isLike(recorded: Exchanged, came: Exchanged): boolean {
  if (recorded.kind !== came.kind) return false;
  const [then, now] = [recorded, came].map((note) => toLikeness(cutNote(note).text ?? note.text));
  return then === now;
}

/** What takes the place of what: learns from a message of then and its like of now. */
export interface Renaming {
  learn(recorded: string, came: string): void;
  /** A text of then as it is sent now. */
  apply(text: string): string;
}

/** Names of then (task ids, the peer's request ids) and what they are called now. */
export function createRenaming(): Renaming {
  const names = new Map<string, string>();
  const ids = new Map<string, unknown>();
  const learnValue = (then: unknown, now: unknown): void => {
    if (names.size >= NAMES_MAX) return;
    if (typeof then === 'string' && typeof now === 'string' && then !== now && then.length >= NAME_CHARS_MIN) {
      names.set(JSON.stringify(then), JSON.stringify(now));
    } else if (Array.isArray(then) && Array.isArray(now)) {
      then.forEach((item, at) => learnValue(item, now[at]));
    } else if (isFrame(then) && isFrame(now)) {
      for (const [key, value] of Object.entries(then)) learnValue(value, now[key]);
    }
  };
  return {
    learn(recorded, came) {
      const [then, now] = [parse(recorded), parse(came)];
      if (isCall(then) && isCall(now) && ids.size < NAMES_MAX) ids.set(JSON.stringify(then['id']), now['id']);
      learnValue(then, now);
    },
    apply(text) {
      const frame = parse(text);
      const id = isFrame(frame) && !isCall(frame) ? JSON.stringify(frame['id']) : undefined;
      const is_answer = isFrame(frame) && id !== undefined && ids.has(id);
      const renamed = is_answer ? JSON.stringify({ ...frame, id: ids.get(id) }) : text;
      return [...names].reduce((all, [then, now]) => all.replaceAll(then, now), renamed);
    },
  };
}

/** The text with everything hidden that is new each time. */
function toLikeness(text: string): string {
  const [, status = '', body = text] = /^(\d{3} )([\s\S]*)$/.exec(text) ?? [];
  const value = parse(body);
  return status + (value === undefined ? maskText(body) : JSON.stringify(mask(value, '')));
}

function mask(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.map((item) => mask(item, key));
  if (isFrame(value)) {
    const is_call = isCall(value);
    const entries = Object.entries(value).map(([name, item]) => [
      name,
      is_call && name === 'id' ? HIDDEN : mask(item, name),
    ]);
    return Object.fromEntries(entries) as unknown;
  }
  if (isVolatile(key) && (typeof value === 'number' || isMachineMade(value))) return HIDDEN;
  return typeof value === 'string' ? maskText(value) : value;
}

const maskText = (text: string): string => VOLATILE_TEXT.reduce((all, pattern) => all.replace(pattern, HIDDEN), text);
const isVolatile = (key: string): boolean => VOLATILE_KEY.test(key);
const isMachineMade = (value: unknown): boolean =>
  typeof value === 'string' && value.length >= NAME_CHARS_MIN && /\d/.test(value);
const isCall = (value: unknown): value is Record<string, unknown> =>
  isFrame(value) && typeof value['method'] === 'string' && Object.hasOwn(value, 'id');

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const HIDDEN = '…';
const NAME_CHARS_MIN = 8;
/** Names, and ids of requests, that are learnt from one recording; what comes after is sent as it was. */
const NAMES_MAX = 1_000;
const VOLATILE_KEY =
  /(^|_)(at|ms|until|time|timestamp|proof|challenge|traceparent|token|digest)$|^(?!agent_id$|alert_id$|case_id$).*_id$/;
const VOLATILE_TEXT = [
  /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g,
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
  /\b[a-z]{2,16}_[0-9A-Za-z_-]{12,}/g,
  /\b\d+ ms\b/g,
];
