/** One pass over the lines of a log: which of them are read, which are judged whole, and what they are grounds for. */
import { neutralize } from '../evidence/index.ts';
import { LINE_BYTES_MAX } from '../readers/index.ts';
import type { Gap } from '../verdict/index.ts';
import { ATTACKERS_MAX, createSourceBook, SOURCES_MAX } from './attackers.ts';
import { createLogLineReader } from './log-line.ts';
import { createSignReader } from './log-signs.ts';
import { groundsOf } from './log-verdict.ts';
import { createLoginStorms } from './login-storms.ts';

/** A line of a log; `cut` where it is longer than is read. */
export interface LogLine {
  number: number;
  text: string;
  cut?: boolean;
}

/** How many lines there were, without headers; `parsed` are of a known format, `read` of these were judged whole. */
export interface LogCounts {
  lines: number;
  parsed: number;
  read: number;
}

/** The pass; `name` is what findings cite. Lines come in the order of the log. */
export interface LogPass {
  /** Answers how much of it was judged; `unknown` is of no known format, or does not say who asked for what. */
  note(line: LogLine): 'header' | 'whole' | 'in part' | 'unknown';
  counts: Readonly<LogCounts>;
  /** What of the known lines was not read or not judged. */
  gaps(): Gap[];
  grounds(): ReturnType<typeof groundsOf>;
}

/** A pass that has seen no line. */
export function createLogPass(name: string): LogPass {
  const readLine = createLogLineReader();
  const book = createSourceBook();
  const signs = createSignReader();
  const storms = createLoginStorms(name);
  const counts = { lines: 0, parsed: 0, read: 0 };
  const cuts = new Set<string>();
  let cut_lines = 0;
  let judged_in_part = 0;

  return {
    counts,
    note(line) {
      const entry = readLine(line.text);
      if (entry === 'directive') return 'header';
      counts.lines += 1;
      if (line.cut) cut_lines += 1;
      if (!entry) return 'unknown';
      counts.parsed += 1;
      const { signs: found, cut } = signs.read(entry);
      book.note(entry, line, found);
      storms.note(entry, line);
      if (cut.length > 0) judged_in_part += 1;
      for (const what of cut) if (cuts.size < CUTS_SHOWN_MAX) cuts.add(neutralize(what, CUT_CHARS_MAX));
      if (cut.length > 0 || line.cut) return 'in part';
      counts.read += 1;
      return 'whole';
    },
    gaps() {
      const open: [number, string, string][] = [
        [cut_lines, `the rest of ${cut_lines} long lines`, `a line is read up to ${LINE_BYTES_MAX} bytes`],
        [
          judged_in_part,
          `the middle of ${judged_in_part} lines with very long requests`,
          `only the ends are judged of what is so long: ${[...cuts].join('; ')}`,
        ],
        [
          book.forgotten(),
          `what ${book.forgotten()} quiet sources did over time`,
          `${SOURCES_MAX} sources are watched at once`,
        ],
        [
          book.refused(),
          `${book.refused()} suspicious lines of further sources`,
          `${ATTACKERS_MAX} attackers are kept`,
        ],
      ];
      return [
        ...open.filter(([count]) => count > 0).map(([, what, why]) => ({ what, why, mandatory: true })),
        ...storms.gaps(),
      ];
    },
    grounds() {
      const { findings, techniques = [], ...grounds } = groundsOf(name, book.attackers(), book.site());
      const guessers = grounds.attackers.filter(({ classes }) => classes.some((each) => each.class === 'brute-force'));
      const many = storms.grounds(new Set(guessers.map(({ source }) => source)));
      return {
        ...grounds,
        findings: [...findings, ...many.findings],
        techniques: [...techniques, ...many.techniques],
      };
    },
  };
}

const CUTS_SHOWN_MAX = 3;
const CUT_CHARS_MAX = 160;
