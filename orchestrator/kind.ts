/** What kind of thing an input is, from its first bytes: detected, never guessed silently. */
import { normalizeEvent } from '../analysis/events/index.ts';
import {
  decodeText,
  envelopeOf,
  EVTX_SIGNATURE,
  headInside,
  isDeeper,
  isHostLog,
  isShellHistory,
  isW3cLog,
  tableShapeOf,
  SHELL_LINK_SIGNATURE,
  wideEncodingOf,
} from '../analysis/readers/index.ts';
import { parseLogLine } from '../analysis/web/index.ts';
import { AuroraError, type InputKind, type NotChecked } from '../protocol/index.ts';
import { isListOfAlerts, isLogOfAlerts } from './alert-envelope.ts';

/**
 * The kind of an input from its head (the first 64 KiB), looked for inside when that is packed. Throws 4220 saying what was seen
 * when it is empty, none of the kinds there are, or packed although its specialist reads it unpacked only.
 */
export function detectKind(head: Uint8Array, name = ''): InputKind {
  refuseEmpty(head);
  if (isOfficePackage(head)) throw unread('a document of Office (a zip: docx, xlsx, pptx)', DOCUMENT);
  const inside = headInside(head);
  if (inside?.length === 0) {
    throw new AuroraError(4220, {
      message: 'The input is packed, and nothing in it can be seen: damaged or encrypted',
    });
  }
  const kind = detectPlain(inside ?? head, name.replace(/\.(?:gz|zip)$/i, ''));
  if (inside && !PACKED.has(kind)) {
    const why = 'a file of this kind is not read packed: unpack it first';
    throw new AuroraError(4220, { message: `The input is packed (${kind} in it); ${why}` });
  }
  return kind;
}

/** Whether a text is a recording of events where its records are no alerts, all of them. */
export function isRecording(head: Uint8Array): boolean {
  const text = toText(head);
  return isEvents(
    text,
    text.split('\n', LINES_LOOKED_AT).map((line) => line.slice(0, LINE_CHARS_MAX)),
  );
}

/** Kinds whose first bytes need not be text. */
export const isBinaryKind = (kind: InputKind): boolean => BINARY.has(kind);

function detectPlain(head: Uint8Array, name: string): InputKind {
  const signed = signedKind(head);
  if (signed) return signed;
  const kind = textKind(head, name);
  refuseBinary(head, kind);
  return kind;
}

function textKind(head: Uint8Array, name: string): InputKind {
  const text = toText(head);
  const lines = text.split('\n', LINES_LOOKED_AT).map((line) => line.slice(0, LINE_CHARS_MAX));

  if (isCertificates(lines)) return 'certificate';
  if (HISTORY_NAME.test(name)) return 'artifact';
  if (isW3cLog(lines)) return 'artifact';
  if (isAccessLog(lines, text)) return 'access_log';
  if (isHostLog(lines) || isShellHistory(lines)) return 'artifact';
  if (isIntel(text)) return 'intel';
  if (isListOfAlerts(text) || isLogOfAlerts(text)) return 'alert';
  if (isEvents(text, lines)) return 'events';
  if (text.startsWith('{')) return 'alert';
  if (HTTP_REQUEST.test(lines[0] ?? '')) return 'http';
  if (isEmail(lines)) return 'email';
  return 'report';
}

/** What carries its kind in its first bytes. */
function signedKind(head: Uint8Array): InputKind | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (startsWith(bytes, EVTX_SIGNATURE)) return 'evtx';
  const is_prefetch = bytes.subarray(0, 4).equals(PREFETCH_PACKED) || bytes.subarray(4, 8).equals(PREFETCH);
  if (is_prefetch || startsWith(bytes, SHELL_LINK_SIGNATURE)) return 'artifact';
  if (CERTIFICATE_DER.test(bytes.subarray(0, DER_HEAD_BYTES).toString('latin1'))) return 'certificate';
  return isLoginRecords(bytes) ? 'artifact' : undefined;
}

const startsWith = (bytes: Buffer, signature: Buffer): boolean => bytes.subarray(0, signature.length).equals(signature);

/** PEM: at most what tools write before a certificate, then its first line, or that of the key that lies with it. */
function isCertificates(lines: readonly string[]): boolean {
  const filled = lines.map((line) => line.trimEnd()).filter((line) => line !== '' && !BESIDE_PEM.test(line));
  return (
    PEM_BEGIN.test(filled[0] ?? '') &&
    (PEM_CERTIFICATE.test(filled[0] ?? '') || filled.some((line) => PEM_CERTIFICATE.test(line)))
  );
}

