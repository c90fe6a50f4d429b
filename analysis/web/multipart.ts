/** The parts of a multipart body (RFC 2046 5.1, RFC 7578), and what says that another reader would find other parts. */
import { endsOf } from '../readers/index.ts';
import { declaredCharset, keepsAscii, textAs } from './charset.ts';
import { asciiLower, looseValuesOf, readHeaderValue, valuesOf } from './media-type.ts';
import { addAll, NAME_LENGTH_MAX, wholeOf, type Doubt, type Located } from './places.ts';

/** What a boundary makes of a body; nothing of the body lies outside of the places but delimiters and plain headers. */
export interface Parts {
  places: Located[];
  doubt?: Doubt;
}

/** Splits a body at the lines that its boundary makes. The boundary counts as it is written: letters keep their case. */
export function multipartOf(body: string, boundary: string, depth = 0): Parts {
  const places: Located[] = [];
  const doubts = new Set<string>();
  const delimiters = delimitersOf(body, `--${boundary}`, doubts);
  const [first] = delimiters;
  const last = delimiters.at(-1);
  if (!first || !last) {
    return { places: [], doubt: { what: 'body', why: 'no part of it is found by its boundary' } };
  }
  const around = (text: string, where: string) => {
    if (text.trim() !== '') places.push({ place: 'body', label: `body ${where} its parts`, name: '', text });
  };
  around(body.slice(0, first.start), 'before');
  const close = delimiters.findIndex(({ closes }) => closes);
  if (close < 0) doubts.add('it does not end with its boundary');
  const inner = close < 0 ? delimiters : delimiters.slice(0, close + 1);
  inner.forEach((delimiter, index) => {
    if (delimiter.closes) around(body.slice(delimiter.end), 'behind');
    else addAll(places, partOf(body.slice(delimiter.end, inner[index + 1]?.start ?? body.length), depth, doubts));
  });
  const [why] = doubts;
  return { places, ...(why === undefined ? {} : { doubt: { what: 'body of several parts', why } }) };
}

/**
 * The body without taking anybody's word for its parts: names and file names of whatever looks like a header of a part, and all the
 * rest in one piece. Lines that only part it are left out, as they would close quotes and comment out what follows.
 */
export function looselyOf(body: string, boundaries: readonly string[]): Located[] {
  const marks = new Set(boundaries.flatMap((boundary) => [`--${boundary}`, `--${boundary}--`]));
  const found: Located[] = [];
  const rest = body
    .replace(FOLD, ' ')
    .split(/\r\n|\r|\n/)
    .filter((line) => {
      if (marks.has(line.trimEnd()) || MARK.test(line)) return false;
      const { name, value } = headerIn(line);
      if (name === 'content-disposition') {
        const { names, files } = namedIn(value);
        for (const each of names) found.push({ place: 'name', label: 'body name', name: asciiLower(each), text: each });
        for (const each of files) found.push({ place: 'file name', label: 'body file name', name: '', text: each });
        return !DISPOSITION.test(value);
      }
      return name !== 'content-type' || !readHeaderValue(value).is_plain;
    });
  return [...found, wholeOf(rest.join('\n'))];
}

interface Delimiter {
  start: number;
  end: number;
  closes: boolean;
}

/** The lines that are delimiters. The boundary anywhere else, or lines that end in two ways, are parts to some readers only. */
function delimitersOf(body: string, mark: string, doubts: Set<string>): Delimiter[] {
  const found: Delimiter[] = [];
  const ends = new Set<string>();
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) {
    const before = at === 0 ? '' : body[at - 1] !== '\n' ? undefined : body[at - 2] === '\r' ? '\r\n' : '\n';
    TAIL.lastIndex = at + mark.length;
    const tail = TAIL.exec(body);
    if (before === undefined || !tail) {
      doubts.add('its boundary also stands where no line of its own is');
      continue;
    }
    const [whole, dashes, end = ''] = tail;
    for (const each of [before, end]) if (each !== '') ends.add(each);
    found.push({ start: at - before.length, end: at + mark.length + whole.length, closes: dashes !== undefined });
  }
  if (ends.size > 1) doubts.add('its lines end in two ways');
  return found;
}

