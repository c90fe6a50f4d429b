/** What kind of thing an input is, from its first bytes: detected, never guessed silently. */
import { AuroraError, type InputKind } from '../protocol/index.ts';

/**
 * The kind of an input from its head (the first 64 KiB). Throws 4220 saying what was seen when it is empty, binary or none of
 * the kinds there are.
 */
export function detectKind(head: Uint8Array): InputKind {
  refuseEmpty(head);
  refuseBinary(head);
  const text = toText(head);
  const lines = text.split('\n', LINES_LOOKED_AT).map((line) => line.slice(0, LINE_CHARS_MAX));

  if (isAccessLog(lines)) return 'access_log';
  if (text.startsWith('{')) return 'alert';
  if (HTTP_REQUEST.test(lines[0] ?? '')) return 'http';
  if (isEmail(lines)) return 'email';
  return 'report';
}

/** Throws 4220 when there is nothing to look at: a clean answer about nothing would be worth nothing. */
export function refuseEmpty(head: Uint8Array): void {
  if (head.byteLength === 0) throw new AuroraError(4220, { message: 'The input is empty' });
  if (toText(head) === '')
    throw new AuroraError(4220, { message: 'The input is empty: there is only white space in it' });
}

/** Throws 4220 when the bytes are no text: a NUL, or too many control characters. Mail in 8-bit charsets passes. */
export function refuseBinary(head: Uint8Array): void {
  let controls = 0;
  for (const byte of head) {
    if (byte === 0) throw new AuroraError(4220, { message: 'The input is binary, no kind of it can be analyzed yet' });
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 12 && byte !== 27) controls++;
  }
  if (controls > head.byteLength * CONTROLS_SHARE_MAX) {
    throw new AuroraError(4220, { message: 'The input is binary, no kind of it can be analyzed yet' });
  }
}

/** Decoded, without a byte order mark and leading white space. */
const toText = (head: Uint8Array): string =>
  new TextDecoder()
    .decode(head)
    .replace(/^\ufeff/, '')
    .trimStart();

function isAccessLog(lines: readonly string[]): boolean {
  const filled = lines.filter((line) => line.trim() !== '');
  const parsed = filled.filter((line) => ACCESS_LINE.test(line) || JSON_ACCESS_LINE.test(line));
  return parsed.length > 0 && parsed.length >= filled.length / 2;
}

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

const LINES_LOOKED_AT = 60;
const LINE_CHARS_MAX = 2_048;
const CONTROLS_SHARE_MAX = 0.02;
/** Common and combined log format, with or without a virtual host before it. */
const ACCESS_LINE = /^(?:\S{1,255} )?\S{1,255} \S{1,64} [^[]{1,128}\[[^\]]{10,40}\] "[^"]{0,1024}/;
const JSON_ACCESS_LINE = /^\{.{0,1024}"(?:request_uri|request|uri|cs-uri-stem|RequestPath)"\s*:/;
const HTTP_REQUEST = /^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|TRACE|CONNECT) \S{1,2000} HTTP\/\d/;
