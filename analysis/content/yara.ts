/** Whether a text has the build of YARA rules: sections, patterns, brackets and what the conditions refer to. */

/**
 * The first fault with its line, or undefined. No engine compiles rules here yet, so this is the build alone: what a module offers,
 * or whether an expression has the right types, is not looked at.
 */
export function faultInYara(text: string): string | undefined {
  try {
    if (text.length > CHARS_MAX) return `longer than ${CHARS_MAX} characters`;
    const reader = createReader(text);
    const names = new Set<string>();
    while (!reader.isOver()) readTop(reader, names);
    return names.size === 0 ? 'no rule in it' : undefined;
  } catch (reason) {
    if (!(reason instanceof YaraFault)) throw reason;
    return reason.message;
  }
}

class YaraFault extends Error {}

interface Token {
  kind: 'word' | 'text' | 'regex' | 'pattern' | 'number' | 'sign' | 'end';
  text: string;
  at: number;
}

type Reader = ReturnType<typeof createReader>;

function readTop(reader: Reader, names: Set<string>): void {
  const first = reader.next();
  if (first.text === 'import' || first.text === 'include') {
    if (reader.next().kind !== 'text') reader.fail(first, `${first.text} names no file or module`);
    return;
  }
  let word = first;
  while (word.text === 'private' || word.text === 'global') word = reader.next();
  if (word.text !== 'rule') reader.fail(word, `a rule was expected, not ${shown(word)}`);
  const name = reader.next();
  if (name.kind !== 'word') reader.fail(name, 'the rule has no name');
  if (names.has(name.text)) reader.fail(name, `there are two rules ${name.text}`);
  names.add(name.text);
  if (reader.peek().text === ':') {
    reader.next();
    while (reader.peek().kind === 'word') reader.next();
  }
  if (reader.next().text !== '{') reader.fail(name, `the rule ${name.text} has no body`);
  readBody(reader, name);
}

function readBody(reader: Reader, rule: Token): void {
  const patterns = new Map<string, Token>();
  let anonymous = 0;
  for (;;) {
    const section = reader.next();
    if (section.kind === 'end') reader.fail(rule, `the rule ${rule.text} ends in the middle: it has no condition`);
    if (section.text === '}') reader.fail(rule, `the rule ${rule.text} has no condition`);
    if (reader.next().text !== ':')
      reader.fail(section, `meta, strings or condition was expected, not ${shown(section)}`);
    if (section.text === 'meta') readMeta(reader);
    else if (section.text === 'strings') anonymous = readPatterns(reader, patterns);
    else if (section.text === 'condition') break;
    else reader.fail(section, `${shown(section)} is no section of a rule`);
  }
  readCondition(reader, rule, patterns, anonymous);
}

function readMeta(reader: Reader): void {
  while (reader.peek().kind === 'word' && !isSection(reader.peek().text)) {
    const name = reader.next();
    if (reader.next().text !== '=') reader.fail(name, `meta ${name.text} has no value`);
    const sign = reader.next();
    const value = sign.text === '-' ? reader.next() : sign;
    const is_value = value.kind === 'text' || value.kind === 'number' || /^(?:true|false)$/.test(value.text);
    if (!is_value) reader.fail(value, `meta ${name.text}: ${shown(value)} is no value`);
  }
}

/** Reads the patterns; answers how many have no name. */
function readPatterns(reader: Reader, patterns: Map<string, Token>): number {
  let anonymous = 0;
  if (reader.peek().kind !== 'pattern') reader.fail(reader.peek(), 'the section strings is empty');
  while (reader.peek().kind === 'pattern') {
    const id = reader.next();
    if (!id.text.startsWith('$') || id.text.endsWith('*')) reader.fail(id, `${id.text} is no name of a pattern`);
    if (patterns.has(id.text)) reader.fail(id, `there are two patterns ${id.text}`);
    if (id.text === '$') anonymous += 1;
    else patterns.set(id.text, id);
    if (reader.next().text !== '=') reader.fail(id, `${id.text} has no value`);
    if (reader.peek().text === '{') reader.skipHex();
    else if (!['text', 'regex'].includes(reader.next().kind))
      reader.fail(id, `${id.text} is no text, expression or bytes`);
    while (MODIFIERS.has(reader.peek().text)) {
      reader.next();
      if (reader.peek().text === '(') skipParentheses(reader);
    }
  }
  return anonymous;
}

