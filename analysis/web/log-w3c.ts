/** Reads lines of a W3C extended log (IIS, CloudFront): which field stands where is said by the header before them. */
import { withoutEnd } from '../readers/index.ts';
import { isoTime, toAddress, toNumber, toStatus } from './log-fields.ts';
import type { LogEntry } from './log-line.ts';

/** A reader that has seen no header yet. It answers `directive` for a line that only says how to read the next ones. */
export function createW3cReader(): (line: string) => LogEntry | 'directive' | undefined {
  let fields: ReadonlyMap<string, number> | undefined;
  let date = '';
  return (line) => {
    if (line.startsWith('#')) {
      const [, name, text = ''] = DIRECTIVE.exec(line) ?? [];
      if (name === 'Fields') fields = placesOf(text);
      if (name === 'Date') date = text.slice(0, DATE_CHARS);
      return name === undefined ? undefined : 'directive';
    }
    return fields && toEntry(fields, w3cValuesOf(line, fields.size), date);
  };
}

function placesOf(text: string): ReadonlyMap<string, number> {
  const names = text.trim().split(/\s+/, FIELDS_MAX);
  return new Map(names.map((name, at) => [name.toLowerCase(), at]));
}

/** Undefined where the line has not as many values as the header has names, or does not say who asked for what. */
function toEntry(
  fields: ReadonlyMap<string, number>,
  values: readonly string[],
  directive_date: string,
): LogEntry | undefined {
  if (values.length !== fields.size) return undefined;
  const at = (name: string): string => {
    const value = values[fields.get(name) ?? -1] ?? '';
    return value === '-' ? '' : value;
  };
  const source = toAddress(at('c-ip'));
  const target = at('cs-uri') || withQuery(at('cs-uri-stem'), at('cs-uri-query'));
  if (source === undefined || target === '') return undefined;
  const method = at('cs-method');
  const status = toStatus(at('sc-status'));
  const [sub_status, reason] = [at('sc-substatus'), at('sc-win32-status')];
  return {
    source,
    method,
    target,
    version: at('cs-version').replace(/^HTTP\//, ''),
    status,
    size: toNumber(at('sc-bytes')),
    referer: at('cs(referer)'),
    // A blank in a value is written as `+`, or escaped.
    agent: at('cs(user-agent)').replace(/\+|%20/g, ' '),
    time: isoTime(`${at('date') || directive_date} ${at('time')}`),
    login_failed: (method === 'PASS' && status === FTP_REFUSED) || (status === 401 && WRONG.has(reason)),
    ...(status === 401 && (sub_status === NO_CREDENTIALS || HANDSHAKE.has(reason)) && { is_challenge: true }),
    format: 'w3c',
  };
}

const withQuery = (stem: string, query: string): string => (query === '' ? stem : `${stem}?${query}`);

/** Values stand between tabs or single blanks; one in quotes may hold blanks, and writes its own quotes twice. */
export function w3cValuesOf(line: string, count: number): string[] {
  const plain = line.replace(/\r$/, '').split(line.includes('\t') ? '\t' : ' ');
  if (plain.length === count || !line.includes('"')) return plain;
  const values: string[] = [];
  let quoted: string[] | undefined; // the pieces of a value whose end is still to come
  for (const piece of plain) {
    const is_inside: boolean = quoted !== undefined;
    if (!is_inside && !piece.startsWith('"')) {
      values.push(piece);
      continue;
    }
    (quoted ??= []).push(piece);
    const quotes = piece.length - withoutEnd(is_inside ? piece : piece.slice(1), /"/).length - (is_inside ? 0 : 1);
    if (quotes % 2 === 0) continue;
    values.push(quoted.join(' ').slice(1, -1).replaceAll('""', '"'));
    quoted = undefined;
  }
  return quoted === undefined ? values : plain;
}

const DIRECTIVE = /^#(Fields|Date|Software|Version|Start-Date|End-Date|Remark): ?(.*)/;
/** 401.2: the client sent no password yet. */
const NO_CREDENTIALS = '2';
/** Windows' own words for a sign-in under way: the answer to it stands in the next line. */
const HANDSHAKE = new Set(['2148074254', '590610']);
/** Windows' words for a sign-in that failed: wrong, of an account that is off, expired, or locked. */
const WRONG = new Set(['1326', '1330', '1331', '1909']);
const FTP_REFUSED = 530;
const DATE_CHARS = 10;
const FIELDS_MAX = 256;
