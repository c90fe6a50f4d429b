/** Encoded command lines, unwrapped step by step: base64 of PowerShell, packed streams, joined characters and texts. */
import { bothEnds, endsOf, endsOfText, isCut, withoutEnd } from '../readers/index.ts';
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';

/** A command with everything that was hidden in it. */
export interface DecodedCommand {
  /** The command as it stands, cut at the bound; its end is a layer of its own then. */
  text: string;
  is_cut: boolean;
  /** What came out, each with the steps that lead to it: with them anybody can do it again. */
  layers: { text: string; steps: string[] }[];
  /** What was not unwrapped, and why. */
  left: string[];
}

/** All that a command says: as it stands, and what was hidden in it. */
export const textsIn = ({ text, layers }: DecodedCommand): string[] => [text, ...layers.map((layer) => layer.text)];

/** Unwraps a command. Never throws; depth, size and number of layers are bounded. */
export function decodeCommand(command: string): DecodedCommand {
  const [text = '', ...end] = endsOfText(command, COMMAND_CHARS_MAX);
  const tail = end.map((layer) => ({ text: layer, steps: [`its last ${COMMAND_CHARS_MAX} characters`] }));
  const found: DecodedCommand = { text, is_cut: isCut(command, COMMAND_CHARS_MAX), layers: [...tail], left: [] };
  if (found.is_cut) found.left.push(`what lies between its first and its last ${COMMAND_CHARS_MAX} characters`);
  const seen = new Set([text, ...end]);
  let wave = [{ text, steps: new Array<string>() }, ...tail];
  for (let depth = 0; wave.length > 0; depth += 1) {
    const next = wave.flatMap((layer) =>
      unwrap(layer.text, found.left).map((inner) => ({ text: inner.text, steps: [...layer.steps, inner.step] })),
    );
    const fresh = next.filter((layer) => layer.text !== '' && !seen.has(layer.text));
    for (const layer of fresh) seen.add(layer.text);
    if (depth === DEPTH_MAX) {
      if (fresh.length > 0) found.left.push(`layers deeper than ${DEPTH_MAX}`);
      break;
    }
    const room = LAYERS_MAX - found.layers.length;
    if (fresh.length > room) found.left.push(`${fresh.length - room} layers beyond ${LAYERS_MAX}`);
    wave = fresh.slice(0, room);
    found.layers.push(...wave);
  }
  return { ...found, left: [...new Set(found.left)] };
}

interface Inner {
  text: string;
  step: string;
}

function unwrap(layer: string, left: string[]): Inner[] {
  const text = withSingleBlanks(layer);
  return [
    ...encodedSwitches(text, left),
    ...base64Texts(text, left),
    ...characterCodes(text, left),
    ...withoutNoise(text),
    ...setVariables(layer, left),
    // Carets may hide the word `set`, and a value that is cut by its numbers counts each of its blanks.
    ...(layer !== text && USES_VARIABLES.test(layer) ? withoutNoise(layer) : []),
  ];
}

/** What the expressions below are shown: any number of blanks between two words would else cost them the square, or end their sight. */
const withSingleBlanks = (text: string): string =>
  text.replace(/\s{2,}|[^\S\n ]/g, (run) => (run.includes('\n') ? '\n' : ' '));

/** `powershell -e <base64 of UTF-16>`: any beginning of `-EncodedCommand` will do, also with a slash. */
function encodedSwitches(text: string, left: string[]): Inner[] {
  return taken([...text.matchAll(ENCODED_SWITCH)], left).flatMap(([, name = '', code = '']) => {
    const bytes = Buffer.from(code, 'base64');
    const inner = withoutEnd(bytes.toString('utf16le'), /\0/);
    return isReadable(inner) ? [{ text: inner, step: `-${name}: base64, UTF-16LE` }] : [];
  });
}

