/** Log lines: structured, one per thing that happened, with secrets taken out before they are written. */
import pino from 'pino';
import { createLineWriter, type LineWriter } from './line-writer.ts';

/** What anybody may log with. Fields carry ids (`agent_id`, `task_id`, `request_id`); text is a constant sentence. */
export interface Log {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
  /** A log whose every line carries these fields too. */
  with(fields: object): Log;
}

/** Levels a configuration may name. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
/** One of those levels. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The real log: JSON lines on stderr, so that stdout stays with results. Nobody waits for whoever reads it: lines that find no room
 * are dropped, and how many is said when there is room again.
 */
export function pinoLog(options: { level: LogLevel; name: string; write?: (line: string) => void }): Log {
  const out = options.write ? { write: options.write } : (stderr ??= toStderr(options.name));
  const destination = { write: (line: string) => out.write(escapeLine(line)) };
  const base = pino(
    { level: options.level, name: options.name, timestamp: pino.stdTimeFunctions.isoTime, formatters: { log: redact } },
    destination,
  );
  return toLog(base);
}

/** One for all logs of a process: their lines stay in order, and share one bound. */
let stderr: LineWriter | undefined;

/** One writer for the whole process: its last lines are written when it ends. */
function toStderr(name: string): LineWriter {
  const toDropped = (dropped: number) => {
    const msg = 'nobody read the log, or it could not be written: lines were dropped';
    return `${JSON.stringify({ level: WARN, time: new Date().toISOString(), name, dropped, msg })}\n`;
  };
  const writer = createLineWriter({ fd: 2, toDropped });
  process.once('exit', () => writer.end());
  return writer;
}

/** As pino counts. */
const WARN = 40;

/** A log that says nothing. */
export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, with: () => silentLog };

/** A log that keeps its lines, for tests. */
export function memoryLog(): Log & { lines: { level: string; fields: object; text: string }[] } {
  const lines: { level: string; fields: object; text: string }[] = [];
  const at = (bound: object): Log => {
    const keep = (level: string) => (fields: object, text: string) =>
      void lines.push({ level, fields: redact({ ...bound, ...fields }), text });
    return {
      debug: keep('debug'),
      info: keep('info'),
      warn: keep('warn'),
      error: keep('error'),
      with: (fields) => at({ ...bound, ...fields }),
    };
  };
  return { ...at({}), lines };
}

/**
 * A copy without secrets: values under telling names and token-shaped text are replaced, at any depth (ATK-J1, J2). Of each list and
 * object it has a hundred items, and how many more there were. The names in what somebody else wrote are not remembered: they would
 * use up the room.
 */
export function redact(fields: object, { depth_max = DEPTH_MAX, is_foreign = false } = {}): Record<string, unknown> {
  const copy = scrub(fields, depth_max, is_foreign ? judgeName : nameOf);
  return isRecord(copy) ? copy : {};
}

function toLog(base: pino.Logger): Log {
  return {
    debug: (fields, text) => base.debug(fields, text),
    info: (fields, text) => base.info(fields, text),
    warn: (fields, text) => base.warn(fields, text),
    error: (fields, text) => base.error(fields, text),
    with: (fields) => toLog(base.child(redact(fields))),
  };
}

function scrub(value: unknown, depth_left: number, look: (name: string) => Name): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (!isRecord(value)) return value;
  if (depth_left <= 0) return '[deep]';
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    return {
      name,
      message: redactText(message),
      ...(stack ? { stack: redactText(stack) } : {}),
      ...(cause === undefined ? {} : { cause: scrub(cause, depth_left - 1, look) }),
    };
  }
  if (Array.isArray(value)) {
    const items = value.slice(0, ITEMS_MAX).map((item: unknown) => scrub(item, depth_left - 1, look));
    return value.length > ITEMS_MAX ? [...items, leftOut(value.length)] : items;
  }
  const copy: Record<string, unknown> = { __proto__: null }; // a field may have any name
  const keys = Object.keys(value);
  for (const key of keys.slice(0, ITEMS_MAX)) {
    const { shown, is_secret } = look(key);
    copy[shown] = is_secret ? secretOf(value[key]) : scrub(value[key], depth_left - 1, look);
  }
  if (keys.length > ITEMS_MAX) copy['…'] = leftOut(keys.length);
  return copy;
}

