/** The body of a request split into the places an attacker can write to, by what its content type says and by what else a server may read. */
import { keepsAscii, textAs } from './charset.ts';
import { asciiLower, looseValuesOf, readHeaderValue, valuesOf } from './media-type.ts';
import { looselyOf, multipartOf } from './multipart.ts';
import { addAll, NAME_LENGTH_MAX, pairsOf, wholeOf, type Doubt, type Located } from './places.ts';
import { xmlOf } from './xml-body.ts';

/** The headers that say how a body is to be read, each as often as it came. */
export interface BodyHeaders {
  content_types: readonly string[];
  content_encodings: readonly string[];
  transfer_encodings: readonly string[];
}

/** The places of a body, and where servers may read another body than this one. */
export interface BodyPlaces {
  places: Located[];
  doubts: Doubt[];
}

/**
 * Splits a body. Where its headers leave servers a choice, each reading is judged and so is the whole, and a doubt says so: whoever
 * sends a request chooses its headers, and must not choose a reading in which nothing is seen.
 */
export function bodyOf(body: string, headers: BodyHeaders): BodyPlaces {
  const places: Located[] = [];
  const doubts: Doubt[] = [];
  if (body === '') return { places, doubts };
  const packed = headers.content_encodings.map((name) => asciiLower(name.trim())).find((name) => !UNPACKED.has(name));
  if (packed !== undefined) doubts.push({ what: `body in ${packed.slice(0, SHOWN_CHARS_MAX)}`, why: 'it is packed' });
  const { text, doubt } = withoutChunks(body, headers.transfer_encodings);
  if (doubt) doubts.push(doubt);

  const header = headers.content_types.join(', ');
  const type = readHeaderValue(header);
  const charsets = [...valuesOf(type, 'charset'), ...looseValuesOf(header, 'charset')];
  const charset = charsets.find((name) => !keepsAscii(name));
  if (charset !== undefined) {
    const what = `body in ${charset.slice(0, SHOWN_CHARS_MAX)}`;
    doubts.push({ what, why: 'servers that know the charset read other letters' });
    places.push({ ...wholeOf(textAs(text, charset)), label: what });
  }
  const boundaries = boundariesOf(header);
  const is_certain = header === '' || (headers.content_types.length === 1 && type.is_plain && isCertain(type.value));
  const is_multipart = type.value.startsWith('multipart/');
  if (is_certain && is_multipart && boundaries.length === 1 && BOUNDARY.test(boundaries[0] ?? '')) {
    const read = multipartOf(text, boundaries[0] ?? '');
    addAll(places, read.places);
    if (read.doubt) doubts.push(read.doubt);
    if (read.doubt) addAll(places, looselyOf(text, boundaries));
  } else if (is_certain && !is_multipart) addAll(places, declaredOf(text, type.value));
  else {
    doubts.push({ what: 'body', why: 'its content type leaves servers a choice of how to read it' });
    const readings = [looselyOf(text, boundaries), pairsOf(text, 'body'), jsonOf(text)?.places ?? [], xmlOf(text)];
    for (const reading of readings) addAll(places, reading);
    for (const boundary of boundaries) addAll(places, multipartOf(text, boundary).places);
  }
  return { places: onceEach(places), doubts };
}

/** What one plain content type makes of a body. */
function declaredOf(body: string, type: string): Located[] {
  const start = body.trimStart();
  const json = type.includes('json') || '{['.includes(start.charAt(0) || ' ') ? jsonOf(body) : undefined;
  const is_form = type === '' || type === FORM;
  const pairs = () => pairsOf(body, 'body');
  if (json) {
    // Names that come twice: one reader keeps the first, another the last.
    const all = json.is_whole ? json.places : [...json.places, wholeOf(body)];
    return is_form && /[&=]/.test(body) ? [...all, ...pairs()] : all;
  }
  if (type.endsWith('/xml') || type.endsWith('+xml')) return start.startsWith('<') ? xmlOf(body) : [wholeOf(body)];
  if (is_form) return start.startsWith('<?xml') ? [...(type === '' ? [] : pairs()), ...xmlOf(body)] : pairs();
  if (start.startsWith('<?xml')) return [wholeOf(body), ...xmlOf(body)];
  return /[&=]/.test(body) ? [wholeOf(body), ...pairs()] : [wholeOf(body)];
}