/** utmp, wtmp, btmp: records of 384 bytes, each of a known type, with text where the names of line and user stand. */
function isLoginRecords(bytes: Buffer): boolean {
  const whole = Math.min(Math.floor(bytes.length / LOGIN_RECORD_BYTES), LOGIN_RECORDS_LOOKED_AT);
  if (whole === 0) return false;
  return Array.from({ length: whole }, (_, nth) => nth * LOGIN_RECORD_BYTES).every(
    (at) => bytes.readInt32LE(at) >= 0 && bytes.readInt32LE(at) <= 9 && isPadded(bytes.subarray(at + 8, at + 40)),
  );
}

/** Printable text, then only zeros. */
const isPadded = (field: Buffer): boolean => /^[\x20-\x7e]*\x00*$/.test(field.toString('latin1'));

/** Records of JSON: several, or one that carries what only a recorded event carries. */
function isEvents(text: string, lines: readonly string[]): boolean {
  if (text.startsWith('[')) return /^\[\s*\{/.test(text);
  if (!text.startsWith('{')) return false;
  const filled = lines.filter((line) => line.trim() !== '');
  const records = filled.filter(
    (line) => line.startsWith('{') && (line.length > RECORD_CHARS_SURE || line.trimEnd().endsWith('}')),
  );
  if (records.length > 1 && records.length >= filled.length - 1) return true;
  if (envelopeOf(text)) return true;
  const start = text.slice(0, HEAD_CHARS);
  if (ALERT_FIELD.test(start)) return false;
  if (EVENT_FIELD.test(start) || K8S_AUDIT.test(start)) return true;
  return !PRODUCT_ALERT.test(start) && (ECS_EVENT.test(start) || isOfKnownLog(text));
}

/** One object, whole, with the fields of a service whose log is known, and none by which a sensor judges. */
function isOfKnownLog(text: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  if (typeof value !== 'object' || value === null || isDeeper(value, EVENT_DEPTH_MAX)) return false;
  if ('title' in value && 'severity' in value) return false;
  if (ONLY_IN_EVENTS.some((names) => names.every((name) => name in value))) return true;
  const origin = normalizeEvent(value, '')?.origin;
  return origin !== undefined && (origin.product ?? origin.service ?? origin.categories[0]) !== undefined;
}

/** A bundle or an object of STIX 2, or an event of MISP; Windows writes `Event` too, with a `System` in it. */
function isIntel(text: string): boolean {
  const start = text.slice(0, HEAD_CHARS);
  if (!/^[{[]/.test(start) || ALERT_FIELD.test(start)) return false;
  if (STIX_BUNDLE.test(start) && STIX_MARK.test(start)) return true;
  if (start.startsWith('{') && STIX_OBJECT.test(start) && STIX_VERSION.test(start)) return true;
  return MISP_EVENT.test(start) && MISP_FIELD.test(start) && !WINDOWS_SYSTEM.test(start);
}

/** Whether there is nothing to look at: no byte, or only white space. */
export const isEmpty = (head: Uint8Array): boolean => toText(head) === '';

/** Throws 4220 when there is nothing to look at: a clean answer about nothing would be worth nothing. */
export function refuseEmpty(head: Uint8Array): void {
  if (head.byteLength === 0) throw new AuroraError(4220, { message: 'The input is empty' });
  if (toText(head) === '')
    throw new AuroraError(4220, { message: 'The input is empty: there is only white space in it' });
}

/**
 * Throws 4220 when the bytes are no text: a NUL, or too many control characters. Mail in 8-bit charsets passes, and UTF-16 in the
 * kinds that are read in it.
 */
export function refuseBinary(head: Uint8Array, kind: InputKind): void {
  if (wideEncodingOf(head)) {
    if (WIDE_KINDS.has(kind) && isSurelyWide(head)) return;
    const way =
      'save it as UTF-8, for instance with: iconv -f UTF-16 -t UTF-8, or in PowerShell: Out-File -Encoding utf8';
    throw new AuroraError(4220, {
      message: `The input is text in UTF-16, in which only logs, histories and texts of some length are read: ${way}`,
    });
  }
  let controls = 0;
  if (head.includes(0) && !isDamagedText(head)) throw binary(head);
  for (const byte of head) {
    if (byte > 0 && byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 12 && byte !== 27) controls++;
  }
  if (controls > head.byteLength * CONTROLS_SHARE_MAX) throw binary(head);
}

/** Says what the bytes are, where their beginning tells it, and what can be done instead. */
function binary(head: Uint8Array): AuroraError {
  const start = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1', 0, 8);
  const format = FORMATS.find(([magic]) => start.startsWith(magic));
  return unread(format?.[1], format?.[2] ?? HASH);
}

function unread(format: string | undefined, way: string): AuroraError {
  const what = format === undefined ? 'The input is binary, and of a format that' : `The input is ${format}, which`;
  return new AuroraError(4220, {
    message: `${what} no specialist reads: hand in a text with ${way} instead, or add an agent whose skill investigates it`,
  });
}

/** A zip whose first file is one that Office writes first. */
function isOfficePackage(head: Uint8Array): boolean {
  const start = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1', 0, PACKAGE_HEAD_BYTES);
  return OFFICE_PACKAGE.test(start);
}

/** Lines of text with a few runs of zeros in them, as a write leaves that a crash broke off. */
function isDamagedText(head: Uint8Array): boolean {
  let runs = 0;
  let zeros = 0;
  for (let at = 0; at < head.byteLength; at += 1) {
    if (head[at] !== 0) continue;
    zeros += 1;
    if (head[at - 1] !== 0) runs += 1;
  }
  const first = head.indexOf(0);
  return (
    runs <= ZERO_RUNS_MAX &&
    first >= TEXT_BEFORE_ZEROS_MIN &&
    head.byteLength - zeros >= TEXT_BESIDE_ZEROS_MIN &&
    head.includes(LINE_FEED)
  );
}

/** What of a text nobody reads: zeros that were skipped, and lines of a log whose format no specialist knows. */
export function unreadOfText(kind: InputKind, head: Uint8Array, name = ''): NotChecked[] {
  const gaps: NotChecked[] = [];
  if (head.includes(0) && !wideEncodingOf(head) && isDamagedText(head))
    gaps.push({
      what: 'what stood where the input has zero bytes',
      why: 'they were skipped: the file was damaged when it was written',
    });
  if (kind !== 'report') return gaps;
  const filled = toText(head)
    .split('\n', LINES_LOOKED_AT)
    .filter((line) => line.trim() !== '');
  const logged = filled.filter((line) => LOG_LINE.test(line.slice(0, LINE_CHARS_MAX)));
  const sure = filled.filter((line) => PRODUCT_LINE.test(line.slice(0, LINE_CHARS_MAX)));
  const is_log =
    (filled.length >= LOG_LINES_MIN && logged.length >= filled.length * LOG_SHARE) ||
    (sure.length > 0 && sure.length >= filled.length * LOG_SHARE);
  if (is_log || EVENT_XML.test(filled.slice(0, XML_LINES).join('\n')))
    gaps.push({
      what: is_log ? 'the lines of the log' : 'the events in the XML',
      why: `no specialist knows this format: it was read as text only, for indicators. ${is_log ? 'Known are web access logs, syslog, auditd, W3C logs and JSON lines' : 'Hand in the .evtx file itself, or its events as JSON: Get-WinEvent -Path x.evtx | ConvertTo-Json | Out-File -Encoding utf8 x.json'}`,
    });
  else if (tableShapeOf(toText(head), name) !== undefined)
    gaps.push({
      what: 'the rows of the table',
      why: 'no specialist reads tables: it was read as text only, for indicators. Hand in its events as JSON lines, and its commands by themselves, one a line',
    });
  return gaps;
}

/** Its mark says so, or more letters than chance puts side by side. */
const isSurelyWide = (head: Uint8Array): boolean => (head[0] ?? 0) >= 0xfe || head.byteLength >= WIDE_BYTES_SURE;

/** Decoded, without a byte order mark and leading white space. */
const toText = (head: Uint8Array): string =>
  decodeText(head)
    .replaceAll('\0', '')
    .replace(/^\ufeff/, '')
    .trimStart();

/** By the shape of its lines; JSON whose fields other logs have too, as those of Zeek, where one of them says who asked for what. */
function isAccessLog(lines: readonly string[], text: string): boolean {
  const filled = lines.filter((line) => line.trim() !== '');
  const reads = filled.some((line) => JSON_REQUEST_LINE.test(line)) && isRequestInJson(text);
  const parsed = filled.filter(
    (line) =>
      ACCESS_LINE.test(line) ||
      JSON_ACCESS_LINE.test(line) ||
      BALANCER_LINE.test(line) ||
      (reads && JSON_REQUEST_LINE.test(line)),
  );
  return parsed.length > 0 && parsed.length >= filled.length / 2;
}

const isRequestInJson = (text: string): boolean =>
  text
    .split('\n', LINES_LOOKED_AT)
    .some((line) => JSON_REQUEST_LINE.test(line) && parseLogLine(line.trimEnd()) !== undefined);

/** A header block: names with colons until the first empty line, one of them telling of mail. */
function isEmail(lines: readonly string[]): boolean {
  const end = lines.findIndex((line) => line.trim() === '');
  const headers = (end === -1 ? lines : lines.slice(0, end)).filter((line) => !/^[ \t]/.test(line));
  const well_formed = headers.filter((line) => /^(?:From |[!-9;-~]{1,76}:)/.test(line));
  const is_mail = headers.some((line) =>
    /^(?:from|received|return-path|message-id|delivered-to|mime-version|dkim-signature):/i.test(line),
  );
  return headers.length >= 2 && is_mail && well_formed.length >= headers.length * 0.8;
}

const BINARY: ReadonlySet<InputKind> = new Set(['artifact', 'certificate', 'events', 'evtx', 'file']);
/** Kinds that are read in UTF-16 too. */
const WIDE_KINDS: ReadonlySet<InputKind> = new Set(['access_log', 'artifact', 'report']);
const WIDE_BYTES_SURE = 32;
const PACKED: ReadonlySet<InputKind> = new Set([
  'access_log',
  'artifact',
  'email',
  'events',
  'evtx',
  'http',
  'intel',
  'report',
]);
const PREFETCH = Buffer.from('SCCA', 'latin1');
const PREFETCH_PACKED = Buffer.from('MAM\x04', 'latin1');
/** A sequence in a sequence, then version 2 or 3, as every X.509 certificate of the last decades begins. */
const CERTIFICATE_DER = /^0\x82[\s\S]{2}0(?:\x82[\s\S]{2}|\x81[\s\S])\xa0\x03\x02\x01[\x01\x02]/;
const DER_HEAD_BYTES = 16;
const PEM_BEGIN = /^-----BEGIN (?:(?:X509 |TRUSTED )?CERTIFICATE|(?:[A-Z]{1,12} )?PRIVATE KEY)-----$/;
const PEM_CERTIFICATE = /^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----$/;
/** Comments, and what `openssl` writes beside PEM. */
const BESIDE_PEM =
  /^(?:#|\s|subject\s?[=:]|issuer\s?[=:]|Bag Attributes|Key Attributes|Certificate chain$|CONNECTED\(|depth=|verify )/;
const LOGIN_RECORD_BYTES = 384;
const LOGIN_RECORDS_LOOKED_AT = 16;
const HISTORY_NAME = /(?:^|[./_])(?:bash|zsh|sh|fish|python|mysql|psql|consolehost)_history(?:\.txt)?$/i;
/** Of Windows, of Windows through Beats, of evtx_dump, of CloudTrail, of auditd through Beats. */
const EVENT_FIELD = /"(?:EventID|EventRecordID|winlog|EventData|Records|eventSource|ProviderGuid|auditd)"\s*:/;
/** Fields of one event of Suricata (its alerts are told before), and of one record that PowerShell wrote. */
const ONLY_IN_EVENTS: readonly (readonly string[])[] = [
  ['flow_id', 'event_type'],
  ['LogName', 'Id', 'MachineName'],
];
const K8S_AUDIT = /"apiVersion"\s*:\s*"audit\.k8s\.io\//;
/** An event in Elastic's common schema: what happened, and no rule that judged it. */
const ECS_EVENT =
  /"event\.(?:category|action|dataset)"\s*:|"event"\s*:\s*\{[^{}]{0,512}"(?:category|action|dataset)"\s*:/;
const PRODUCT_ALERT = /"(?:kibana\.alert|kibana|signal|alert)[."]|"kind"\s*:\s*"(?:alert|signal)"/;
const ALERT_FIELD = /"alert_id"\s*:/;
const STIX_BUNDLE = /^\{[^{[]{0,1024}"type"\s*:\s*"bundle"/;
const STIX_MARK = /"id"\s*:\s*"bundle--|"spec_version"\s*:\s*"2\.[01]"/;
const STIX_OBJECT = /"id"\s*:\s*"[a-z][a-z0-9-]{1,40}--[0-9a-f]{8}-/i;
const STIX_VERSION = /^\{[^{[]{0,1024}"spec_version"\s*:\s*"2\.1"/;
const MISP_EVENT = /^(?:\{\s*"response"\s*:\s*)?(?:\[\s*)?\{\s*"Event"\s*:\s*\{/;
const MISP_FIELD = /"(?:Attribute|Object|Orgc|Tag)"\s*:\s*[[{]|"info"\s*:\s*"/;
const WINDOWS_SYSTEM = /"System"\s*:\s*\{/;
/** A line that begins with when it happened, or with a level. */
const LOG_LINE =
  /^\W{0,3}(?:\w{1,12} )?(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|\d{1,2}[./-](?:\d{1,2}|[A-Z][a-z]{2})[./-]\d{2,4}[ :-]\d{1,2}:\d\d|1\d{9}(?:[.\d]{0,8})\b|[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d)/;
/** What only a product writes: CEF, LEEF, the fields of a FortiGate, the alerts of Suricata and Snort. One line is enough. */
const PRODUCT_LINE =
  /^(?:<\d{1,3}>)?(?:(?:CEF|LEEF):\d|date=\d{4}-\d\d-\d\d,? time=\d\d:\d\d|\d\d\/\d\d(?:\/\d{2,4})?-\d\d:\d\d:\d\d\.\d{1,6} {1,4}\[\*\*\])/;
const LOG_LINES_MIN = 3;
const LOG_SHARE = 0.6;
const EVENT_XML = /^(?:<\?xml[^>]{0,200}>\s{0,8})?(?:<!--[^>]{0,200}-->\s{0,8})?(?:<Events>|<Event[ >])/;
/** Of an XML, the lines in which its declaration, a comment and its first element stand. */
const XML_LINES = 3;
const LINE_FEED = 10;
/** Runs of zeros in the head of a text, at most; more of them are a binary format. */
const ZERO_RUNS_MAX = 8;
const TEXT_BEFORE_ZEROS_MIN = 16;
const TEXT_BESIDE_ZEROS_MIN = 64;
const HASH = 'its SHA-256';
const DOCUMENT = `${HASH} and the links in it`;
/** A local file header of 30 bytes, then its name. */
const OFFICE_PACKAGE = /^PK\x03\x04[^]{26}(?:\[Content_Types\]\.xml|_rels\/\.rels|docProps\/|(?:word|xl|ppt)\/)/;
const PACKAGE_HEAD_BYTES = 64;
/** Formats by their first bytes, what they are called, and what of them can be judged. */
const FORMATS: readonly (readonly [string, string, string])[] = [
  ['MZ', 'a binary program of Windows (PE)', HASH],
  ['\x7fELF', 'a binary program of Linux (ELF)', HASH],
  ['\xcf\xfa\xed\xfe', 'a binary program of macOS (Mach-O)', HASH],
  ['\xd4\xc3\xb2\xa1', 'a binary capture of packets (pcap)', 'the JSON lines that Zeek or Suricata make of it'],
  ['\xa1\xb2\xc3\xd4', 'a binary capture of packets (pcap)', 'the JSON lines that Zeek or Suricata make of it'],
  ['\n\r\r\n', 'a binary capture of packets (pcapng)', 'the JSON lines that Zeek or Suricata make of it'],
  ['%PDF-', 'a binary document (PDF)', DOCUMENT],
  ['\xd0\xcf\x11\xe0', 'a binary document of Office (OLE)', DOCUMENT],
  ['SQLite f', 'a binary database (SQLite)', 'what was exported from it'],
  ['regf', 'a binary hive of the Windows registry', 'what was exported from it'],
];
const HEAD_CHARS = 16_384;
const EVENT_DEPTH_MAX = 64;
const LINES_LOOKED_AT = 60;
const LINE_CHARS_MAX = 2_048;
/** A line that begins a record and is longer is one, though its end may be cut away. */
const RECORD_CHARS_SURE = 2_000;
const CONTROLS_SHARE_MAX = 0.02;
/** Common and combined log format, with or without a virtual host before it. */
const ACCESS_LINE = /^(?:\S{1,255} )?\S{1,255} \S{1,64} [^[]{1,128}\[[^\]]{10,40}\] "[^"]{0,1024}/;
const JSON_ACCESS_LINE = /^\{.{0,1024}"(?:request_uri|cs-uri-stem|RequestPath)"\s*:/;
const JSON_REQUEST_LINE = /^\{.{0,1024}"(?:request|uri)"\s*:/;
/** The load balancers of AWS: a protocol, a time, the balancer, the client with its port. */
const BALANCER_LINE =
  /^(?:https?|h2|grpcs?|wss?) \d{4}-\d\d-\d\dT\S{8,20} \S{1,255} [0-9a-fA-F.:[\]]{2,60}:\d{1,5} \S{1,64} .{0,200}"[A-Z]{3,10} /;
const HTTP_REQUEST = /^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|TRACE|CONNECT) \S{1,2000} HTTP\/\d/;
