/** One HTTP request split into the places an attacker can write to. */
import { bothEnds, endsOf, endsOfText, isCut } from '../readers/index.ts';
import { bodyOf } from './body.ts';
import { joinedOf, NAME_LENGTH_MAX, pairsOf, type Doubt, type Located } from './places.ts';

/** A request as a caller hands it in; `target` is the request line's target, path and query as they came. */
export interface HttpRequest {
  method: string;
  target: string;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: string | undefined;
}

/** The places of a request and what the bounds cut away. */
export interface Places {
  values: Located[];
  /** The values of each name that came several times, as one. */
  joined: Located[];
  /** What lies between the ends of too many places, and of values beyond `VALUE_LENGTH_MAX`, in words; empty when all was taken. */
  cut: string[];
  /** Where a server may read another request than this one. */
  doubts: Doubt[];
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

  const entries = Object.entries(request.headers ?? {}).map(([header, text]) => ({
    header,
    name: header.trim().toLowerCase(),
    text,
  }));
  for (const { header, name, text } of entries) {
    if (name === 'cookie') add(cookiesOf(text));
    else found.push({ place: 'header', label: `header ${header}`, name, text });
  }
  const body = bothEnds(request.body ?? '', BODY_LENGTH_MAX);
  const all = (sought: string) => entries.filter(({ name }) => name === sought).map(({ text }) => text);
  const { places, doubts } = bodyOf(body, {
    content_types: all('content-type'),
    content_encodings: all('content-encoding'),
    transfer_encodings: all('transfer-encoding'),
  });
  add(places);

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
  return { values, joined: joinedOf(taken, VALUE_LENGTH_MAX), cut, doubts };
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
