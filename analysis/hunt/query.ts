/** The search line of a hunter: `Image:*\powershell.exe AND NOT "Program Files"`, read into a test of events. */
import { AuroraError } from '../../protocol/index.ts';
import { textsOf, type LogEvent } from '../events/index.ts';

/** Whether an event is searched for. */
export type Query = (event: LogEvent) => boolean;

/**
 * Parses a query: words and "phrases" stand anywhere in an event, `field:value` in one field (original or ECS name), `*` is any
 * text; terms side by side must all hold; AND, OR, NOT (or -) and parentheses as usual. Throws 4220 with the column.
 */
export function parseQuery(text: string): Query {
  const tokens = [...text.matchAll(TOKEN)].map((match) => ({ text: match[0], at: match.index + 1 }));
  if (tokens.length > TOKENS_MAX) throw wrong(`more than ${TOKENS_MAX} terms`, 1);
  let next = 0;
  let depth = 0;
  const is = (word: string): boolean => tokens[next]?.text.toUpperCase() === word;

  const either = (): Query => {
    const parts = [both()];
    while (is('OR')) {
      next++;
      parts.push(both());
    }
    return parts.length === 1 && parts[0] ? parts[0] : (event) => parts.some((part) => part(event));
  };
  const both = (): Query => {
    const parts = [term()];
    while (next < tokens.length && !is('OR') && !is(')')) {
      if (is('AND')) next++;
      parts.push(term());
    }
    return parts.length === 1 && parts[0] ? parts[0] : (event) => parts.every((part) => part(event));
  };
  const term = (): Query => {
    const token = tokens[next];
    if (!token) throw wrong('the query ends where a term is expected', text.length + 1);
    next++;
    const upper = token.text.toUpperCase();
    if (upper === 'NOT' || upper === '-') {
      if (++depth > DEPTH_MAX) throw wrong(`nested deeper than ${DEPTH_MAX}`, token.at);
      const part = term();
      depth--;
      return (event) => !part(event);
    }
    if (upper === '(') {
      if (++depth > DEPTH_MAX) throw wrong(`nested deeper than ${DEPTH_MAX}`, token.at);
      const part = either();
      if (!is(')')) throw wrong(') is missing', tokens[next]?.at ?? text.length + 1);
      next++;
      depth--;
      return part;
    }
    if (upper === ')' || upper === 'AND' || upper === 'OR') throw wrong(`a term expected, not ${token.text}`, token.at);
    return toTest(token.text);
  };

  if (tokens.length === 0) return () => true;
  const query = either();
  const rest = tokens[next];
  if (rest) throw wrong(`AND or OR expected, not ${rest.text}`, rest.at);
  return query;
}

function toTest(token: string): Query {
  const [, field, value = ''] = /^([\w.@#-]{1,128}):(.*)$/s.exec(token) ?? [];
  if (field === undefined) {
    const fits = toMatcher(unquote(token), true);
    return (event) => [...event.fields.keys()].some((name) => textsOf(event, name).some(fits));
  }
  if (value === '*') return (event) => textsOf(event, field).length > 0;
  const fits = toMatcher(unquote(value), false);
  return (event) => textsOf(event, field).some(fits);
}

/** Case does not matter; runs between `*` are looked for one behind the other, so no text makes it slow. */
function toMatcher(value: string, is_open: boolean): (text: string) => boolean {
  const [first = '', ...rest] = value.toLowerCase().split('*');
  const last = rest.pop();
  if (last === undefined) {
    return is_open ? (text) => text.toLowerCase().includes(first) : (text) => text.toLowerCase() === first;
  }
  return (text) => {
    const lower = text.toLowerCase();
    if (is_open) return inOrder(lower, [first, ...rest, last]) !== -1;
    if (!lower.startsWith(first) || !lower.endsWith(last)) return false;
    const end = inOrder(lower, rest, first.length);
    return end !== -1 && end <= lower.length - last.length;
  };
}

/** The end of the last of the parts, found one behind the other, or -1. */
function inOrder(text: string, parts: readonly string[], from = 0): number {
  let at = from;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found === -1) return -1;
    at = found + part.length;
  }
  return at;
}

const unquote = (text: string): string => (/^"[^]*"$/.test(text) && text.length > 1 ? text.slice(1, -1) : text);
const wrong = (message: string, column: number): AuroraError =>
  new AuroraError(4220, { message: `The query, column ${column}: ${message}`, detail: { path: '/query', column } });

/** A parenthesis, a minus before a term, a field with a quoted value, a quoted phrase, or a word. */
const TOKEN = /[()]|-(?=[\w"(])|[\w.@#-]{1,128}:"[^"]*"|"[^"]*"|[^\s()"]+/g;
const TOKENS_MAX = 500;
const DEPTH_MAX = 32;
