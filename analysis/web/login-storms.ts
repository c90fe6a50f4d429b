/** Passwords guessed from many sources: each tries too little to be seen by itself, all of them try the same path. */
import { evidence, neutralize } from '../evidence/index.ts';
import { createStormWatch, type Storm, type StormHabits } from '../logins/index.ts';
import { WEIGHT, type Gap, type Grounds, type WeighedFinding } from '../verdict/index.ts';
import type { LogEntry } from './log-line.ts';
import {
  isAcceptedLogin,
  isNameless,
  isOpenLogin,
  isRefusedLogin,
  isToldWrong,
  isUntoldLogin,
  pathOf,
} from './scenarios.ts';

/** A line that storms are seen on. */
interface Cited {
  number: number;
  text: string;
}

/** A pass over the sign-ins of a log, in bounded memory; `name` is what findings cite. */
export function createLoginStorms(name: string) {
  const paths = new Map<string, ReturnType<typeof createStormWatch<Cited>>[]>();
  const refused = new Map<string, { count: number; first: Cited }>();
  const untold = createUntoldStorms(name);
  const nameless = createNamelessCounts(name);
  let left = 0;
  let open = 0;
  return {
    note(entry: LogEntry, { number, text }: Cited): void {
      if (isOpenLogin(entry)) open += 1;
      nameless.note(entry, { number, text });
      const works = isAcceptedLogin(entry);
      if (!works && !isRefusedLogin(entry)) return;
      const record = { number, text: text.slice(0, LINE_CHARS_MAX) };
      untold.note(entry, record);
      if (!works) noteRefused(refused, entry.source, record);
      const path = pathOf(entry.target).slice(0, PATH_LENGTH_MAX);
      const known = paths.get(path);
      if (!known && works) return; // nobody was refused there so far
      if (!known && paths.size >= PATHS_MAX) {
        left += 1;
        return;
      }
      const watches = known ?? STORMS.map((habits) => createStormWatch<Cited>(habits));
      paths.set(path, watches);
      for (const watch of watches)
        watch.note({ works, address: entry.source, account: path }, record, (entry.time ?? Number.NaN) * 1_000);
    },
    /** `accused` are the sources that are told by themselves. */
    grounds(accused: ReadonlySet<string>): {
      findings: WeighedFinding[];
      techniques: NonNullable<Grounds['techniques']>;
    } {
      const told = [...paths].flatMap(([path, watches]) => {
        const storm = watches.map((watch) => watch.storm()).find((found) => found !== undefined);
        return storm ? [toFinding(name, path, storm)] : [];
      });
      const ids = new Set(told.map(({ id }) => id));
      const findings = [...told, ...untold.findings().filter(({ id }) => !ids.has(id))];
      const others = [...refused].filter(([source]) => !accused.has(source));
      const few = findings.length > 0 ? [] : fewOf(name, others);
      return {
        findings: [...findings, ...few, ...nameless.findings(accused)],
        techniques: findings.map(({ evidence: cited }) => ({ id: 'T1110', evidence: cited })),
      };
    },
    gaps: (): Gap[] => [
      ...untold.gaps(),
      ...(left === 0
        ? []
        : [
            {
              what: `${left} refused sign-ins at further paths, seen over all sources`,
              why: `${PATHS_MAX} paths are watched`,
              mandatory: true,
            },
          ]),
      ...(open === 0
        ? []
        : [{ what: `whether ${open} sign-ins worked`, why: 'their lines carry no status', is_unjudged: true }]),
    ],
  };
}

/** Storms on a form that answers 200: where it leads on who is right, they were wrong; where it never does, nobody can tell; where it says 401 to wrong ones, they were right. */
function createUntoldStorms(name: string) {
  const paths = new Map<
    string,
    { leads_on: boolean; tells_wrong: boolean; watch: ReturnType<typeof createStormWatch<Cited>> }
  >();
  const storms = (leads_on: boolean) =>
    [...paths].flatMap(([path, form]) => {
      const storm = form.leads_on === leads_on && !form.tells_wrong ? form.watch.storm() : undefined;
      return storm ? [{ path, storm }] : [];
    });
  return {
    note(entry: LogEntry, record: Cited): void {
      const path = pathOf(entry.target).slice(0, PATH_LENGTH_MAX);
      const is_untold = isUntoldLogin(entry);
      const tells_wrong = isToldWrong(entry);
      const known = paths.get(path);
      if (!known && (!(is_untold || tells_wrong) || paths.size >= PATHS_MAX)) return;
      const form = known ?? { leads_on: false, tells_wrong, watch: createStormWatch<Cited>(UNTOLD_STORM) };
      paths.set(path, form);
      form.tells_wrong ||= tells_wrong;
      form.leads_on ||= !is_untold;
      form.watch.note(
        { works: !is_untold, address: entry.source, account: path },
        record,
        (entry.time ?? Number.NaN) * 1_000,
      );
    },
    findings: (): WeighedFinding[] => storms(true).map(({ path, storm }) => toFinding(name, path, storm)),
    gaps: (): Gap[] =>
      // Who is let in signs in once.
      storms(false)
        .filter(({ storm }) => storm.tries >= storm.addresses * 2)
        .map(({ path, storm: { tries, addresses, lasted_ms } }) => ({
          what: `whether ${tries} sign-ins at ${neutralize(path, PATH_LENGTH_MAX)} from ${addresses} sources within ${Math.ceil(lasted_ms / 60_000)} minutes were guesses`,
          why: 'it answers 200 to all of them, right or wrong',
          is_unjudged: true,
        })),
  };
}

