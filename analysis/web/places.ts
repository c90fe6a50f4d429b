/** The places of a request that an attacker can write to, and the pairs that queries and forms are made of. */

/** Which kind of place a value stood in: some grammars speak only about some places. */
export type Place = 'path' | 'name' | 'value' | 'header' | 'cookie' | 'body' | 'file name';

/** One value with the place it stood in; `label` is what evidence cites, e.g. `query value "id"`. */
export interface Located {
  place: Place;
  label: string;
  /** The lower-cased name of the parameter, header, cookie or field; empty for the path. */
  name: string;
  text: string;
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
    found.push({ place: 'value', label, name: key, text: pair.slice(equals + 1).replaceAll('+', ' ') });
  }
  return found;
}

/** Adds places to others one by one: a million of them are more than one call takes. */
export function addAll(to: Located[], places: readonly Located[]): void {
  for (const place of places) to.push(place);
}

/** A body as it stands. */
export const wholeOf = (body: string): Located => ({ place: 'body', label: 'body', name: '', text: body });

/** Of a name, what a label or a key keeps. */
export const NAME_LENGTH_MAX = 120;
