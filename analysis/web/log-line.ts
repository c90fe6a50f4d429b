/** Reads one line of a web server's log, whatever of the usual formats it is in. */
import { isoTime, requestOf, toAddress, toNamedClient, toNumber, toStatus } from './log-fields.ts';
import { fromJson } from './log-json.ts';
import { createW3cReader } from './log-w3c.ts';

/** What a line says. What it does not say is undefined; nothing is guessed. */
export interface LogEntry {
  /** The peer's address, or its name where the server logs names. */
  source: string;
  /** The client that a header names, e.g. X-Forwarded-For: unverified, and never the peer. */
  named_client?: string | undefined;
  /** `''` where the request line was no HTTP. */
  method: string;
  /** Path and query as logged. */
  target: string;
  version: string;
  status?: number | undefined;
  /** Bytes of the response. */
  size?: number | undefined;
  referer: string;
  agent: string;
  /** Seconds since 1970, UTC. */
  time?: number | undefined;
  /** Who the request says it is: the name it sent with its password. Absent where none was sent, or the log does not keep it. */
  user?: string;
  /** An error log's line saying that a login failed. */
  login_failed: boolean;
  /** It refused by asking for a password, and the log keeps no name of who fails: what was sent is not known. */
  asks_password?: boolean;
  /** The server asked for a password that was not sent yet: no login failed. */
  is_challenge?: boolean;
  format: LogFormat;
}

/** `access` covers common, combined and their vhost-prefixed forms; `quoted` is any line with a client and a quoted request line. */
export type LogFormat = 'access' | 'json' | 'error' | 'quoted' | 'labelled' | 'w3c';

/** A reader for the lines of one log in their order: a W3C log says in its headers, and may say anew, what its values are. */
export function createLogLineReader(): (line: string) => LogEntry | 'directive' | undefined {
  const readW3c = createW3cReader();
  return (line) => readW3c(line) ?? parseLogLine(line);
}

/** The entry, or undefined when the line is in no known format. One pass each; no pattern can backtrack over the line. */
export function parseLogLine(line: string): LogEntry | undefined {
  const brace = line.indexOf('{');
  if (brace >= 0 && line.endsWith('}') && !line.slice(0, brace).includes('"'))
    return fromJson(line.slice(brace), parseLogLine);
  return fromAccess(line) ?? fromError(line) ?? fromQuoted(line) ?? fromLabels(line);
}

function fromAccess(line: string): LogEntry | undefined {
  const date = ACCESS_DATE.exec(line);
  if (!date) return undefined;
  const head = line.slice(0, date.index).trim().split(' ');
  const source = firstAddress(head) ?? (head.length >= 3 ? toHostName(head[0]) : undefined);
  if (!source) return undefined;
  const fields = fieldsOf(line, date.index + date[0].length);
  const request = fields.findIndex(({ quoted }) => quoted);
  if (request < 0) return undefined;
  const after = fields.slice(request + 1);
  const bare = after.filter(({ quoted }) => !quoted);
  const [referer, agent, ...others] = after.filter(({ quoted }) => quoted);
  const status = toStatus(bare[0]?.text);
  if (status === undefined) return undefined;
  const user = head.at(-1) ?? '-';
  return {
    source,
    named_client: toNamedClient(others.at(-1)?.text),
    ...(head.length >= USER_FIELDS && user !== '-' && user !== '""' && { user }),
    ...requestOf(fields[request]?.text ?? ''),
    status,
    size: toNumber(bare[1]?.text),
    referer: dashless(referer?.text),
    agent: dashless(agent?.text),
    time: accessTime(date),
    login_failed: false,
    format: 'access',
  };
}

/** `… client: 192.0.2.1, server: _, request: "GET / HTTP/1.1"` (nginx) and `[client 192.0.2.1:4711] AH01617: …` (Apache). */
function fromError(line: string): LogEntry | undefined {
  const client = /\bclient:? ([0-9a-fA-F.:]{2,60}|\[[0-9a-fA-F.:]{2,60}\]:\d{1,5})/.exec(line);
  const source = client && toAddress(client[1] ?? '');
  if (!client || !source || !/\[(?:[a-z_]{1,40}:)?(?:error|warn|notice|info|crit|alert|emerg)\]/.test(line))
    return undefined;
  const quoted = /request: "([^"]*)"/.exec(line)?.[1];
  const invalid = /Invalid URI in request (.*)/.exec(line)?.[1];
  return {
    source,
    ...requestOf(quoted ?? invalid?.trim() ?? ''),
    referer: '',
    agent: '',
    time: errorTime(line),
    login_failed: LOGIN_FAILED.test(line.slice(0, LOGIN_CHARS_MAX)),
    format: 'error',
  };
}

