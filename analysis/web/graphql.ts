/** A document of GraphQL, read by its grammar from the first character to the last. */

/**
 * The text with blanks for what is no PHP in it: the `$` of `$server`, and the word of `@include(if: $x)`. All else stands where it
 * stood. A text that is not GraphQL to its end comes back as it is.
 */
export function withoutVariables(text: string): string {
  if (!/^[\s,#]*(?:\{|query\b|mutation\b|subscription\b|fragment\b)/.test(text)) return text;
  const stretches = variablesIn(text);
  if (!stretches || stretches.length === 0) return text;
  const pieces: string[] = [];
  let from = 0;
  for (const [start, end] of stretches) {
    pieces.push(text.slice(from, start), ' '.repeat(end - start));
    from = end;
  }
  return [...pieces, text.slice(from)].join('');
}

/** Where variables and conditions stand, in order; undefined where the text is no document. */
function variablesIn(text: string): [number, number][] | undefined {
  const tokens = tokensOf(text);
  if (!tokens) return undefined;
  const found: [number, number][] = [];
  let at = 0;
  const word = (ahead = 0) => tokens[at + ahead]?.text ?? '';
  const take = (wanted: string) => {
    if (word() !== wanted) return false;
    at += 1;
    return true;
  };
  const name = () => {
    if (!/^[a-z_]/i.test(word())) return false;
    at += 1;
    return true;
  };
  const variable = () => {
    const start = tokens[at]?.start ?? 0;
    if (!take('$')) return false;
    if (tokens[at]?.start === start + 1 && NO_PHP.test(word())) found.push([start, start + 1]);
    return name();
  };
  /** One or more of something, between two marks. */
  const some = (open: string, close: string, one: () => boolean, least = 1) => {
    if (!take(open)) return false;
    let count = 0;
    for (; word() !== close; count += 1) if (!one()) return false;
    return take(close) && count >= least;
  };
  const value = (depth: number): boolean => {
    if (depth > DEPTH_MAX) return false;
    if (word() === '$') return variable();
    if (word() === '[') return some('[', ']', () => value(depth + 1), 0);
    if (word() === '{') return some('{', '}', () => name() && take(':') && value(depth + 1), 0);
    if (!/^["\d-]/.test(word())) return name();
    at += 1;
    return true;
  };
  const argumentsFit = () => word() !== '(' || some('(', ')', () => name() && take(':') && value(0));
  const directivesFit = () => {
    while (take('@')) {
      const { start, end } = tokens[at] ?? { start: 0, end: 0 };
      if (isCondition()) found.push([start, end]);
      if (!name() || !argumentsFit()) return false;
    }
    return true;
  };
  const isCondition = () => {
    const said = [0, 1, 2, 3, 4].map(word).join('');
    if (said === 'include(if:$') return word(6) === ')';
    return /^include\(if:(?:true|false)$/.test(said) && word(5) === ')';
  };
  const type = (depth: number): boolean => {
    if (depth > DEPTH_MAX) return false;
    if (!(word() === '[' ? take('[') && type(depth + 1) && take(']') : name())) return false;
    take('!');
    return true;
  };
  const declaration = () => variable() && take(':') && type(0) && (take('=') ? value(0) : true) && directivesFit();
  const selection = (depth: number): boolean => {
    if (take('...')) {
      if (word() !== 'on' && word() !== '{' && word() !== '@') return name() && directivesFit();
      if (take('on') && !name()) return false;
      return directivesFit() && selections(depth + 1);
    }
    if (!name() || (take(':') && !name())) return false;
    return argumentsFit() && directivesFit() && (word() !== '{' || selections(depth + 1));
  };
  const selections = (depth: number): boolean => depth <= DEPTH_MAX && some('{', '}', () => selection(depth));
  const definition = (): boolean => {
    if (word() === '{') return selections(0);
    if (take('fragment')) return word() !== 'on' && name() && take('on') && name() && directivesFit() && selections(0);
    if (!take('query') && !take('mutation') && !take('subscription')) return false;
    name();
    return (word() !== '(' || some('(', ')', declaration)) && directivesFit() && selections(0);
  };
  while (at < tokens.length) if (!definition()) return undefined;
  return found.sort(([one], [other]) => one - other);
}

/** Its tokens without blanks, commas and comments; undefined where some character belongs to none. */
function tokensOf(text: string): { text: string; start: number; end: number }[] | undefined {
  const tokens: { text: string; start: number; end: number }[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const [token, said] = pattern.exec(text) ?? [];
    if (token === undefined || tokens.length >= TOKENS_MAX) return undefined;
    if (said !== undefined) tokens.push({ text: said, start, end: start + token.length });
  }
  return tokens;
}

/** Only with `_` before them are these names PHP's own. */
const NO_PHP = /^(?:get|post|request|cookie|server|files|session|env)$/i;
const TOKEN =
  /[\s,\ufeff]+|#[^\r\n]*|(\.\.\.|[!$&()[\]{}:=@|]|[a-z_]\w*|-?\d[\w.+-]*|"""(?:[^"\\]|\\[\s\S]|"(?!""))*"""|"(?!"")(?:[^"\\\r\n]|\\.)*")/giy;
const TOKENS_MAX = 20_000;
const DEPTH_MAX = 64;
