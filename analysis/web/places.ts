/** The places of a request that an attacker can write to, and the pairs that queries and forms are made of. */

import { bothEnds } from '../readers/index.ts';

/** Which kind of place a value stood in: some grammars speak only about some places. */
export type Place = 'path' | 'name' | 'value' | 'header' | 'cookie' | 'body' | 'file name';

/** One value with the place it stood in; `label` is what evidence cites, e.g. `query value "id"`. */
export interface Located {
  place: Place;
  label: string;
  /** The lower-cased name of the parameter, header, cookie or field; empty for the path. */
  name: string;
  text: string;
  /** It is a pair of a query or of a form, which some servers join with others of its name. */
  is_pair?: true;
}

/** A part that a server may read differently from how it was read here, or that was not read as a server does. */
export interface Doubt {
  what: string;
  why: string;
}

/** The pairs of a query or of a form, with `+` as a blank; nothing else is decoded. */
export function pairsOf(text: string, container: string): Located[] {
  const found: Located[] = [];
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = (equals < 0 ? pair : pair.slice(0, equals)).replaceAll('+', ' ');
    const key = name.toLowerCase().slice(0, NAME_LENGTH_MAX);
    found.push({ place: 'name', label: `${container} name`, name: key, text: name });
    if (equals < 0) continue;
    const label = `${container} value "${name.slice(0, NAME_LENGTH_MAX)}"`;
    found.push({ place: 'value', label, name: key, text: pair.slice(equals + 1).replaceAll('+', ' '), is_pair: true });
  }
  return found;
}

/**
 * The values of one name as servers read them that join them with commas (ASP.NET): what none of them says alone may stand between
 * two. Each stands for the last of its name. Of many, pieces of some `chars_max` characters, of which each begins with the end of the one before.
 */
export function joinedOf(places: readonly Located[], chars_max: number): Located[] {
  const by_name = new Map<string, Located[]>();
  for (const place of places) {
    if (!place.is_pair) continue;
    const known = by_name.get(place.name);
    if (known) known.push(place);
    else by_name.set(place.name, [place]);
  }
  return [...by_name.values()].flatMap((pairs) => {
    const last = pairs.at(-1);
    const texts = pairs.map(({ text }) => bothEnds(text, chars_max));
    return last && pairs.length > 1 ? piecesOf(texts, chars_max).map((text) => ({ ...last, text })) : [];
  });
}

/** Two values at least in each piece, and each value next to the one behind it. */
function piecesOf(texts: readonly string[], chars_max: number): string[] {
  const pieces: string[] = [];
  let piece: string[] = [];
  let length = 0;
  for (const text of texts) {
    if (piece.length > 1 && length + text.length > chars_max) {
      pieces.push(piece.join(','));
      piece = piece.slice(-1);
      length = piece[0]?.length ?? 0;
    }
    piece.push(text);
    length += text.length + 1;
  }
  return [...pieces, piece.join(',')];
}

/** Adds places to others one by one: a million of them are more than one call takes. */
export function addAll(to: Located[], places: readonly Located[]): void {
  for (const place of places) to.push(place);
}

/** A body as it stands. */
export const wholeOf = (body: string): Located => ({ place: 'body', label: 'body', name: '', text: body });

/** Of a name, what a label or a key keeps. */
export const NAME_LENGTH_MAX = 120;
