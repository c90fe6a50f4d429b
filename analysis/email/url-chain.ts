/** A URL and what it carries inside: where whoever follows it may be sent on to. */
import { hostOf } from './urls.ts';

/** The URL and the URLs it carries in its path, query or fragment, at most `CHAIN_MAX`. */
export function urlChain(given: string): string[] {
  const text = given.trim();
  const chain: string[] = [];
  // Without a scheme it is read as a browser would read what is typed; with another one it is no web address.
  const isOther = !/^https?:/i.test(text) && /^[a-z][a-z0-9+.-]*:(?!\d)/i.test(text);
  let rest: string | undefined = isOther ? undefined : text.slice(0, FOLLOWED_CHARS_MAX);
  while (rest !== undefined && chain.length < CHAIN_MAX) {
    const url: string = /^https?:\/\//i.test(rest) || chain.length > 0 ? rest : `http://${rest}`;
    if (!/^https?:\/\/[^\s/?#]/i.test(url) || hostOf(url) === '') break;
    chain.push(url);
    rest = carriedBy(url);
  }
  return chain;
}

function carriedBy(url: string): string | undefined {
  const inside = url.slice(CARRIED_FROM).search(/https?(?::\/\/|%3a%2f%2f|%253a%252f%252f)/i);
  if (inside < 0) return undefined;
  let carried = url.slice(CARRIED_FROM + inside).split('&', 1)[0] ?? '';
  for (let layer = 0; layer < LAYERS_MAX && !/^https?:\/\//i.test(carried); layer += 1) {
    try {
      carried = decodeURIComponent(carried);
    } catch {
      return undefined;
    }
  }
  return /^https?:\/\//i.test(carried) ? carried : undefined;
}

/** An address is shown up to so many characters. */
export const URL_LENGTH_MAX = 4_096;
/** What it carries is looked for up to so many. */
const FOLLOWED_CHARS_MAX = 65_536;
const CHAIN_MAX = 4;
const LAYERS_MAX = 3;
/** Behind the scheme of the URL itself. */
const CARRIED_FROM = 8;