function skipParentheses(reader: Reader): void {
  const open = reader.next();
  for (let token = reader.next(); token.text !== ')'; token = reader.next()) {
    if (token.kind === 'end') reader.fail(open, '( is not closed');
  }
}

function readCondition(reader: Reader, rule: Token, patterns: ReadonlyMap<string, Token>, anonymous: number): void {
  const open: Token[] = [];
  const used = new Set<string>();
  const useAll = () => {
    for (const id of patterns.keys()) used.add(id);
  };
  let [count, wildcards] = [0, 0];
  for (;;) {
    const token = reader.next();
    if (token.kind === 'end') reader.fail(rule, `the rule ${rule.text} is not closed: } is missing`);
    const last = open.at(-1);
    if (token.text === '}' && last) reader.fail(last, `${last.text} is not closed`);
    if (token.text === '}') break;
    count += 1;
    if (token.kind === 'sign' && '(['.includes(token.text)) open.push(token);
    if (token.kind === 'sign' && ')]'.includes(token.text)) {
      const begun = open.pop();
      if (!begun || CLOSES[begun.text] !== token.text) reader.fail(token, `${token.text} closes nothing`);
    }
    if (token.text === '{') reader.fail(token, '{ has no business in a condition');
    if (token.text === 'them') {
      if (patterns.size + anonymous === 0) reader.fail(token, 'them: the rule has no strings');
      useAll();
    }
    if (token.kind !== 'pattern' || token.text.length === 1) continue;
    const id = `$${token.text.slice(1)}`;
    if (id === '$*') useAll();
    if (id.endsWith('*') && ++wildcards > WILDCARDS_MAX) reader.fail(token, `more than ${WILDCARDS_MAX} wildcards`);
    const named = id.endsWith('*') ? [...patterns.keys()].filter((each) => each.startsWith(id.slice(0, -1))) : [id];
    if (id !== '$*' && (named.length === 0 || !named.every((each) => patterns.has(each))))
      reader.fail(token, `the condition refers to ${token.text}, and no string is called ${id}`);
    for (const each of named) used.add(each);
  }
  if (count === 0) reader.fail(rule, `the condition of ${rule.text} is empty`);
  const idle = [...patterns].find(([id]) => !used.has(id) && !id.startsWith('$_'));
  if (idle) reader.fail(idle[1], `${idle[0]} is not used in the condition`);
}