/** Texts in base64 that something in the command decodes; what they hold may be packed. */
function base64Texts(text: string, left: string[]): Inner[] {
  if (!DECODES_BASE64.test(text)) return [];
  return taken([...text.matchAll(BASE64_TEXT)], left).flatMap(([code]): Inner[] => {
    const bytes = Buffer.from(code, 'base64');
    const unpacked = inflate(bytes, left);
    if (unpacked) return [unpacked];
    const keys = [...text.matchAll(/-bxor\s?\(?(0x[0-9a-f]{1,2}|\d{1,3})\b/gi)].slice(0, 2);
    for (const [, key = ''] of keys) {
      const plain = Buffer.from(bytes.map((byte) => byte ^ Number(key))).toString('latin1');
      if (isReadable(plain)) return [{ text: plain, step: `base64, each byte -bxor ${key}` }];
    }
    for (const encoding of ['utf16le', 'utf8'] as const) {
      const plain = withoutEnd(bytes.toString(encoding), /\0/);
      if (isReadable(plain)) return [{ text: plain, step: `base64, ${encoding === 'utf8' ? 'UTF-8' : 'UTF-16LE'}` }];
    }
    return [];
  });
}

function inflate(bytes: Buffer, left: string[]): Inner | undefined {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const isZlib = bytes[0] === 0x78 && [0x01, 0x5e, 0x9c, 0xda].includes(bytes[1] ?? 0);
  const [name, run] = isGzip
    ? (['gzip', gunzipSync] as const)
    : isZlib
      ? (['zlib', inflateSync] as const)
      : (['deflate', inflateRawSync] as const);
  try {
    const plain = run(bytes, { maxOutputLength: LAYER_BYTES_MAX });
    for (const encoding of ['utf8', 'utf16le'] as const) {
      const text = plain.toString(encoding);
      if (!isReadable(text)) continue;
      if (isCut(text, COMMAND_CHARS_MAX / 2))
        left.push(`what lies between the first and the last ${COMMAND_CHARS_MAX / 2} characters of a ${name} stream`);
      return { text: bothEnds(text, COMMAND_CHARS_MAX / 2, '\n'), step: `base64, ${name}` };
    }
  } catch (reason) {
    // Most base64 is not packed at all; only what says that it is, and is too large, is worth a word.
    if ((isGzip || isZlib) && reason instanceof RangeError) left.push(`a ${name} stream over ${LAYER_BYTES_MAX} bytes`);
  }
  return undefined;
}

/** `[char]73+[char]69`, `73,69,88 | %{[char]$_}`, and the same with `-bxor`. */
function characterCodes(text: string, left: string[]): Inner[] {
  const found: Inner[] = [];
  const joined = text.replace(/(?:\[char\]\s?\(?(?:0x[0-9a-f]{1,4}|\d{1,5})\)?\s?(?:\+\s?)?){2,400}/gi, (run) => {
    const codes = [...run.matchAll(/\[char\]\s?\(?(0x[0-9a-f]{1,4}|\d{1,5})/gi)].map(([, code]) => Number(code));
    return `'${String.fromCharCode(...codes)}'`;
  });
  if (joined !== text) found.push({ text: joined, step: 'joined [char] codes' });
  if (/\[char/i.test(text)) {
    const [, key] = /-bxor\s?["']?(0x[0-9a-f]{1,2}|\d{1,3})/i.exec(text) ?? [];
    for (const [run] of taken([...text.matchAll(/(?:\d{1,3}\s?[,_:;~-]\s?){8,8000}\d{1,3}/g)], left)) {
      const codes = run.split(/[^\d]+/).map((code) => Number(code) ^ Number(key ?? 0));
      if (codes.some((code) => code > 255)) continue;
      const plain = Buffer.from(codes).toString('latin1');
      if (isReadable(plain))
        found.push({ text: plain, step: key ? `codes, each -bxor ${key}` : 'codes of characters' });
    }
  }
  return found;
}

/** What only splits words: `'a'+'b'`, carets, backticks, `"{1}{0}" -f`, and variables cut into letters. */
function withoutNoise(text: string): Inner[] {
  const formatted = text.replace(
    /(?:\(\s?)?["']((?:\{\d{1,2}\}){2,40})["']\s?-f\s?((?:["'][^"'\n]{0,60}["']\s?(?:,\s?)?){2,40})\)?/gi,
    (whole: string, order: string, parts: string) => {
      const values = [...parts.matchAll(/["']([^"'\n]{0,60})["']/g)].map(([, value = '']) => value);
      const text = [...order.matchAll(/\{(\d{1,2})\}/g)].map(([, index]) => values[Number(index)] ?? '').join('');
      return text === '' ? whole : text;
    },
  );
  let plain = formatted.includes('+') ? formatted.replace(/(["'])\s?\+\s?\1/g, '') : formatted;
  if (plain.includes('^') || plain.includes('`')) plain = plain.replace(/(?<=[A-Za-z])[\^`](?=[A-Za-z])/g, '');
  if (plain.includes('""')) plain = plain.replace(/(?<=[A-Za-z])""(?=[A-Za-z])/g, '');
  return plain === text ? [] : [{ text: plain, step: 'joined texts, carets and backticks taken out' }];
}

/**
 * `set a=vssad&&set b=min&&!a!!b!`: what a command line of cmd sets itself, put where it is used. It is shown every blank, for
 * `%a:~2,3%` counts them; what comes out has its blanks as they came and as one.
 */
function setVariables(layer: string, left: string[]): Inner[] {
  if (!USES_VARIABLES.test(layer)) return [];
  const text = layer.replaceAll('\r', ''); // as cmd takes it
  const values = new Map<string, string>();
  const sets = [...text.matchAll(SET_VARIABLE)];
  if (sets.length > VARIABLES_MAX) left.push(`variables beyond the first ${VARIABLES_MAX} that it sets`);
  for (const [, quoted, bare = '', value = ''] of sets.slice(0, VARIABLES_MAX)) {
    const [name = bare, ...rest] = quoted?.split('=') ?? [bare, value];
    values.set(name.trim().toLowerCase(), fill(rest.join('='), values, left));
  }
  if (values.size === 0) return [];
  const plain = fill(text, values, left);
  if (plain === text) return [];
  const texts = new Set([plain, withSingleBlanks(plain)]);
  return [...texts].map((each) => ({ text: each, step: 'variables that it sets itself put in' }));
}

/** Also a part of a value, `%a:~2,3%`. What would grow beyond the bound stays as it stands. */
const fill = (text: string, values: ReadonlyMap<string, string>, left: string[]): string => {
  let grown = text.length;
  const filled = text.replace(
    VARIABLE_USE,
    (whole: string, _mark: string, name: string, from?: string, length?: string) => {
      const value = values.get(name.toLowerCase());
      // What follows may make it shorter again, but is not waited for.
      if (value === undefined || grown > COMMAND_CHARS_MAX * 2) return whole;
      const part = from === undefined ? value : partOf(value, Number(from), length);
      grown += part.length - whole.length;
      return part;
    },
  );
  if (grown <= COMMAND_CHARS_MAX) return filled;
  left.push(`variables that make more than ${COMMAND_CHARS_MAX} characters`);
  return text;
};

function partOf(value: string, start: number, length: string | undefined): string {
  const begin = start < 0 ? Math.max(0, value.length + start) : start;
  const count = length === undefined ? value.length : Number(length);
  return value.slice(begin, count < 0 ? value.length + count : begin + count);
}

/** The first and the last of what looks encoded; what lies between is said. */
function taken(matches: readonly RegExpExecArray[], left: string[]): RegExpExecArray[] {
  const ends = endsOf(matches, MATCHES_MAX);
  if (ends.left > 0) left.push(`${ends.left} encoded texts between the first and the last ${MATCHES_MAX / 2}`);
  return ends.taken;
}

/** Mostly printable: what comes out of a wrong decoding is not. */
function isReadable(text: string): boolean {
  if (text.length < READABLE_CHARS_MIN) return false;
  const head = text.slice(0, 2_000);
  const plain = head.replace(/[^\t\r\n\x20-\x7e]/g, '').length;
  return plain >= head.length * 0.9;
}

const ENCODED_SWITCH =
  /[\s"'][-/\u2013\u2014\u2015](e(?:c|n(?:c(?:o(?:d(?:e(?:d(?:c(?:o(?:m(?:m(?:a(?:n(?:d)?)?)?)?)?)?)?)?)?)?)?)?)?)[\s:]{1,4}["']?([A-Za-z0-9+/]{12,65536}={0,2})/gi;
const DECODES_BASE64 = /frombase64string|base64|b64decode|openssl enc/i;
const BASE64_TEXT = /[A-Za-z0-9+/]{16,60000}={0,2}/g;
const USES_VARIABLES = /[%!]/;
const SET_VARIABLE = /\bset[^\S\n]+(?:"([A-Za-z_][\w.-]{0,40}=[^"\n]*)"|([A-Za-z_][\w.-]{0,40})=([^&|"\n]*))/gi;
/** cmd takes 8 191 characters of a line, so that no place in a value has more digits. */
const VARIABLE_USE = /([%!])([A-Za-z_][\w.-]{0,40})(?::~(-?\d{1,4})(?:,(-?\d{1,4}))?)?\1/g;
/** Variables that one command line sets. */
const VARIABLES_MAX = 64;
const READABLE_CHARS_MIN = 4;
/** Windows takes 32 767 characters of a command line; script blocks may be longer. */
export const COMMAND_CHARS_MAX = 65_536;
const LAYER_BYTES_MAX = 1_048_576;
const LAYERS_MAX = 24;
const DEPTH_MAX = 6;
const MATCHES_MAX = 16;
