/** Intelligence as it is brought: each indicator held against its type, what is not of it refused with its line. */
import { z } from 'zod';
import { parseIndicator } from '../ioc/index.ts';

/** What a list of indicators comes to. */
export interface JudgedIndicators {
  entries: readonly unknown[];
  refused: readonly string[];
}

/** Parts the indicators of a file in those that can be matched and those that cannot. `text` is the file, for the lines. */
export function judgeIndicators(indicators: readonly unknown[], text: string): JudgedIndicators {
  const faults = indicators.map(faultOf);
  const entries = indicators.filter((_, index) => faults[index] === undefined);
  if (entries.length === indicators.length) return { entries, refused: [] };
  const lines = linesOf(text);
  const refused = faults.flatMap((why, index) => (why === undefined ? [] : [`line ${lines[index] ?? '?'}: ${why}`]));
  const more = refused.length - REFUSED_MAX;
  return {
    entries,
    refused: more > 0 ? [...refused.slice(0, REFUSED_MAX), `${more} more indicators`] : refused,
  };
}

function faultOf(entry: unknown): string | undefined {
  const read = Entry.safeParse(entry);
  if (!read.success) return 'an indicator has type, value and source, all texts';
  const indicator = parseIndicator(read.data);
  if (!('reason' in indicator)) return indicator.value === '' ? `the ${indicator.type} is empty` : undefined;
  const [type, value] = [read.data.type, read.data.value].map((part) => JSON.stringify(part.slice(0, SHOWN_CHARS_MAX)));
  return indicator.reason === 'unknown_type'
    ? `the type ${type} is not one that indicators are matched by`
    : `${value} is not of the type ${type}`;
}

/** On which line each entry of `{"indicators": [` begins: the text is known to be JSON. */
function linesOf(text: string): number[] {
  const lines: number[] = [];
  let [line, depth] = [1, 0];
  let is_list_next = false;
  let in_list = false;
  let is_first = false;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|\n|[[\]{},]|[^\s"[\]{},:]+/g)) {
    if (token === '\n') {
      line += 1;
      continue;
    }
    if (in_list && depth === LIST_DEPTH && is_first && token !== ']') {
      lines.push(line);
      is_first = false;
    }
    if (token === '[' || token === '{') {
      depth += 1;
      if (is_list_next && token === '[' && depth === LIST_DEPTH) [in_list, is_first] = [true, true];
    } else if (token === ']' || token === '}') {
      depth -= 1;
      if (in_list && depth < LIST_DEPTH) in_list = false;
    } else if (token === ',' && in_list && depth === LIST_DEPTH) is_first = true;
    is_list_next = depth === 1 && token === '"indicators"';
  }
  return lines;
}

const Entry = z.looseObject({ type: z.string(), value: z.string(), source: z.string() });
/** Inside the object and its list. */
const LIST_DEPTH = 2;
/** Told one by one, of one file. */
const REFUSED_MAX = 1_000;
const SHOWN_CHARS_MAX = 80;
