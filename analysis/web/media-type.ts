/** Media types and the parameters of such headers, read by their grammar (RFC 9110 8.3, 5.6.6), and what else a lenient server makes of them. */

/** A header of the form `value; name=value; …`. */
export interface HeaderValue {
  /** What stands before the first `;`, lower case. */
  value: string;
  /** Each parameter in its order, its name in lower case; a quoted value without its quotes and escapes. */
  parameters: { name: string; value: string }[];
  /** It follows the grammar to its end, and names no parameter twice. */
  is_plain: boolean;
}

/** Reads a header by its grammar; what does not follow it is left out, and `is_plain` is false. */
export function readHeaderValue(text: string): HeaderValue {
  const head = text.slice(0, HEADER_CHARS_MAX);
  const semicolon = head.indexOf(';');
  const first = (semicolon < 0 ? head : head.slice(0, semicolon)).replace(/^[ \t]{1,64}|[ \t]{1,64}$/g, '');
  const parameters: HeaderValue['parameters'] = [];
  let is_plain = head.length === text.length && VALUE.test(first);
  let at = semicolon < 0 ? head.length : semicolon;
  while (at < head.length) {
    PARAMETER.lastIndex = at;
    const found = PARAMETER.exec(head);
    if (!found) {
      is_plain = false;
      const next = head.indexOf(';', at + 1);
      at = next < 0 ? head.length : next;
      continue;
    }
    const [whole, name = '', quoted, token = ''] = found;
    const value = quoted === undefined ? token : quoted.replace(/\\(.)/gs, '$1');
    if (name !== '') parameters.push({ name: asciiLower(name), value });
    if (quoted?.includes('\\')) is_plain = false; // some readers keep the escape
    at += whole.length;
  }
  if (new Set(parameters.map(({ name }) => name)).size < parameters.length) is_plain = false;
  return { value: asciiLower(first), parameters, is_plain };
}

/** What the parameters of a name say, continuations (RFC 2231) joined and extended values (RFC 8187) decoded; each value once. */
export function valuesOf({ parameters }: HeaderValue, name: string): string[] {
  const plain = parameters.filter((each) => each.name === name).map(({ value }) => value);
  const extended = parameters
    .filter((each) => each.name !== name && each.name.startsWith(`${name}*`))
    .map(({ value }) => fromExtended(value));
  const joined = extended.length > 1 ? [extended.join('')] : [];
  return [...new Set([...plain, ...extended, ...joined])];
}

/** Every value that a search for `name` finds in a header, wherever it stands and however it is quoted: some servers read so. */
export function looseValuesOf(text: string, name: string): string[] {
  const found: string[] = [];
  const low = asciiLower(text.slice(0, HEADER_CHARS_MAX));
  for (let at = low.indexOf(name); at >= 0 && found.length < LOOSE_MAX; at = low.indexOf(name, at + name.length)) {
    const [, double, single, bare] = LOOSE_VALUE.exec(text.slice(at + name.length, at + HEADER_CHARS_MAX)) ?? [];
    const value = double ?? single ?? bare;
    if (value !== undefined && value !== '') found.push(value, fromExtended(value));
  }
  return [...new Set(found)];
}

/** Lower case where ASCII has one, so that nothing changes its place or length. */
export const asciiLower = (text: string): string => text.replace(/[A-Z]+/g, (run) => run.toLowerCase());

function fromExtended(value: string): string {
  const coded = value.replace(/^[\w-]{1,40}'[\w-]{0,20}'/, '');
  try {
    return decodeURIComponent(coded);
  } catch {
    return coded;
  }
}

const VALUE = /^[\w!#$%&'*+.^`|~-]+(?:\/[\w!#$%&'*+.^`|~-]+)?$/;
/** An empty parameter is one by the grammar; a bare value may hold what the grammar would quote, as all servers read it alike. */
const PARAMETER =
  /;[ \t]{0,64}(?:([\w!#$%&'*+.^`|~-]{1,200})=(?:"((?:[^"\\]|\\[^]){0,8000})"|([^\s;,"\\]{1,8000})))?[ \t]{0,64}(?=;|$)/y;
const LOOSE_VALUE = /^[*\d]{0,8}[ \t]{0,64}=[ \t]{0,64}(?:"([^"]{0,8000})|'([^']{0,8000})|([^;,\s]{0,8000}))/;
/** One header is read up to so many characters; a longer one is not plain. */
const HEADER_CHARS_MAX = 8_192;
const LOOSE_MAX = 8;
