/** Who did what in a log: one record a source, one entry a class, in bounded memory. */
import type { AttackClass } from './hit.ts';
import type { LogEntry } from './log-line.ts';
import type { LogSign } from './log-signs.ts';
import { TRADE } from './trade.ts';
import { createSourceWatch, type SourceWatch } from './scenarios.ts';

/** What one source did of one class. */
export interface Deed {
  class: AttackClass;
  rule: string;
  titles: string[];
  count: number;
  /** A line of it has the server call another host, and nothing says that it did not. */
  calls_out: boolean;
  /** The first lines that show it. */
  lines: { number: number; text: string; title: string }[];
  answers: Answers;
}

/** How the server answered the lines of a deed. */
export interface Answers {
  refused: number;
  redirected: number;
  failed: number;
  unknown: number;
  accepted: number;
  /** Sizes in bytes of accepted answers that are not the page an ordinary visitor gets. */
  changed_sizes: Map<number, ChangedSize>;
  /** Accepted answers of the size an ordinary visitor gets for the same path. */
  same_size: number;
}

/** One size; `usual_size` is that of the path where a visitor got it, and `is_sure` says that one such line leaves no doubt that it attacks. */
export interface ChangedSize {
  times: number;
  usual_size: number | undefined;
  is_sure: boolean;
}

/** A source with everything it did. */
export interface SourceRecord {
  source: string;
  /** Other clients that its attacking lines name, unverified; the first `NAMED_MAX`. */
  named_clients: Set<string>;
  requests: number;
  first_line: number;
  last_line: number;
  deeds: Map<AttackClass, Deed>;
  watch: SourceWatch;
}

/** Keeps the sources of a log: the latest `SOURCES_MAX`, of which those with deeds go last. */
export function createSourceBook() {
  const visitors = new Map<string, SourceRecord>();
  const attackers = new Map<string, SourceRecord>();
  const usual_sizes = new Map<string, number>();
  const probed_sizes = new Map<string, { size: number; rule: string }>();
  const arrivals: string[] = []; // visitors in the order they came: asking the map for its oldest walks over all it lost
  let next_arrival = 0;
  let forgotten = 0;
  let refused = 0;

  /** First come, first forgotten: a visitor seen that long ago has shown nothing since. */
  function forgetOldest(): void {
    while (next_arrival < arrivals.length) {
      const oldest = arrivals[next_arrival] ?? '';
      next_arrival += 1;
      if (visitors.delete(oldest)) break; // else it became an attacker
    }
    if (next_arrival >= SOURCES_MAX) {
      arrivals.splice(0, next_arrival);
      next_arrival = 0;
    }
    forgotten += 1;
  }

  function recordOf(source: string, line: number): SourceRecord {
    const known = attackers.get(source) ?? visitors.get(source);
    if (known) return known;
    if (visitors.size >= SOURCES_MAX) forgetOldest();
    const record = {
      source,
      named_clients: new Set<string>(),
      requests: 0,
      first_line: line,
      last_line: line,
      deeds: new Map<AttackClass, Deed>(),
      watch: createSourceWatch(),
    };
    visitors.set(source, record);
    arrivals.push(source);
    return record;
  }

  return {
    /** Notes a line, the signs it bears itself and the scenarios it completes. */
    note(entry: LogEntry, line: { number: number; text: string }, line_signs: readonly LogSign[]): void {
      const record = recordOf(entry.source.slice(0, SOURCE_LENGTH_MAX), line.number);
      record.requests += 1;
      record.last_line = line.number;
      const signs = [...line_signs, ...record.watch.read(entry)];
      const path = entry.target.slice(0, PATH_LENGTH_MAX).replace(/\?.*/s, '');
      if (signs.length === 0) {
        const usual = entry.status === 200 && entry.size !== undefined && usual_sizes.size < PATHS_MAX;
        if (usual && !usual_sizes.has(path)) usual_sizes.set(path, entry.size ?? 0);
        return;
      }
      const probe = entry.status === undefined ? undefined : signs.find((sign) => TRADE[sign.class].path_probe);
      if (probe && probed_sizes.size < PATHS_MAX && !probed_sizes.has(path))
        probed_sizes.set(path, { size: entry.status === 200 ? (entry.size ?? 0) : 0, rule: probe.rule });
      if (!attackers.has(record.source)) {
        if (attackers.size >= ATTACKERS_MAX) {
          refused += 1;
          return;
        }
        visitors.delete(record.source);
        attackers.set(record.source, record);
      }
      if (entry.named_client !== undefined && record.named_clients.size < NAMED_MAX)
        record.named_clients.add(entry.named_client);
      for (const sign of signs) addDeed(record, sign, entry, line, usual_sizes.get(path));
    },
    /** The sizes in bytes that most paths share: of what visitors ask for, and of what only attackers ask for. */
    site: (): Site => ({
      usual: sharedSize([...usual_sizes].map(([path, size]) => ({ size, rule: path }))),
      unknown: sharedSize([...probed_sizes.values()]),
    }),
    attackers: (): SourceRecord[] => [...attackers.values()],
    forgotten: () => forgotten,
    /** Lines with signs from sources beyond `ATTACKERS_MAX`. */
    refused: () => refused,
  };
}

