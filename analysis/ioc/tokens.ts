/** Finds what looks like an indicator in text, defanged or not, with its exact place; what it means is judged elsewhere. */
import ipaddr from 'ipaddr.js';
import { withoutEnd } from '../readers/index.ts';
import { isCode, isCounted, LEAD_LENGTH } from './not-meant.ts';
import { refang } from './refang.ts';

/** The kinds of text that are recognised, also the `type` of an extracted indicator. */
export type TokenType =
  | 'url'
  | 'email'
  | 'cidr'
  | 'ipv4'
  | 'ipv6'
  | 'md5'
  | 'sha1'
  | 'sha256'
  | 'sha512'
  | 'cve'
  | 'attack_technique'
  | 'registry_key'
  | 'file_path'
  | 'name';

/** One recognised stretch of text. */
export interface Token {
  type: TokenType;
  /** As meant: refanged, scheme, host and hash in lower case. */
  value: string;
  /** As written. */
  raw: string;
  /** UTF-16 units from the start of the text. */
  offset: number;
  /** The character before it, empty at the start of the text or of a line. */
  before: string;
}

/**
 * Every token of the text, by offset. Runs in time linear in the text: each pattern repeats at most a fixed number of times,
 * and a stretch that one pattern took is blank for the next; `TOKENS_MAX` tokens end it.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const take = (from: string, pattern: RegExp, read: (raw: string, tail: string, lead: string) => Read | undefined) =>
    from.replace(pattern, (raw: string, ...rest: unknown[]) => {
      if (tokens.length === TOKENS_MAX) return raw;
      const offset = Number(rest.findLast((part) => typeof part === 'number'));
      const tail = from.slice(offset + raw.length, offset + raw.length + TAIL_LENGTH);
      const found = read(raw, tail, from.slice(Math.max(0, offset - LEAD_LENGTH), offset));
      if (!found) return raw;
      const written = raw.slice(0, found.length ?? raw.length);
      const before = from[offset - 1] ?? '';
      tokens.push({
        type: found.type,
        value: found.value,
        raw: written,
        offset,
        before: /\s/.test(before) ? '' : before,
      });
      return found.keep ? raw : ' '.repeat(written.length) + raw.slice(written.length);
    });

  let rest = take(text, REGISTRY_KEY, readKey);
  rest = take(rest, FILE_PATH, readPath);
  rest = rest.replace(QUOTING, ' ');
  rest = take(rest, URL_LIKE, readUrl);
  rest = take(rest, EMAIL, (raw) => ({ type: 'email', value: refang(raw).toLowerCase() }));
  rest = take(rest, IPV4, readIpv4);
  rest = take(rest, IPV6, readIpv6);
  rest = take(rest, CVE, (raw) => ({ type: 'cve', value: raw.replace(/[\u2010-\u2015]/g, '-').toUpperCase() }));
  rest = take(rest, TECHNIQUE, (raw) => ({ type: 'attack_technique', value: raw }));
  rest = take(rest, HASH, readHash);
  take(rest, NAME, readName);
  return tokens.sort((left, right) => left.offset - right.offset || right.raw.length - left.raw.length);
}

interface Read {
  type: TokenType;
  value: string;
  /** How many characters of the match belong to it; all when absent. */
  length?: number;
  /** The stretch stays readable for later patterns. */
  keep?: boolean;
}

/** What ends a sentence ends the key. */
function readKey(raw: string): Read {
  const key = withoutEnd(raw, /[\s.;:]/);
  return { type: 'registry_key', value: key, length: key.length };
}

function readPath(raw: string): Read | undefined {
  const path = withoutEnd(raw, /[\s.,;:]/);
  return path.length > 3 ? { type: 'file_path', value: path, length: path.length } : undefined;
}