/** Strings and names of a JSON body; undefined when it is none. `is_whole` is false where its text holds more strings than its value. */
function jsonOf(body: string): { places: Located[]; is_whole: boolean } | undefined {
  let root: unknown;
  try {
    root = JSON.parse(body);
  } catch {
    return undefined; // not JSON whatever its header says: judged as it stands
  }
  const found: Located[] = [];
  const open: { at: string; name: string; node: unknown }[] = [{ at: '', name: '', node: root }];
  let strings = 0;
  while (open.length > 0) {
    const { at, name, node } = open.pop() ?? { at: '', name: '', node: null };
    if (typeof node === 'string') {
      strings += 1;
      found.push({ place: 'value', label: `body value ${at || '/'}`, name, text: node });
    }
    if (typeof node !== 'object' || node === null) continue;
    for (const [key, child] of Object.entries(node)) {
      if (!Array.isArray(node)) {
        strings += 1;
        found.push({ place: 'name', label: 'body name', name: key.toLowerCase(), text: key });
      }
      open.push({ at: `${at}/${key}`.slice(0, NAME_LENGTH_MAX), name: key.toLowerCase(), node: child });
    }
  }
  return { places: found, is_whole: strings === stringsIn(body) };
}

/** How many strings stand in a JSON text. */
function stringsIn(json: string): number {
  let quotes = 0;
  for (let at = 0; at < json.length; at += 1) {
    if (json[at] === '\\') at += 1;
    else if (json[at] === '"') quotes += 1;
  }
  return quotes / 2;
}

/** Each boundary that some server would take: by the grammar, or by a search for the word. */
function boundariesOf(header: string): string[] {
  const strict = valuesOf(readHeaderValue(header), 'boundary');
  return [...new Set([...strict, ...looseValuesOf(header, 'boundary')])].slice(0, BOUNDARIES_MAX);
}

/** A body that came in chunks, without their sizes; as it is where it came whole already. */
function withoutChunks(body: string, encodings: readonly string[]): { text: string; doubt?: Doubt } {
  if (!encodings.some((name) => /chunked/i.test(name)) || !CHUNK.test(body.slice(0, CHUNK_HEAD_CHARS_MAX))) {
    return { text: body };
  }
  const bytes = Buffer.from(body).toString('latin1'); // sizes count bytes
  const parts: string[] = [];
  const joined = () => Buffer.from(parts.join(''), 'latin1').toString('utf8');
  for (let at = 0; at < bytes.length;) {
    const head = CHUNK.exec(bytes.slice(at, at + CHUNK_HEAD_CHARS_MAX));
    const from = at + (head?.[0].length ?? 0);
    const size = parseInt(head?.[1] ?? '', 16);
    if (!head || from + size > bytes.length) {
      return { text: body, doubt: { what: 'body', why: 'its chunks do not fit together' } };
    }
    if (size === 0) {
      const rest = bytes.slice(from).trim();
      if (rest === '') return { text: joined() };
      parts.push(`\n${rest}`);
      return {
        text: joined(),
        doubt: { what: 'what follows the last chunk', why: 'servers may take it for a request' },
      };
    }
    parts.push(bytes.slice(from, from + size));
    at = from + size + (bytes.startsWith('\r\n', from + size) ? 2 : 1);
  }
  return { text: joined(), doubt: { what: 'body', why: 'its last chunk is missing' } };
}

/** `multipart/` and `urlencoded` need no more than to stand somewhere for some servers. */
const isCertain = (type: string): boolean =>
  type.startsWith('multipart/') || type === FORM || !/multipart|urlencoded/.test(type);

function onceEach(places: readonly Located[]): Located[] {
  const seen = new Set<string>();
  return places.filter(({ place, label, name, text }) => {
    const key = `${place}\n${label}\n${name}\n${text}`;
    return !seen.has(key) && seen.add(key);
  });
}

const FORM = 'application/x-www-form-urlencoded';
const UNPACKED = new Set(['', 'identity']);
/** RFC 2046 5.1.1. */
const BOUNDARY = /^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/;
const CHUNK = /^([0-9a-f]{1,7})(?:[ \t]{0,8};[^\r\n]{0,200})?\r?\n/i;
const CHUNK_HEAD_CHARS_MAX = 256;
const BOUNDARIES_MAX = 4;
/** Of what a header says, what a doubt quotes. */
const SHOWN_CHARS_MAX = 40;