function partOf(part: string, depth: number, doubts: Set<string>): Located[] {
  // A part without headers begins with the empty line at once.
  const bare = /^\r?\n/.exec(part);
  const gap = bare ?? /\r?\n\r?\n/.exec(part);
  const head = bare ? '' : gap ? part.slice(0, gap.index) : part;
  const text = gap ? part.slice(gap.index + gap[0].length) : '';
  if (!gap && head !== '') doubts.add('a part has no empty line behind its headers');
  const headers = head.replace(FOLD, ' ').split(/\r?\n/);
  const found: Located[] = [];
  const names: string[] = [];
  const files: string[] = [];
  // Of several, one reader takes the first and another the last.
  const encodings = new Set<string>();
  const types = new Set<string>();
  for (const line of headers) {
    const { name, value } = headerIn(line);
    if (name === 'content-disposition') {
      const named = namedIn(value);
      names.push(...named.names);
      files.push(...named.files);
      if (DISPOSITION.test(value)) continue;
    }
    if (name === 'content-transfer-encoding') encodings.add(asciiLower(value));
    if (name === 'content-type') types.add(value);
    if (line.trim() !== '') found.push({ place: 'header', label: 'body part header', name: 'part', text: line });
  }
  const name = names[0] ?? '';
  const key = name.toLowerCase().slice(0, NAME_LENGTH_MAX);
  const shown = name.slice(0, NAME_LENGTH_MAX);
  for (const each of new Set(names)) found.push({ place: 'name', label: 'body name', name: key, text: each });
  for (const each of new Set(files))
    found.push({ place: 'file name', label: `body file name "${shown}"`, name: key, text: each });
  const place = files.length > 0 ? 'body' : 'value';
  const add = (text: string, how: string) => {
    if (text !== '') found.push({ place, label: `body part "${shown}"${how}`, name: key, text });
  };
  if (encodings.size > 1) doubts.add('a part has two transfer encodings');
  if (types.size > 1) doubts.add('a part has two content types');
  let is_split = false;
  const charsets = new Set(key === '_charset_' ? [text.trim()] : []);
  const declared = declaredCharset(text);
  if (declared !== undefined) charsets.add(declared);
  for (const type of endsOf([...types], READINGS_MAX).taken) {
    const nested = readHeaderValue(type);
    for (const charset of valuesOf(nested, 'charset')) charsets.add(charset);
    const [boundary] = nested.value.startsWith('multipart/') ? valuesOf(nested, 'boundary') : [];
    if (boundary === undefined) continue;
    if (depth >= DEPTH_MAX) {
      doubts.add(`parts are nested deeper than ${DEPTH_MAX}`);
      continue;
    }
    const inner = multipartOf(text, boundary, types.size > 1 ? DEPTH_MAX : depth + 1);
    if (inner.doubt) doubts.add(inner.doubt.why);
    is_split = types.size === 1 && nested.is_plain && !inner.doubt;
    addAll(found, inner.places);
  }
  if (!is_split) add(text, '');
  const others = [...charsets].filter((charset) => !keepsAscii(charset));
  if (others.length > 0) doubts.add('servers that know the charset of a part read other letters');
  for (const charset of endsOf(others, READINGS_MAX).taken) {
    if (textAs(text, charset) !== text) add(textAs(text, charset), ' in its charset');
  }
  for (const encoding of encodings) {
    if (encoding === 'base64') add(Buffer.from(text, 'base64').toString('utf8'), ' (base64)');
    else if (encoding === 'quoted-printable') add(fromQuotedPrintable(text), ' (quoted-printable)');
    else if (!PLAIN_ENCODING.test(encoding)) doubts.add('a part has a transfer encoding that is not known');
  }
  return found;
}

function headerIn(line: string): { name: string; value: string } {
  const colon = line.indexOf(':');
  return { name: asciiLower(line.slice(0, Math.max(0, colon)).trim()), value: line.slice(colon + 1).trim() };
}

/** Every name of a field or a file that some reader finds in a disposition. */
function namedIn(disposition: string): { names: string[]; files: string[] } {
  const read = readHeaderValue(disposition);
  const files = [...valuesOf(read, 'filename'), ...looseValuesOf(disposition, 'filename')];
  return {
    names: [...valuesOf(read, 'name'), ...looseNames(disposition)].filter((name) => name !== ''),
    files: files.flatMap((file) => [file, ...fromEncodedWords(file)]),
  };
}

/** `name=` by a search, as some servers read it; `filename=` is another word. */
const looseNames = (value: string): string[] => looseValuesOf(value.replace(/filename/gi, 'file'), 'name');

/** File names in encoded words (RFC 2047), which some servers decode. */
const fromEncodedWords = (name: string): string[] =>
  name.includes('=?')
    ? [
        name.replace(/=\?[\w-]{1,40}\?([bq])\?([^?]{0,1000})\?=/gi, (_, kind: string, text: string) =>
          kind.toLowerCase() === 'b'
            ? Buffer.from(text, 'base64').toString('utf8')
            : fromQuotedPrintable(text.replaceAll('_', ' ')),
        ),
      ]
    : [];

const fromQuotedPrintable = (text: string): string =>
  text.replace(/=\r?\n/g, '').replace(/=([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));

const FOLD = /\r?\n[ \t]{1,64}/g;
/** A line of dashes and letters alone, as the common boundaries make it. */
const MARK = /^-{2,60}\w{1,100}-{0,2}$/;
const TAIL = /(--)?[ \t]{0,64}(\r?\n|$)/y;
/** Nothing but a name and a file name, both of which are judged. */
const DISPOSITION = /^form-data(?:; {0,8}(?:file)?name="[^"\\]{0,4000}"){1,2}$/i;
const PLAIN_ENCODING = /^(?:|7bit|8bit|binary|utf-?8)$/;
const DEPTH_MAX = 4;
/** Of the types of one part, and of its charsets: with more than one it is doubted anyhow. */
const READINGS_MAX = 2;
