/** The words of a STIX pattern: keywords, names, symbols and literals, each with its place. */

/** One word; `text` of a literal is its value, unquoted. */
export interface Lexeme {
  kind: 'word' | 'symbol' | 'string' | 'number' | 'timestamp' | 'hex' | 'binary';
  text: string;
  offset: number;
}

/** The words in order, or where the text holds none. Linear: each pattern looks only at its own place. */
export function lex(text: string): { ok: true; lexemes: Lexeme[] } | { ok: false; at: number; why: string } {
  const lexemes: Lexeme[] = [];
  let offset = 0;
  while (offset < text.length) {
    const found = KINDS.flatMap(([kind, pattern]) => {
      pattern.lastIndex = offset;
      const match = pattern.exec(text);
      return match ? [{ kind, whole: match[0], inner: match[1] ?? match[0] }] : [];
    })[0];
    if (!found) return { ok: false, at: offset, why: 'nothing a pattern may hold' };
    const { kind, whole, inner } = found;
    if (kind === 'string') lexemes.push({ kind, text: inner.replace(/\\(['\\])/g, '$1'), offset });
    else if (kind !== 'space') lexemes.push({ kind, text: inner, offset });
    offset += whole.length;
  }
  return { ok: true, lexemes };
}

/** Quoted literals with a letter before them come before words. */
const KINDS: readonly (readonly [Lexeme['kind'] | 'space', RegExp])[] = [
  ['space', /[\s\u0085\u00a0]+/y],
  [
    'timestamp',
    /t'(\d{4}-(?:0[1-9]|1[012])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?Z)'/y,
  ],
  ['hex', /h'((?:[0-9a-fA-F]{2})*)'/y],
  ['binary', /b'((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)'/y],
  ['string', /'((?:[^'\\]|\\['\\])*)'/y],
  ['number', /[+-]?(?:\d+\.\d+|\d+)(?![\w.])/y],
  ['word', /[A-Za-z_][A-Za-z0-9_-]*/y],
  ['symbol', /==|!=|<>|<=|>=|[=<>[\]():.,*]/y],
];
