/** The body of a request split into the places an attacker can write to, by what its content type says and by what else a server may read. */
import { declaredCharset, keepsAscii, textAs } from './charset.ts';
import { asciiLower, looseValuesOf, readHeaderValue, valuesOf } from './media-type.ts';
import { looselyOf, multipartOf } from './multipart.ts';
import { addAll, NAME_LENGTH_MAX, pairsOf, wholeOf, type Doubt, type Located } from './places.ts';
import { declarationAt, xmlOf } from './xml-body.ts';

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
  const { text, other, also, doubt } = withoutChunks(body, headers.transfer_encodings);
  addAll(places, also);
  const codings = [...headers.content_encodings, ...headers.transfer_encodings].flatMap((list) => list.split(','));
  const packed = packingOf(codings, text);
  if (packed !== undefined) doubts.push({ what: `body in ${packed.slice(0, SHOWN_CHARS_MAX)}`, why: 'it is packed' });
  if (doubt) doubts.push(doubt);
  const read = readingsOf(text, headers.content_types);
  addAll(places, read.places);
  if (other !== undefined) addAll(places, readingsOf(other, headers.content_types).places);
  return { places: onceEach(places), doubts: [...doubts, ...read.doubts] };
}

/** What its types make of a body without chunks. */
function readingsOf(text: string, content_types: readonly string[]): BodyPlaces {
  const places: Located[] = [];
  const doubts: Doubt[] = [];
  const header = content_types.join(', ');
  const type = readHeaderValue(header);
  const is_xml = isXml(header);
  const charsets = [...valuesOf(type, 'charset'), ...looseValuesOf(header, 'charset'), declaredCharset(text) ?? ''];
  const charset = charsets.find((name) => !keepsAscii(name));
  if (charset !== undefined) {
    const what = `body in ${charset.slice(0, SHOWN_CHARS_MAX)}`;
    doubts.push({ what, why: 'servers that know the charset read other letters' });
    const read = textAs(text, charset);
    if (read !== text) addAll(places, is_xml && isMarkup(read) ? xmlOf(read) : [{ ...wholeOf(read), label: what }]);
  }
  const boundaries = boundariesOf(header);
  const is_certain = header === '' || (content_types.length === 1 && type.is_plain && isCertain(type.value));
  const is_multipart = type.value.startsWith('multipart/');
  if (is_certain && is_multipart && boundaries.length === 1 && BOUNDARY.test(boundaries[0] ?? '')) {
    const read = multipartOf(text, boundaries[0] ?? '');
    addAll(places, read.places);
    if (read.doubt) doubts.push(read.doubt);
    if (read.doubt) addAll(places, looselyOf(text, boundaries));
  } else if ((is_certain && !is_multipart) || (!SPLITS.test(header) && isJson(text))) {
    // JSON is nothing else to any server that was not told to look for parts or pairs.
    addAll(places, declaredOf(text, type.value));
  } else {
    doubts.push({ what: 'body', why: 'its content type leaves servers a choice of how to read it' });
    const is_only_xml = is_xml && boundaries.length === 0 && isMarkup(text);
    const readings = is_only_xml
      ? [xmlOf(text)]
      : [
          looselyOf(text, boundaries),
          pairsOf(withoutDeclaration(text), 'body'),
          jsonOf(text)?.places ?? [],
          xmlOf(text),
        ];
    for (const reading of readings) addAll(places, reading);
    for (const boundary of boundaries) addAll(places, multipartOf(text, boundary).places);
  }
  return { places, doubts };
}