function readUrl(raw: string): Read | undefined {
  const written = trimUrl(raw);
  const whole = refang(written);
  const colon = whole.indexOf('://');
  const scheme = whole
    .slice(0, colon)
    .toLowerCase()
    .replace(/^h[^s]{2}p/, 'http')
    .replace(/^(s?)fxp/, '$1ftp');
  const rest = whole.slice(colon + 3);
  const hostEnd = rest.search(/[/?#]/);
  const authority = hostEnd < 0 ? rest : rest.slice(0, hostEnd);
  if (!/[.:]/.test(authority)) return undefined;
  const at = authority.lastIndexOf('@') + 1;
  const value = `${scheme}://${authority.slice(0, at)}${authority.slice(at).toLowerCase()}${rest.slice(authority.length)}`;
  return { type: 'url', value, length: written.length };
}

/** Ends a URL where prose or markup takes over: link text in brackets, an unopened parenthesis, closing punctuation. */
function trimUrl(raw: string): string {
  const scheme = raw.search(/\/\/[\])}]?/) + 2;
  const body = raw.slice(scheme).replace(DEFANG_BRACKETS, (brackets) => '\u0000'.repeat(brackets.length));
  const host = /^\]?\[[0-9a-f:.]+\]/i.exec(body)?.[0].length ?? 0;
  const link = body.slice(host).search(/[[\]]/);
  let end = link < 0 ? body.length : host + link;
  for (;;) {
    const last = body[end - 1] ?? '';
    const open = last === ')' ? '(' : last === '}' ? '{' : '';
    const unopened = open !== '' && body.slice(0, end).split(open).length < body.slice(0, end).split(last).length;
    const passthrough = body.slice(0, end).endsWith('++');
    if (!/[.,;:!?*'"\\\u2026]/.test(last) && !unopened && !passthrough) break;
    end -= passthrough ? 2 : 1;
  }
  return raw.slice(0, scheme + end);
}

function readIpv4(raw: string, tail: string, lead: string): Read | undefined {
  const [, address = '', prefix] = /^([\s\S]*?)(?:\[?\/\]?(\d{1,2}))?$/.exec(raw) ?? [];
  const value = refang(address);
  if (!ipaddr.IPv4.isValidFourPartDecimal(value)) return undefined;
  if (/^(?:\.\d|\w)/.test(tail)) return undefined;
  if (value === raw && isCounted(lead)) return undefined;
  if (prefix === undefined) return { type: 'ipv4', value };
  if (Number(prefix) <= 32) return { type: 'cidr', value: `${value}/${prefix}` };
  return { type: 'ipv4', value, length: address.length };
}

function readIpv6(raw: string, tail: string): Read | undefined {
  const value = refang(raw).replace(/(?<!:):$/, '');
  // `a::b` is code far more often than an address: fewer than three groups need a prefix that is given out.
  if (
    !ipaddr.IPv6.isValid(value) ||
    (value.split(':').filter(Boolean).length < 3 && !/^(?:2[0-9a-f]{3}|f[cdef]\w\w):/i.test(value))
  ) {
    return undefined;
  }
  const prefix = /^\/(\d{1,3})\b/.exec(tail)?.[1];
  const written = raw.length - (refang(raw).length - value.length);
  if (prefix !== undefined) return { type: 'cidr', value: `${value.toLowerCase()}/${prefix}`, length: written };
  return { type: 'ipv6', value: value.toLowerCase(), length: written };
}

function readHash(raw: string, tail: string): Read | undefined {
  const type = HASH_TYPE[raw.length];
  if (!type || /^(.)\1+$/.test(raw)) return undefined;
  return { type, value: raw.toLowerCase(), keep: /^\.\w/.test(tail) };
}

function readName(raw: string, tail: string): Read | undefined {
  const written = withoutEnd(raw, /[-_]/);
  if (refang(written) === written && isCode(written, tail)) return undefined;
  return written.length <= NAME_LENGTH_MAX
    ? { type: 'name', value: refang(written), length: written.length }
    : undefined;
}

/** Recognised at most in one text; some seconds of work. */
export const TOKENS_MAX = 100_000;
const NAME_LENGTH_MAX = 300;
const TAIL_LENGTH = 8;
const HASH_TYPE: Record<number, 'md5' | 'sha1' | 'sha256' | 'sha512'> = {
  32: 'md5',
  40: 'sha1',
  64: 'sha256',
  128: 'sha512',
};

/** A dot or its defanged spellings; the spellings that `refang` undoes. */
const DOT = String.raw`(?:\s?\[\s?(?:\.|dot)\s?\]\s?|\s?\(\s?(?:\.|dot)\s?\)\s?|\s?\{\s?(?:\.|dot)\s?\}\s?|\[\.(?=[\p{L}\p{N}])|\.\](?=[\p{L}\p{N}])|[.\u3002\uff0e\uff61])`;
const AT = String.raw`(?:@|\s?[\[({]\s?(?:@|at)\s?[\])}]\s?)`;
const SCHEME = String.raw`(?<![a-z0-9])(?:h(?:tt|xx|tx|xt|\*\*)ps?|s?f[tx]ps?|wss?|ldaps?|rmi|smb|tcp|udp)(?::\/\/|\[:\]\/\/|\[:\/\/\]|:\[\/\/\]|\(:\)\/\/|\[:\]\[\/\/\])`;
const LABEL = String.raw`[\p{L}\p{N}_](?:[\p{L}\p{N}_-]{0,62})`;
const PORT = String.raw`(?:(?:\[:\]|:)\d{1,5})?`;

const DEFANG_BRACKETS = /[[({]\s?(?:\.|dot|:|\/|@|at|:\/\/|\/\/)\s?[\])}]|\[\.(?=\w)|\.\](?=\w)/gi;
/** Markup around indicators in Markdown, AsciiDoc, HTML and CSV. */
const QUOTING = /[`|<>"^\u2018\u2019\u201c\u201d\u00ab\u00bb]/g;
const REGISTRY_KEY =
  /(?<![\w\\])(?:HKLM|HKCU|HKCR|HKU|HKCC|HKEY_[A-Z_]{5,20}|\\REGISTRY\\(?:MACHINE|USER))\\(?:[^\\\r\n`|"<>,;*?]{1,128}\\){0,30}[^\\\s`|"<>,;*?]{1,128}/gi;
const FILE_PATH =
  /(?<![\w%])(?:[a-z]:|%[a-z_()0-9]{2,32}%|\\\\[\w.$-]{1,64}|\\SystemRoot)\\{1,2}(?:[^\\/:*?"<>|`\r\n]{1,128}\\{1,2}){0,30}[^\\/:*?"<>|`,;\s]{1,128}/gi;
const URL_LIKE = new RegExp(
  `${SCHEME}(?:[^\\s/?#,;[\\]]{1,160}@)?(?:\\[[0-9a-f:.]{2,45}\\]|${LABEL}(?:${DOT}${LABEL}){0,30})${PORT}(?:\\[?[/?#]\\S{0,2048})?`,
  'giu',
);
const EMAIL = new RegExp(
  `(?<![\\p{L}\\p{N}._%+-])[\\p{L}\\p{N}_][\\p{L}\\p{N}._%+-]{0,63}${AT}${LABEL}(?:${DOT}${LABEL}){1,10}`,
  'giu',
);
const IPV4 = new RegExp(`(?<![\\p{L}\\p{N}_.])(?:\\d{1,3}${DOT}){3}\\d{1,3}(?:\\[?/\\]?\\d{1,2}(?!\\d))?`, 'gu');
const IPV6 = /(?<![\w:.])(?:[0-9a-f]{0,4}(?:\[:\]|:)){2,8}(?:[0-9a-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])/gi;
const CVE = /(?<![\w-])CVE[-\u2010-\u2015]\d{4}[-\u2010-\u2015]\d{4,7}(?!\d)/gi;
const TECHNIQUE = /(?<![\w.])T[01]\d{3}(?:\.\d{3})?(?![\w])/g;
const HASH = /(?<![\p{L}\p{N}])(?:[0-9a-f]{128}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![\p{L}\p{N}])/giu;
const NAME = new RegExp(`(?<![\\p{L}\\p{N}_-])[\\p{L}\\p{N}_-]{1,64}(?:${DOT}[\\p{L}\\p{N}_-]{1,64}){1,30}`, 'giu');