const leftOut = (count: number): string => `[${count - ITEMS_MAX} more]`;

/** A yes or no is no secret, whatever its name; a number may be one. */
const secretOf = (value: unknown): unknown =>
  typeof value === 'boolean' || value === null || value === undefined ? value : '[redacted]';

/** Lines are of few kinds: what a name was found to be once is looked up. */
function nameOf(name: string): Name {
  const known = NAMES.get(name);
  if (known) return known;
  const found = judgeName(name);
  if (NAMES.size < NAMES_MAX && name.length <= NAME_CHARS_MAX) NAMES.set(name, found);
  return found;
}

const judgeName = (name: string): Name => ({
  shown: redactText(name),
  is_secret: SECRET_NAME.test(name.slice(0, NAME_CHARS_MAX)),
});

/** How a name is written, which may hold a secret itself, and whether its value is one. */
interface Name {
  shown: string;
  is_secret: boolean;
}

/** A text without what is shaped like a secret, cut where it is long. */
export function redactText(text: string): string {
  // A key that is cut has lost its end: what hides secrets looks further than what is shown.
  const near = text.length > LOOKED_AT_MAX ? text.slice(0, LOOKED_AT_MAX) : text;
  const clean = MAYBE_SECRET.test(near)
    ? near
        .replace(PEM, '[redacted]')
        .replace(TOKEN, '[redacted]')
        .replace(CREDENTIALS, '$1$2[redacted]')
        .replace(PARAMETER, '$1[redacted]')
        .replace(USERINFO, '$1[redacted]@')
    : near;
  return text.length > TEXT_MAX ? `${clean.slice(0, TEXT_MAX)}…` : clean;
}

/** What turns a line of JSON into another text where it is shown: controls beyond ASCII, and what reorders or breaks lines (ATK-J2). */
function escapeLine(line: string): string {
  return UNSHOWN.test(line)
    ? line.replace(UNSHOWN_ALL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : line;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function ignore(): void {
  // Silence is the point.
}

const DEPTH_MAX = 6;
const ITEMS_MAX = 100;
const TEXT_MAX = 4_096;
/** Names whose value is one: whole, or behind other words (`client_secret`, `refreshToken`, `X-Auth-Token`). */
const SECRET_NAME =
  /^(?:(?:.*[_.-])?(?:cookie|otp|pwd)|proof|challenge|.*(?:authorization|password|passwd|passphrase|secret|token|credentials?|(?:api|private|secret|signing|encryption)[_-]?key))$/i;
const NAMES = new Map<string, Name>();
const NAME_CHARS_MAX = 128;
const NAMES_MAX = 1_000;
/** How far secrets are looked for, characters; no more is shown of any text. */
const LOOKED_AT_MAX = 8_192;
/** Something of each form below: most text has none of it. */
const MAYBE_SECRET = /bearer|basic|eyJ|aurora_|-----BEGIN|:\/\/|[?&;]/i;
/** To its end, or to the end of the text where that is cut off. */
const PEM = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[^-]|-(?!----END))*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g;
const TOKEN = /(?<![a-z\d])(?:eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|aurora_[a-z]{1,20}_\w{8,})/gi;
const CREDENTIALS =
  /\b(Bearer\s+|[Bb][Ee][Aa][Rr][Ee][Rr]\s+(?=[\w.~+/-]{16}))[\w.~+/-]{8,}=*|\b([Bb][Aa][Ss][Ii][Cc]\s+(?=\S{0,512}[\d=]))(?:[A-Za-z\d+/]{4}){1,256}(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=|[A-Za-z\d+/]{4})(?![\w+/=])/g;
const PARAMETER = /([?&;](?:[\w-]{0,40}(?:token|secret|password|api_?key)|code|ticket|signature)=)[^\s&;#"'<>]+/gi;
/** A password may hold an @: up to the last one before the path. */
const USERINFO = /(\b[a-z][a-z0-9+.-]{1,15}:\/\/)[^\s/?#"'<>]{0,4096}@/gi;
/** C1 controls, bidirectional marks, and the line and paragraph separators. */
const UNSHOWN = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const UNSHOWN_ALL = new RegExp(UNSHOWN, 'g');
