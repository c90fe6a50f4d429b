/** URLs as text: where they stand in a line and whose host they name. */
import { withoutEnd } from '../readers/index.ts';

/** The web addresses written in a line, without the punctuation that ends a sentence; each up to a bound. */
export const urlsIn = (line: string): string[] =>
  (line.match(/https?:\/\/[^\s"'<>)\]]+/gi) ?? []).map((url) => withoutEnd(url.slice(0, URL_CHARS_MAX), /[.,;:!?]/));

/** The host as it is written, lower case, without credentials and port; empty when there is none. */
export function hostOf(url: string): string {
  const authority = /^https?:\/\/([^/?#\\]*)/i.exec(url)?.[1] ?? '';
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return (host.startsWith('[') ? host.slice(1).replace(/\].*/s, '') : host.replace(/:[^:]*$/, '')).toLowerCase();
}

/** The host a browser would really connect to (WHATWG URL): integers become addresses, other scripts become punycode. */
export function effectiveHostOf(url: string): string {
  try {
    return new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  } catch {
    return hostOf(url).replace(/\.$/, '');
  }
}

/** More than any browser or server takes for an address. */
const URL_CHARS_MAX = 65_536;
