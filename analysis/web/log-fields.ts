/** The single fields of log lines: addresses, numbers, request lines, times. */
import { isIP } from 'node:net';

/** `METHOD target HTTP/x`; anything else is a request without a method. Schemes and hosts stay in the target. */
export function requestOf(text: string): { method: string; target: string; version: string } {
  const gap = text.indexOf(' ');
  const method = gap < 0 ? '' : text.slice(0, gap);
  if (!/^[A-Za-z][A-Za-z_-]{1,19}$/.test(method)) return { method: '', target: text, version: '' };
  const end = text.lastIndexOf(' HTTP/');
  return end <= gap
    ? { method, target: text.slice(gap + 1), version: '' }
    : { method, target: text.slice(gap + 1, end), version: text.slice(end + 6) };
}

/** `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:443`, `::ffff:192.0.2.1` as a plain address. */
export function toAddress(text: string): string | undefined {
  if (isIP(text) === 4) return text; // as nearly all of them come
  const bare = text.replace(/^"/, '').replace(/[,;]$/, '');
  const plain = bare
    .replace(/^\[([^\]]{2,60})\](?::\d{1,5})?$/, '$1')
    .replace(/^((?:\d{1,3}\.){3}\d{1,3}):\d{1,5}$/, '$1');
  if (isIP(plain) === 0) return undefined;
  return plain.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
}

/** The first address of a list as proxies write it into X-Forwarded-For: what the sender of a request says, and no more. */
export function toNamedClient(text: string | undefined): string | undefined {
  if (text === undefined || text.length > FORWARDED_CHARS_MAX) return undefined;
  return toAddress((text.split(',', 1)[0] ?? '').trim());
}

/** A count of bytes; `-` and anything else is undefined. */
export const toNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** A status of HTTP, 100 to 599. */
export const toStatus = (text: string | undefined): number | undefined =>
  text !== undefined && /^[1-5]\d\d$/.test(text) ? Number(text) : undefined;

/** The first ISO 8601 time in a text, in seconds. */
export function isoTime(text: string): number | undefined {
  const found = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})? ?(?:Z|[+-]\d\d:?\d\d)?/.exec(
    text.slice(0, 2_000),
  )?.[0];
  if (found === undefined) return undefined;
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(found.slice(19)) ? found : `${found}Z`;
  const ms = Date.parse(zoned.replace(' ', 'T').replace(',', '.').replaceAll(' ', ''));
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

const FORWARDED_CHARS_MAX = 1_024;
