/** Which texts a regular expression needs: one of them stands, whatever its case, in all that it matches. */

/** The texts, lower-cased ASCII; undefined where nothing is needed for certain. */
export function literalsOf({ source, flags }: RegExp): readonly string[] | undefined {
  // Under `u` and `v` letters outside ASCII match ASCII ones, and syntax is another; `g` and `y` remember where they were.
  if (/[uvgy]/.test(flags)) return undefined;
  const reader = { source, at: 0 };
  const literals = alternation(reader);
  return reader.at === source.length && literals && literals.length <= LITERALS_MAX
    ? [...new Set(literals)]
    : undefined;
}

interface Reader {
  source: string;
  at: number;
}

/** Each branch needs one of its own. */
function alternation(reader: Reader): readonly string[] | undefined {
  const branches = [sequence(reader)];
  while (reader.source.charAt(reader.at) === '|') {
    reader.at += 1;
    branches.push(sequence(reader));
  }
  const all: string[] = [];
  for (const branch of branches) {
    if (!branch) return undefined;
    all.push(...branch);
  }
  return all;
}

/** Of all that a sequence needs, what is met least often. */
function sequence(reader: Reader): readonly string[] | undefined {
  let best: readonly string[] | undefined;
  let run = '';
  const offer = (literals: readonly string[] | undefined) => {
    if (literals && literals.every(({ length }) => length >= LITERAL_CHARS_MIN) && rarity(literals) > rarity(best))
      best = literals;
  };
  const breakOff = () => {
    offer([run]);
    run = '';
  };
  while (reader.at < reader.source.length && !'|)'.includes(reader.source.charAt(reader.at))) {
    const atom = readAtom(reader);
    if (atom.kind === 'nothing') continue;
    const { least, most } = quantifier(reader);
    if (atom.kind === 'char' && least === 1 && most === 1) run += atom.char;
    else if (atom.kind === 'char' && least > 0) {
      run += atom.char;
      breakOff();
      run = atom.char; // the last of them stands before what follows
    } else {
      breakOff();
      if (atom.kind === 'group' && least > 0) offer(atom.literals);
    }
  }
  breakOff();
  return best;
}

/** Long ones are rare; the shortest of several decides. */
const rarity = (literals: readonly string[] | undefined): number =>
  literals ? Math.min(...literals.map(({ length }) => length)) - Math.log2(literals.length) / 2 : -Infinity;

type Atom =
  | { kind: 'char'; char: string }
  | { kind: 'group'; literals: readonly string[] | undefined }
  /** Any of several characters. */
  | { kind: 'any' }
  /** It takes no room: what stands before it and after it touch. */
  | { kind: 'nothing' };

function readAtom(reader: Reader): Atom {
  const char = reader.source.charAt(reader.at);
  reader.at += 1;
  if (char === '(') return group(reader);
  if (char === '[') return characterClass(reader);
  if (char === '\\') return escape(reader);
  if (char === '^' || char === '$') return { kind: 'nothing' };
  return char === '.' ? { kind: 'any' } : plain(char);
}

function group(reader: Reader): Atom {
  const [opening = '', sign = ''] =
    /^\?(?:(<?[=!])|:|<[^>]*>)/.exec(reader.source.slice(reader.at, reader.at + 80)) ?? [];
  reader.at += opening.length;
  const literals = alternation(reader);
  reader.at += 1;
  if (sign === '') return { kind: 'group', literals };
  quantifier(reader); // a lookahead may have one
  return { kind: 'nothing' };
}

function characterClass(reader: Reader): Atom {
  while (reader.at < reader.source.length && reader.source.charAt(reader.at) !== ']')
    reader.at += reader.source.charAt(reader.at) === '\\' ? 2 : 1;
  reader.at += 1;
  return { kind: 'any' };
}

function escape(reader: Reader): Atom {
  const char = reader.source.charAt(reader.at);
  reader.at += 1;
  if (/[bB]/.test(char)) return { kind: 'nothing' };
  if (!/[a-z0-9]/i.test(char)) return plain(char);
  const digits = /^(?:x[0-9a-f]{2}|u[0-9a-f]{4}|c[a-z]|k<[^>]*>|[0-9]+)/i.exec(
    reader.source.slice(reader.at - 1, reader.at + 80),
  );
  if (digits) reader.at += digits[0].length - 1;
  return { kind: 'any' };
}

const plain = (char: string): Atom => (char > '\u007f' ? { kind: 'any' } : { kind: 'char', char: char.toLowerCase() });

/** How often what stands before it may stand there. */
function quantifier(reader: Reader): { least: number; most: number } {
  const [text = '', sign = '', least = '', more, most = ''] =
    /^(?:([?*+])|\{(\d+)(?:(,)(\d*))?\})\??/.exec(reader.source.slice(reader.at, reader.at + 24)) ?? [];
  reader.at += text.length;
  if (text === '') return { least: 1, most: 1 };
  if (sign !== '') return { least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Infinity };
  return { least: Number(least), most: more === undefined ? Number(least) : most === '' ? Infinity : Number(most) };
}

/** Shorter ones stand in nearly every text. */
const LITERAL_CHARS_MIN = 3;
const LITERALS_MAX = 512;
