/** One HTTP request split into the places an attacker can write to. */
import { bothEnds, endsOf, endsOfText, isCut } from '../readers/index.ts';

/** A request as a caller hands it in; `target` is the request line's target, path and query as they came. */
export interface HttpRequest {
  method: string;
  target: string;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: string | undefined;
}

/** Which kind of place a value stood in: some grammars speak only about some places. */
export type Place = 'path' | 'name' | 'value' | 'header' | 'cookie' | 'body' | 'file name';

/** One value with the place it stood in; `label` is what evidence cites, e.g. `query value "id"`. */
export interface Located {
  place: Place;
  label: string;
  /** The lower-cased name of the parameter, header, cookie or field; empty for the path. */
  name: string;
  text: string;
}

/** The places of a request and what the bounds cut away. */
export interface Places {
  values: Located[];
  /** What lies between the ends of too many places, and of values beyond `VALUE_LENGTH_MAX`, in words; empty when all was taken. */
  cut: string[];
}

/** Splits a request. Nothing is decoded here except what the container demands: `+` in forms, JSON strings, XML entities later. */
export function placesOf(request: HttpRequest): Places {
  const found: Located[] = [];
  const cut: string[] = [];
  const target = bothEnds(request.target, TARGET_LENGTH_MAX);
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  found.push({ place: 'path', label: 'path', name: '', text: path });
  const add = (more: readonly Located[]) => more.forEach((located) => found.push(located));
  if (mark >= 0) add(pairsOf(target.slice(mark + 1), 'query'));

  let content_type = '';
  for (const [header, text] of Object.entries(request.headers ?? {})) {
    const name = header.toLowerCase();
    if (name === 'content-type') content_type = text.toLowerCase();
    if (name === 'cookie') add(cookiesOf(text));
    else found.push({ place: 'header', label: `header ${header}`, name, text });
  }
  const body = bothEnds(request.body ?? '', BODY_LENGTH_MAX);
  if (body !== '') add(bodyOf(body, content_type));

  if (isCut(request.target, TARGET_LENGTH_MAX))
    cut.push(`target between its first and its last ${TARGET_LENGTH_MAX} characters`);
  if (isCut(request.body ?? '', BODY_LENGTH_MAX))
    cut.push(`body between its first and its last ${BODY_LENGTH_MAX} characters`);
  const { taken, left } = endsOf(found, PLACES_MAX);
  if (left > 0) cut.push(`${left} places between the first and the last ${PLACES_MAX / 2}`);
  const values = taken.flatMap((located) => {
    if (isCut(located.text, VALUE_LENGTH_MAX))
      cut.push(`${located.label} between its first and its last ${VALUE_LENGTH_MAX} characters`);
    return endsOfText(located.text, VALUE_LENGTH_MAX).map((text) => ({ ...located, text }));
  });
  return { values, cut };
}

/** A raw HTTP/1.x request as text, or undefined when its first line is no request line. */
export function parseRawRequest(raw: string): HttpRequest | undefined {
  const end = raw.search(/\r?\n\r?\n/);
  const head = end < 0 ? raw : raw.slice(0, end);
  const [first = '', ...lines] = head.split(/\r?\n/);
  const method = first.slice(0, first.indexOf(' '));
  const version = first.lastIndexOf(' HTTP/');
  if (!/^[A-Z]{1,20}$/.test(method) || version <= method.length) return undefined;
  const headers = new Map<string, string>();
  let last = '';
  for (const line of lines) {
    const colon = line.indexOf(':');
    const is_folded = /^[ \t]/.test(line) && last !== '';
    if (!is_folded && colon <= 0) continue;
    const name = is_folded ? last : line.slice(0, colon);
    const text = is_folded ? line.trim() : line.slice(colon + 1).trim();
    const known = headers.get(name);
    headers.set(name, known === undefined ? text : `${known}${is_folded ? ' ' : ', '}${text}`);
    last = name;
  }
  const body = end < 0 ? '' : raw.slice(end).replace(/^\r?\n\r?\n/, '');
  return {
    method,
    target: first.slice(method.length + 1, version),
    headers: Object.fromEntries(headers),
    ...(body === '' ? {} : { body }),
  };
}

function pairsOf(text: string, container: string): Located[] {
  const found: Located[] = [];
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = (equals < 0 ? pair : pair.slice(0, equals)).replaceAll('+', ' ');
    const key = name.toLowerCase().slice(0, NAME_LENGTH_MAX);
    found.push({ place: 'name', label: `${container} name`, name: key, text: name });
    if (equals < 0) continue;
    const label = `${container} value "${name.slice(0, NAME_LENGTH_MAX)}"`;
    found.push({ place: 'value', label, name: key, text: pair.slice(equals + 1).replaceAll('+', ' ') });
  }
  return found;
}

function cookiesOf(text: string): Located[] {
  return text.split(';').flatMap((part): Located[] => {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim();
    if (name === '') return [];
    const key = name.toLowerCase().slice(0, NAME_LENGTH_MAX);
    const named: Located = { place: 'name', label: 'cookie name', name: key, text: name };
    if (equals < 0) return [named];
    const label = `cookie "${name.slice(0, NAME_LENGTH_MAX)}"`;
    return [named, { place: 'cookie', label, name: key, text: part.slice(equals + 1) }];
  });
}