/** Requests that are refused again and again although the log shows no password: a program at work, as far as anybody can tell. */
function createNamelessCounts(name: string) {
  const sources = new Map<string, { path: string; count: number; first: Cited }>();
  return {
    note(entry: LogEntry, { number, text }: Cited): void {
      const known = sources.get(entry.source);
      if (!isNameless(entry)) {
        // Who is asked for a password first, and then answered, was not refused.
        if (known && known.count > 0 && (entry.status ?? 500) < 400 && known.path === pathOf(entry.target))
          known.count -= 1;
        return;
      }
      const path = pathOf(entry.target).slice(0, PATH_LENGTH_MAX);
      if (known) {
        known.count += 1;
        known.path = path;
      } else if (sources.size < SOURCES_MAX)
        sources.set(entry.source, { path, count: 1, first: { number, text: text.slice(0, LINE_CHARS_MAX) } });
    },
    findings(accused: ReadonlySet<string>): WeighedFinding[] {
      const told = [...sources].filter(([source, { count }]) => count >= NAMELESS_MANY && !accused.has(source));
      const count = told.reduce((sum, [, each]) => sum + each.count, 0);
      if (told.length === 0) return [];
      return [
        {
          id: 'brute-force_nameless',
          title: `${count} requests of ${told.length} source${told.length === 1 ? '' : 's'} were refused again and again (401), and the log shows no password that was sent`,
          severity: 'info',
          rule: 'brute-force/nameless',
          weight: 0,
          basis: 'nameless refusals',
          evidence: told
            .slice(0, FEW_SHOWN)
            .map(([, { first }]) => evidence({ source: name, locator: `line ${first.number}`, text: first.text })),
        },
      ];
    },
  };
}

function noteRefused(refused: Map<string, { count: number; first: Cited }>, source: string, first: Cited): void {
  const known = refused.get(source);
  if (known) known.count += 1;
  else if (refused.size < SOURCES_MAX) refused.set(source, { count: 1, first });
}

/** Refused sign-ins that are too few to be guessing: noted, and nobody is accused of them. */
function fewOf(name: string, others: readonly [string, { count: number; first: Cited }][]): WeighedFinding[] {
  if (others.length === 0) return [];
  const count = others.reduce((sum, [, each]) => sum + each.count, 0);
  return [
    {
      id: 'brute-force_few',
      title: `${count} refused sign-in${count === 1 ? '' : 's'} from ${others.length} source${others.length === 1 ? '' : 's'}, too few of each to be guessing`,
      severity: 'info',
      rule: 'brute-force/few',
      weight: 0,
      basis: 'few refused',
      evidence: others
        .slice(0, FEW_SHOWN)
        .map(([, { first }]) => evidence({ source: name, locator: `line ${first.number}`, text: first.text })),
    },
  ];
}

const toFinding = (name: string, path: string, storm: Storm<Cited>): WeighedFinding => ({
  id: `brute-force_${path}`,
  title: `${neutralize(path, PATH_LENGTH_MAX)}: password guessing from ${storm.addresses} sources, ${storm.tries} refused sign-ins within ${Math.ceil(storm.lasted_ms / 60_000)} minutes`,
  severity: 'medium',
  rule: 'brute-force/distributed',
  weight: WEIGHT.medium,
  basis: `path ${path}`,
  evidence: [storm.first, storm.last].map(({ number, text }) =>
    evidence({ source: name, locator: `line ${number}`, text }),
  ),
});

/** Within ten minutes, or slower and more of them. Users fail as well, where more of them get in. */
const STORMS: readonly StormHabits[] = [
  { window_ms: 600_000, tries: 30, tries_each: 5, addresses: 10, to_users: 2 },
  { window_ms: 21_600_000, tries: 100, tries_each: 5, addresses: 20, to_users: 2 },
];
/** Many more than fail by accident: of those who sign in to a form, hardly anybody is led on. */
const UNTOLD_STORM: StormHabits = { window_ms: 600_000, tries: 60, tries_each: 5, addresses: 20, to_users: 4 };
const PATHS_MAX = 200;
const SOURCES_MAX = 5_000;
const FEW_SHOWN = 3;
/** Fewer refusals of one source say nothing at all. */
const NAMELESS_MANY = 20;
const PATH_LENGTH_MAX = 120;
const LINE_CHARS_MAX = 1_000;