/** How the server answers most paths; undefined where each has an answer of its own or they are refused. */
export interface Site {
  usual: number | undefined;
  unknown: number | undefined;
}

/** The size that at least half share, of different kinds and enough to mean something: one exploit may succeed at several paths. */
function sharedSize(answers: readonly { size: number; rule: string }[]): number | undefined {
  const shared = new Map<number, { count: number; rules: Set<string> }>();
  for (const { size, rule } of answers) {
    const known = shared.get(size) ?? { count: 0, rules: new Set() };
    known.count += 1;
    known.rules.add(rule);
    shared.set(size, known);
  }
  for (const [size, { count, rules }] of shared)
    if (size > 0 && count >= SHARED_FROM && rules.size > 1 && count * 2 >= answers.length) return size;
  return undefined;
}

function addDeed(
  record: SourceRecord,
  sign: LogSign,
  entry: LogEntry,
  line: { number: number; text: string },
  usual_size: number | undefined,
): void {
  const known = record.deeds.get(sign.class);
  const deed = known ?? {
    class: sign.class,
    rule: sign.rule,
    titles: [],
    count: 0,
    calls_out: false,
    lines: [],
    answers: noAnswers(),
  };
  if (!known) record.deeds.set(sign.class, deed);
  deed.count += 1;
  deed.calls_out ||= sign.calls_out === true && (sign.class !== 'rce' || isAnswered(entry));
  if (!deed.titles.includes(sign.title) && deed.titles.length < TITLES_MAX) deed.titles.push(sign.title);
  if (deed.lines.length < LINES_MAX)
    deed.lines.push({ number: line.number, text: line.text.slice(0, LINE_CHARS_MAX), title: sign.title });
  addAnswer(deed.answers, entry, usual_size, sign.is_faint !== true);
}

/** A lookup is made where its line is logged, a command only where something takes the request. */
const isAnswered = ({ status = 200 }: LogEntry): boolean => status < 300 || status >= 500;

function addAnswer(
  answers: Answers,
  { status, size = 0 }: LogEntry,
  usual_size: number | undefined,
  is_sure: boolean,
): void {
  if (status === undefined) answers.unknown += 1;
  else if (status >= 500) answers.failed += 1;
  else if (status >= 400) answers.refused += 1;
  else if (status >= 300) answers.redirected += 1;
  else {
    answers.accepted += 1;
    if (usual_size !== undefined && isNear(size, usual_size)) answers.same_size += 1;
    else if (answers.changed_sizes.size < SIZES_MAX || answers.changed_sizes.has(size)) {
      const known = answers.changed_sizes.get(size);
      answers.changed_sizes.set(size, {
        times: (known?.times ?? 0) + 1,
        usual_size: known?.usual_size ?? usual_size,
        is_sure: is_sure || known?.is_sure === true,
      });
    }
  }
}

/** Two answers of one page. */
export const isNear = (size: number, usual_size: number): boolean =>
  Math.abs(size - usual_size) <= Math.max(SIZE_BYTES_NEAR, usual_size * SIZE_SHARE_NEAR);

const noAnswers = (): Answers => ({
  refused: 0,
  redirected: 0,
  failed: 0,
  unknown: 0,
  accepted: 0,
  changed_sizes: new Map(),
  same_size: 0,
});

/** Sources watched at once; each costs a few hundred bytes while it does nothing odd. */
export const SOURCES_MAX = 20_000;
/** Attackers kept; each costs a few kilobytes. */
export const ATTACKERS_MAX = 5_000;
const PATHS_MAX = 10_000;
const PATH_LENGTH_MAX = 256;
const SOURCE_LENGTH_MAX = 253;
const LINES_MAX = 3;
const LINE_CHARS_MAX = 1_000;
const NAMED_MAX = 20;
const TITLES_MAX = 5;
/** Fewer paths with an answer of one size may be chance. */
const SHARED_FROM = 3;
const SIZES_MAX = 32;
/** Answers of one page differ by a token or a time: within 64 bytes or 10 % they are the same page. */
const SIZE_BYTES_NEAR = 64;
const SIZE_SHARE_NEAR = 0.1;