/** Load balancers and panels: some field is the client (`ip` or `ip:port`), one quoted field is the request line. */
function fromQuoted(line: string): LogEntry | undefined {
  const fields = fieldsOf(line, 0);
  const request = fields.findIndex(({ quoted, text }) => quoted && /^[A-Z]{3,20} \S.* HTTP\/[\d.]{1,5}$/.test(text));
  if (request < 0) return undefined;
  const before = fields.slice(0, request);
  const source = firstAddress(before.map(({ text }) => text));
  if (!source) return undefined;
  const after = fields.slice(request + 1);
  const statuses = [...after, ...before].filter(({ quoted }) => !quoted).map(({ text }) => toStatus(text));
  const words = after.filter(({ quoted }) => quoted).map(({ text }) => text);
  const refers = words.length > 1 && /^(?:-$|https?:)/.test(words[0] ?? '');
  return {
    source,
    named_client: toNamedClient(words.slice(1).at(-1)),
    ...requestOf(fields[request]?.text ?? ''),
    status: statuses.find((status) => status !== undefined),
    referer: refers ? dashless(words[0]) : '',
    agent: dashless(refers ? words[1] : words[0]),
    time: isoTime(line),
    login_failed: LOGIN_FAILED.test(line.slice(0, LOGIN_CHARS_MAX)),
    format: 'quoted',
  };
}

/** Reverse proxies that label their fields: `[client: 192.0.2.1] [useragent: …] GET /path 404`. */
function fromLabels(line: string): LogEntry | undefined {
  const source = toAddress(/\b(?:client|remote|ip): ?([0-9a-fA-F.:]{2,60})/.exec(line)?.[1] ?? '');
  const request = /\] ([A-Z]{3,10}) (\S+) ([1-5]\d\d)\b/.exec(line);
  if (source === undefined || !request) return undefined;
  const [, method = '', target = '', status] = request;
  return {
    source,
    method,
    target,
    version: '',
    status: toStatus(status),
    referer: '',
    agent: /\[user-?agent: ([^\]]*)/i.exec(line)?.[1] ?? '',
    time: isoTime(line),
    login_failed: false,
    format: 'labelled',
  };
}

function firstAddress(texts: readonly string[]): string | undefined {
  for (const text of texts) {
    const address = toAddress(text);
    if (address !== undefined) return address;
  }
  return undefined;
}

interface Field {
  text: string;
  quoted: boolean;
}

/** Blank-separated fields; `"…"` with backslash escapes is one. Servers write quotes in requests as `\"` or `\x22`. */
function fieldsOf(line: string, from: number): Field[] {
  const fields: Field[] = [];
  let at = from;
  while (at < line.length && fields.length < FIELDS_MAX) {
    if (line[at] === ' ' || line[at] === '\t') {
      at += 1;
      continue;
    }
    const quoted = line[at] === '"';
    const start = quoted ? at + 1 : at;
    let end = start;
    while (end < line.length && (quoted ? line[end] !== '"' : line[end] !== ' '))
      end += quoted && line[end] === '\\' ? 2 : 1;
    const text = line.slice(start, end);
    fields.push({ text: quoted ? text.replaceAll('\\"', '"').replaceAll('\\\\', '\\') : text, quoted });
    at = end + 1;
  }
  return fields;
}

const toHostName = (text = ''): string | undefined => (/^[\w.-]{1,253}$/.test(text) ? text.toLowerCase() : undefined);

const dashless = (text: string | undefined): string => (text === undefined || text === '-' ? '' : text);

function accessTime([, day, month = '', year, hour, minute, second, zone]: RegExpExecArray): number {
  const offset =
    zone === undefined
      ? 0
      : (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3))) * (zone.startsWith('-') ? -60 : 60);
  return (
    Date.UTC(Number(year), MONTHS.indexOf(month), Number(day), Number(hour), Number(minute), Number(second)) / 1000 -
    offset
  );
}

function errorTime(line: string): number | undefined {
  const nginx = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)/.exec(line);
  if (nginx) {
    const [year, month, day, hour, minute, second] = nginx.slice(1).map(Number);
    return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second) / 1000;
  }
  const apache = /^\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d) (\d\d):(\d\d):(\d\d)(?:\.\d{1,6})? (\d{4})\]/.exec(line);
  if (!apache) return undefined;
  const [, month = '', day, hour, minute, second, year] = apache;
  return (
    Date.UTC(Number(year), MONTHS.indexOf(month), Number(day), Number(hour), Number(minute), Number(second)) / 1000
  );
}

const ACCESS_DATE = /\[(\d{1,2})\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?: ([+-]\d{4}))?\]/;
const LOGIN_FAILED =
  /user "[^"]{0,200}"(?:: password mismatch| was not found)|user [^ ]{1,200} not found:|authentication failure for|failed login|login failed|invalid credentials/i;
const LOGIN_CHARS_MAX = 4_096;
/** Address, identity, name: the three before the time of a common log. */
const USER_FIELDS = 3;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const FIELDS_MAX = 64;