/** Words of a text one after the other; what cannot be read ends it with its line. */
function createReader(text: string) {
  let position = 0;
  let ahead: Token | undefined;
  const fail = ({ at }: Pick<Token, 'at'>, message: string): never => {
    throw new YaraFault(`line ${text.slice(0, at).split('\n').length}: ${message}`);
  };
  const skipBlank = (): void => {
    for (;;) {
      BLANK.lastIndex = position;
      position += BLANK.exec(text)?.[0].length ?? 0;
      if (text.startsWith('//', position)) {
        const end = text.indexOf('\n', position);
        position = end < 0 ? text.length : end;
      } else if (text.startsWith('/*', position)) {
        const end = text.indexOf('*/', position + 2);
        if (end < 0) fail({ at: position }, 'the comment is not closed');
        position = end + 2;
      } else return;
    }
  };
  const read = (): Token => {
    skipBlank();
    const at = position;
    if (at >= text.length) return { kind: 'end', text: '', at };
    for (const [kind, shape] of SIGNS.has(text[at] ?? '') ? [] : SHAPES) {
      shape.lastIndex = at;
      const found = shape.exec(text)?.[0];
      if (found === undefined) continue;
      position += found.length;
      return { kind, text: found, at };
    }
    if (text[at] === '"' || text[at] === '/') {
      const end = quotedEnd(text, at);
      const kind = text[at] === '"' ? 'text' : 'regex';
      if (end === undefined)
        fail({ at }, kind === 'text' ? 'the text is not closed' : 'the regular expression is not closed');
      else {
        FLAGS.lastIndex = end;
        position = kind === 'regex' ? end + (FLAGS.exec(text)?.[0].length ?? 0) : end;
        return { kind, text: text.slice(at, position), at };
      }
    }
    position += 1;
    return { kind: 'sign', text: text[at] ?? '', at };
  };
  const peek = (): Token => (ahead ??= read());
  const next = (): Token => {
    const token = peek();
    ahead = undefined;
    return token;
  };
  return {
    peek,
    next,
    fail,
    isOver: () => peek().kind === 'end',
    /** Bytes in braces: two digits each, jumps, alternatives, wildcards. */
    skipHex(): void {
      const open = next();
      const parts: string[] = [];
      for (;;) {
        skipBlank();
        BYTES.lastIndex = position;
        const part = BYTES.exec(text)?.[0] ?? '';
        if (part === '') break;
        parts.push(part);
        position += part.length;
      }
      if (position >= text.length) fail(open, 'the bytes are not closed');
      const bytes = parts.join(' ');
      if (text[position] !== '}') fail({ at: position }, 'bytes are written with hexadecimal digits');
      const digits = bytes.replace(/\[[\s\d-]*\]/g, '').replace(/[\s~()|]/g, '');
      if (digits === '' || digits.length % 2 === 1) fail(open, 'each byte has two digits');
      position += 1;
    },
  };
}

/**
 * Behind the quote or slash that closes what one opens at `at`; undefined where its line ends before. A loop, as an expression
 * gives up over a text of some megabytes.
 */
function quotedEnd(text: string, at: number): number | undefined {
  const mark = text[at];
  for (let end = at + 1; end < text.length && text[end] !== '\n'; end += 1) {
    if (text[end] === mark) return mark === '/' && end === at + 1 ? undefined : end + 1;
    if (text[end] !== '\\') continue;
    end += 1;
    if (LINE_ENDS.has(text[end] ?? '')) return undefined;
  }
  return undefined;
}

const shown = ({ kind, text }: Token): string => (kind === 'end' ? 'the end' : text.slice(0, SHOWN_CHARS_MAX));
const isSection = (word: string): boolean => word === 'strings' || word === 'condition' || word === 'meta';

/** Behind a backslash, what ends a line and is no \n. */
const LINE_ENDS = new Set('\n\r\u2028\u2029');
const FLAGS = /[is]*/y;
const BLANK = /\s*/y;
const SHAPES: readonly (readonly [Token['kind'], RegExp])[] = [
  ['pattern', /\$(?:\w+\*?|\*)?|[#@!]\w+/y],
  ['number', /\d[\dA-Za-z_.]*/y],
  ['word', /[A-Za-z_]\w*/y],
];
const SIGNS = new Set('(){}[]:=,<>+-*%&|^~.?\\');
const BYTES = /[^\S\n]*[\da-f?~()|[\]-][\da-f?~()|[\]\t -]*/iy;
const MODIFIERS = new Set(['nocase', 'wide', 'ascii', 'xor', 'base64', 'base64wide', 'fullword', 'private']);
const CLOSES: Readonly<Record<string, string>> = { '(': ')', '[': ']' };
const SHOWN_CHARS_MAX = 40;
/** Of one file; the largest that are published have a million. */
const CHARS_MAX = 16_777_216;
/** `$a*` in one condition: each is held against all names. */
const WILDCARDS_MAX = 1_000;