/** What one plain content type makes of a body. */
function declaredOf(body: string, type: string): Located[] {
  const start = body.trimStart();
  const json = type.includes('json') || '{['.includes(start.charAt(0) || ' ') ? jsonOf(body) : undefined;
  const is_form = type === '' || type === FORM;
  const pairs = () => pairsOf(withoutDeclaration(body), 'body');
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

/** An object or a list that is JSON to its end. */
function isJson(body: string): boolean {
  return /^\s*[[{]/.test(body) && jsonOf(body) !== undefined;
}

/** Whether each media type that a header names is one of XML. */
function isXml(header: string): boolean {
  const types = asciiLower(header)
    .split(/[\s,;]+/)
    .filter((word) => word.includes('/'));
  return types.length > 0 && types.every((type) => type.endsWith('/xml') || type.endsWith('+xml'));
}

/** The declaration of an XML text says nothing, and would be the name of a pair. */
const withoutDeclaration = (body: string): string => {
  const start = body.length - body.trimStart().length;
  const length = declarationAt(body, start);
  return length > 0 ? body.slice(start + length) : body;
};

const isMarkup = (body: string): boolean => body.trimStart().startsWith('<');

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

/** The coding that hides what stands here. Who reads requests often unpacks them, and leaves the header as it came. */
function packingOf(codings: readonly string[], body: string): string | undefined {
  const others = codings.map((name) => asciiLower(name.trim())).filter((name) => !UNPACKED.has(name));
  if (others.length > 0 && UNREADABLE.test(body)) return others[0];
  const unmarked = others.filter((name) => !MARKED.has(name));
  return unmarked.find((name) => LETTERS.test(name)) ?? (isJson(body) ? undefined : unmarked[0]);
}

/** A body that came in chunks, without their sizes; as it is where it came whole already. */
interface Unchunked {
  text: string;
  /** What else a server may take for the body, to be read as that is. */
  other?: string;
  /** What either reading leaves out. */
  also: Located[];
  doubt?: Doubt;
}

/** Puts the chunks of a body together (RFC 9112 7.1), however their sizes are written. */
function withoutChunks(body: string, encodings: readonly string[]): Unchunked {
  // Nothing is hidden in numbers, and lists of them are what looks most like chunks.
  if (!encodings.some((name) => /chunked/i.test(name)) || NUMBERS.test(body)) return { text: body, also: [] };
  const misfit = { what: 'body', why: 'its chunks do not fit together' };
  if (!headAt(body, 0)) return { text: body, also: [], ...(SIZE.test(body) ? { doubt: misfit } : {}) };
  const bytes = Buffer.from(body).toString('latin1'); // sizes count bytes
  const asText = (read: string) => Buffer.from(read, 'latin1').toString('utf8');
  const parts: string[] = [];
  const joined = () => asText(parts.join(''));
  let also: Located[] = [];
  let [is_sure, is_odd, fitted] = [LAST_CHUNK.test(bytes), false, 0];
  const unsure = (): Unchunked => ({
    text: body,
    ...(fitted > 0 ? { other: joined() } : {}),
    also: [wholeOf(joined())],
  });
  for (let at = 0; at < bytes.length;) {
    const head = headAt(bytes, at);
    const from = at + (head?.length ?? 0);
    const size = head?.size ?? NaN;
    const behind = from + size;
    const end = LINE_END.exec(bytes.slice(behind, behind + 2))?.[0].length;
    if (!head || behind > bytes.length || (size > 0 && end === undefined)) {
      parts.push(bytes.slice(from));
      return is_sure ? { ...unsure(), doubt: misfit } : unsure();
    }
    if (head.says_more) also = [wholeOf(body)];
    if (head.is_odd) is_odd = true;
    if (size === 0) {
      const rest = asText(bytes.slice(from));
      const trailers = trailersOf(rest);
      if (trailers) {
        const read = { text: joined(), also: [...also, ...trailers] };
        return is_odd ? { ...read, text: body, other: read.text, doubt: ODD } : read;
      }
      return {
        text: `${joined()}\n${rest.trim()}`,
        also,
        doubt: { what: 'what follows the last chunk', why: 'servers may take it for a request' },
      };
    }
    fitted += 1;
    if (size >= SURE_BYTES_MIN || fitted >= SURE_CHUNKS_MIN) is_sure = true;
    parts.push(bytes.slice(from, behind));
    at = behind + (end ?? 0);
  }
  const doubt = { what: 'body', why: 'its last chunk is missing' };
  return is_sure ? { text: joined(), also, doubt } : unsure();
}

/** The line that a chunk begins with at a place of a text, how many bytes it announces, and whether it says something else. */
function headAt(
  text: string,
  at: number,
): { length: number; size: number; is_odd: boolean; says_more: boolean } | undefined {
  CHUNK.lastIndex = at;
  const [line, odd = '', size = '', more] = CHUNK.exec(text) ?? [];
  if (line === undefined) return undefined;
  return { length: line.length, size: parseInt(size, 16), is_odd: odd !== '', says_more: more !== undefined };
}

/** The headers behind the last chunk (RFC 9112 7.1.2); undefined where something else stands there. */
function trailersOf(rest: string): Located[] | undefined {
  if (rest.trim() === '') return [];
  const lines = rest.split(/\r?\n/);
  const empty = lines.indexOf('');
  const is_over = empty > 0 && lines.slice(empty).every((line) => line === '');
  if (!is_over || !lines.slice(0, empty).every((line) => TRAILER.test(line))) return undefined;
  return lines.slice(0, empty).map((line) => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const label = `trailer ${name.slice(0, NAME_LENGTH_MAX)}`;
    return { place: 'header', label, name: asciiLower(name), text: line.slice(colon + 1).trim() };
  });
}

/** `multipart/` and `urlencoded` need no more than to stand somewhere for some servers. */
const isCertain = (type: string): boolean => type.startsWith('multipart/') || type === FORM || !SPLITS.test(type);

function onceEach(places: readonly Located[]): Located[] {
  const seen = new Set<string>();
  return places.filter(({ place, label, name, text }) => {
    const key = `${place}\n${label}\n${name}\n${text}`;
    return !seen.has(key) && seen.add(key);
  });
}

const FORM = 'application/x-www-form-urlencoded';
const SPLITS = /multipart|urlencoded/i;
/** Names that change no byte of the body itself, or that clients write for its charset. */
const UNPACKED = new Set(['', 'identity', 'chunked', 'aws-chunked', 'amz-1.0', 'utf-8', 'utf8']);
/** What these make begins with a byte that no text holds; others can be made of letters alone. */
const MARKED = new Set(['gzip', 'x-gzip', 'compress', 'x-compress', 'zstd']);
/** What is known to be written so that it is a list of JSON as well. */
const LETTERS = /deflate|zlib/;
const UNREADABLE = /[^\P{Cc}\t\n\v\f\r]|\ufffd/u;
/** RFC 2046 5.1.1. */
const BOUNDARY = /^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/;
/** What may follow a size (blanks and extensions) may be of any length; some servers also take a sign and `0x`. */
const CHUNK = /([ \t]*(?:\+|0x)?)([0-9a-f]+)[ \t]*(;[^\r\n]*)?\r?\n/iy;
/** How a size may begin a body for a server that minds the grammar less than we do. */
const SIZE = /^[^\S\r\n]*\+?(?:0x)?[0-9a-f][0-9a-f_]*[^\S\r\n]*(?:;[^\r\n]*)?[\r\n]/i;
const NUMBERS = /^[\d\s.,;+-]*$/;
const LINE_END = /^(?:\r?\n|\r?$)/;
const LAST_CHUNK = /\n0+[ \t]*(?:;[^\r\n]*)?\r?\n(?:\r?\n|[\w-]{1,100}:)/;
const TRAILER = /^[\w!#$%&'*+.^`|~-]{1,200}:/;
/** A number at the head of a text that came whole seldom says how long its next line is: so long a one says it by intent. */
const SURE_BYTES_MIN = 16;
/** Nor do two of them. */
const SURE_CHUNKS_MIN = 2;
const ODD: Doubt = { what: 'body', why: 'the size of a chunk is written as some servers read it and others do not' };
const BOUNDARIES_MAX = 4;
/** Of what a header says, what a doubt quotes. */
const SHOWN_CHARS_MAX = 40;
