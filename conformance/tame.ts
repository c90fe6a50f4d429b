/** Whether a text may be made from a pattern: the maker follows each repetition, so nested ones could grow without end. */
import { compileLinear } from './patterns.ts';

/** Whether what is made from it stays small. */
export function isTame(pattern: string): boolean {
  if (pattern.length > PATTERN_CHARS_MAX || UNKNOWN_TO_MAKER.test(pattern)) return false;
  try {
    return compileLinear(pattern) !== undefined && mostChars(pattern) <= MADE_CHARS_MAX;
  } catch {
    return false;
  }
}

/** How many characters the maker makes at most: five more than a repetition asks for, every branch counted. */
function mostChars(pattern: string): number {
  const open = [0];
  let last = 0; // of what a repetition would repeat
  const add = (chars: number) => {
    open.push((open.pop() ?? 0) + chars);
  };
  for (const [piece, least] of pattern.matchAll(PIECES)) {
    if (piece === '(') {
      open.push(0);
      last = 0;
    } else if (piece === ')') {
      last = open.pop() ?? 0;
      add(last);
    } else if (piece === '*' || piece === '+' || least !== undefined) {
      add(last * (Number(least ?? 1) + MAKER_MORE));
      last = 0;
    } else {
      last = 1;
      add(last);
    }
  }
  return open.reduce((sum, chars) => sum + chars, 0);
}

const PIECES = /\\[^]|\[(?:\\[^]|[^\]\\]){0,512}\]|\{(\d{1,9})(?:\D[^}]{0,512})?\}|[^]/g;
/** Groups that the maker takes for others: it would count their brackets otherwise. */
const UNKNOWN_TO_MAKER = /\(\?(?!:)|\\Q/;
const PATTERN_CHARS_MAX = 512;
const MADE_CHARS_MAX = 2_000;
const MAKER_MORE = 5;
