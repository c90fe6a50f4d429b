/** Techniques a text names outright: by their id, by a link to it, or by their full name. */
import { crosswalk, techniques } from '../attack/index.ts';

/** One named technique, in UTF-16 units of the text. */
export interface NamedTechnique {
  technique: string;
  how: 'id' | 'name';
  offset: number;
  length: number;
}

/**
 * The named techniques in order, old ids as what they are called today. A name of one word
 * (`Python`, `Proxy`), or one not written as a name (`email addresses`), is everyday language and names nothing.
 */
export function namedIn(text: string): NamedTechnique[] {
  const ids = [...text.matchAll(ID)].map((match) => {
    const written = `${match[1] ?? ''}${match[2] === undefined ? '' : `.${match[2]}`}`;
    const technique = crosswalk(written)?.technique.id ?? written;
    return { technique, how: 'id' as const, offset: match.index, length: match[0].length };
  });
  const names = [...text.matchAll(NAMES)].flatMap((match) => {
    const technique = BY_NAME.get(spelling(match[0]));
    return technique ? [{ technique, how: 'name' as const, offset: match.index, length: match[0].length }] : [];
  });
  return [...ids, ...names].sort((left, right) => left.offset - right.offset || right.length - left.length);
}

const spelling = (name: string): string => name.replace(/[\s-]+/g, ' ');

/** Where two matrices share a name, the first one, the enterprise, has it. */
const BY_NAME = new Map(
  techniques()
    .reverse()
    .filter(({ name }) => /\s/.test(name))
    .map(({ id, name }) => [spelling(name), id] as const),
);
const NAMES = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${[...BY_NAME.keys()]
    .sort((left, right) => right.length - left.length || (left < right ? -1 : 1))
    .map((name) => name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replaceAll(' ', '[\\s-]{1,3}'))
    .join('|')})(?![\\p{L}\\p{N}])`,
  'gu',
);
/** `T1059.001`, and `T1059/001` as in links. */
const ID = /(?<![\w.])(T[01]\d{3})(?:[./](\d{3}))?(?!\w|[./]\d)/g;