function bodyOf(body: string, content_type: string): Located[] {
  const whole: Located = { place: 'body', label: 'body', name: '', text: body };
  if (content_type.includes('multipart/')) return multipartOf(body, content_type);
  const start = body.trimStart().charAt(0);
  if (content_type.includes('json') || start === '{' || start === '[') {
    const parsed = jsonOf(body);
    if (parsed) return parsed;
  }
  if (content_type.includes('xml') || body.trimStart().startsWith('<?xml')) return [...xmlOf(body), ...doctypeOf(body)];
  if (content_type === '' || content_type.includes('form-urlencoded')) return pairsOf(body, 'body');
  return [whole];
}

function jsonOf(body: string): Located[] | undefined {
  let root: unknown;
  try {
    root = JSON.parse(body);
  } catch {
    return undefined; // not JSON whatever its header says: judged as it stands
  }
  const found: Located[] = [];
  const open: { at: string; name: string; node: unknown }[] = [{ at: '', name: '', node: root }];
  while (open.length > 0) {
    const { at, name, node } = open.pop() ?? { at: '', name: '', node: null };
    if (typeof node === 'string') found.push({ place: 'value', label: `body value ${at || '/'}`, name, text: node });
    if (typeof node !== 'object' || node === null) continue;
    for (const [key, child] of Object.entries(node)) {
      if (!Array.isArray(node)) found.push({ place: 'name', label: 'body name', name: key.toLowerCase(), text: key });
      open.push({ at: `${at}/${key}`.slice(0, NAME_LENGTH_MAX), name: key.toLowerCase(), node: child });
    }
  }
  return found;
}

/** Texts and attribute values of an XML body; names are structure, not input. */
function xmlOf(body: string): Located[] {
  const found: Located[] = [];
  let at = 0;
  while (at < body.length) {
    const open = body.indexOf('<', at);
    const text = body.slice(at, open < 0 ? body.length : open);
    if (text.trim() !== '') found.push({ place: 'value', label: 'body text', name: '', text });
    if (open < 0) break;
    if (body.startsWith('<![CDATA[', open)) {
      const close = body.indexOf(']]>', open);
      const end = close < 0 ? body.length : close;
      found.push({ place: 'value', label: 'body text', name: '', text: body.slice(open + 9, end) });
      at = end + 3;
      continue;
    }
    const { end, attributes } = tagAt(body, open);
    for (const text of attributes) found.push({ place: 'value', label: 'body attribute', name: '', text });
    at = end;
  }
  return found;
}

function tagAt(body: string, open: number): { end: number; attributes: string[] } {
  const attributes: string[] = [];
  let at = open + 1;
  while (at < body.length && body[at] !== '>') {
    const quote = body[at];
    if (quote === '"' || quote === "'") {
      const close = body.indexOf(quote, at + 1);
      const end = close < 0 ? body.length : close;
      if (end > at + 1 && !body.startsWith('<?', open)) attributes.push(body.slice(at + 1, end));
      at = end;
    }
    at += 1;
  }
  return { end: at + 1, attributes };
}

const doctypeOf = (body: string): Located[] =>
  /<!(?:DOCTYPE|ENTITY)\b/i.test(body) ? [{ place: 'body', label: 'body', name: 'doctype', text: body }] : [];

function multipartOf(body: string, content_type: string): Located[] {
  const boundary = /boundary="?([^";,\s]{1,200})/.exec(content_type)?.[1];
  if (boundary === undefined) return [{ place: 'body', label: 'body', name: '', text: body }];
  const parts = splitIgnoringCase(body, `--${boundary}`).slice(1);
  return parts.flatMap((part): Located[] => {
    const gap = /\r?\n\r?\n/.exec(part);
    const head = gap ? part.slice(0, gap.index) : part;
    const text = gap ? part.slice(gap.index + gap[0].length).replace(/\r?\n$/, '') : '';
    const name = /\bname="([^"\n]*)"/i.exec(head)?.[1] ?? '';
    const file = /\bfilename\*?="?([^"\n]*)/i.exec(head)?.[1];
    const key = name.toLowerCase();
    const found: Located[] = [];
    for (const line of head.split(/\r?\n/)) {
      if (line.trim() !== '' && !/^content-disposition:/i.test(line)) {
        found.push({ place: 'header', label: 'body part header', name: 'part', text: line });
      }
    }
    if (name !== '') found.push({ place: 'name', label: 'body name', name: key, text: name });
    if (file !== undefined)
      found.push({
        place: 'file name',
        label: `body file name "${name.slice(0, NAME_LENGTH_MAX)}"`,
        name: key,
        text: file,
      });
    if (text !== '')
      found.push({
        place: file === undefined ? 'value' : 'body',
        label: `body part "${name.slice(0, NAME_LENGTH_MAX)}"`,
        name: key,
        text,
      });
    return found;
  });
}

function splitIgnoringCase(text: string, separator: string): string[] {
  const low = text.toLowerCase();
  const parts: string[] = [];
  let at = 0;
  for (let next = low.indexOf(separator); next >= 0; next = low.indexOf(separator, at)) {
    parts.push(text.slice(at, next));
    at = next + separator.length;
  }
  return [...parts, text.slice(at)];
}

/** Path and query of an absolute URL; anything else as it is, since attackers do not send well-formed ones. */
export const targetOf = (url: string): string =>
  url.replace(/^[a-z][a-z0-9+.[\]-]{1,20}:\/\/[^/?#]{0,512}/i, '') || '/';

/** One value is judged up to this many characters, 16 KiB. */
export const VALUE_LENGTH_MAX = 16_384;
/** A raw request is taken up to this many bytes, 2 MiB: head and body. */
export const RAW_BYTES_MAX = 2_097_152;
const TARGET_LENGTH_MAX = 65_536;
const BODY_LENGTH_MAX = 1_048_576;
const PLACES_MAX = 10_000;
const NAME_LENGTH_MAX = 120;
