/** A URL with a query or encoded characters in it, where everybody who reads it finds one page of one host (ATK-F4). */
import { domainToUnicode } from 'node:url';
import { decodingsOf, isEncoded } from './spelling.ts';

/** Whether a text is a URL of the web whose marks (`?`, `%`) would mean something else in another name. */
export const isLink = (text: string): boolean => WEB.test(text) && /[?%]/.test(text);

/**
 * The host of such a URL, as the WHATWG reads it; undefined where two readers could find different ones, or another page: a user, a
 * backslash, a host that is encoded or a number, `?` before the first `/`, dots that climb, a second URL, a wildcard, a list; these also
 * where they are encoded, however often.
 */
export function hostOfLink(text: string): string | undefined {
  const [, host = '', path = '', query = '', fragment = ''] = ONE_WAY.exec(text) ?? [];
  if (host === '' || AMBIGUOUS.test(text) || !URL.canParse(text)) return undefined;
  const { hostname, pathname, search, hash } = new URL(text);
  if (pathname !== path || search !== shown(query) || hash !== shown(fragment)) return undefined;
  if (isSeveral(path, SEVERAL_PATHS) || [query, fragment].some((part) => isSeveral(part, SEVERAL))) return undefined;
  const spelled = host.toLowerCase();
  const isSame = host.startsWith('[') || hostname === spelled || domainToUnicode(hostname) === spelled;
  return isSame ? hostname : undefined;
}

/** Whether it is more than one thing, or encoded more often than is looked at: no reader would take all of that out. */
function isSeveral(part: string, mark: RegExp): boolean {
  const texts = decodingsOf(part);
  return isEncoded(texts.at(-1) ?? '') || texts.some((text) => mark.test(text.normalize('NFKC')));
}

/** A parser shows no mark that nothing follows. */
const shown = (part: string): string => (part.length === 1 ? '' : part);

const WEB = /^(?:https?|wss?|ftp):/i;
/** Scheme, host and port, path, query, fragment: the host in letters that all versions of IDNA read alike, the rest in ASCII. */
const ONE_WAY =
  /^(?:https?|wss?|ftp):\/\/(\[[\da-f:.]+\]|(?:(?![\u00df\u03c2])[\p{L}\p{M}\p{N}._-])+)(?::\d{1,5})?(\/[\w.~/&=+:@!$()%-]*)(\?[\w.~/&=+:@!$()%?-]*)?(#[\w.~/&=+:@!$()%?-]*)?$/iu;
/** A `%` that encodes nothing, an encoded control or backslash, `..`, a command, and a second path or URL behind a mark of lists. */
const AMBIGUOUS = /%(?![\da-f]{2})|%(?:[01][\da-f]|7f|5c)|\.\.|\$\(|[+&]\/|[+&~!(](?:[a-z][a-z\d+.-]{0,31}:)?\/\//i;
/** Wildcards, lists, what nobody sees, dots that climb, a command, a second path, and a second URL that is no value of a param. */
const SEVERAL =
  /[*{}[\]|;,\\\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]|[^\S ]|\.\.|\$\(|[\s+&]\/|[^\p{L}\p{M}\p{N}_=/.:%-](?:[a-z][a-z\d+.-]{0,31}:\/|\/\/)/iu;
/** In a path there is no URL at all, no word before which something could end, and no `%` that encodes nothing once more. */
const SEVERAL_PATHS = new RegExp(String.raw`${SEVERAL.source}|:\/|\/\s|\/\.(?:\/|$)|%(?![\da-f]{2})`, 'iu');
