/** Passwords guessed from many sources: each tries too little to be seen by itself, all of them try the same path. */
import { evidence, neutralize } from '../evidence/index.ts';
import { createStormWatch, type Storm, type StormHabits } from '../logins/index.ts';
import { WEIGHT, type Gap, type Grounds, type WeighedFinding } from '../verdict/index.ts';
import type { LogEntry } from './log-line.ts';
import { isAcceptedLogin, isRefusedLogin, pathOf } from './scenarios.ts';

/** A line that storms are seen on. */
interface Cited {
  number: number;
  text: string;
}

/** A pass over the sign-ins of a log, in bounded memory; `name` is what findings cite. */
export function createLoginStorms(name: string) {
  const paths = new Map<string, ReturnType<typeof createStormWatch<Cited>>[]>();
  let left = 0;
  return {
    note(entry: LogEntry, { number, text }: Cited): void {
      const works = isAcceptedLogin(entry);
      if (!works && !isRefusedLogin(entry)) return;
      const path = pathOf(entry.target).slice(0, PATH_LENGTH_MAX);
      const known = paths.get(path);
      if (!known && works) return; // nobody was refused there so far
      if (!known && paths.size >= PATHS_MAX) {
        left += 1;
        return;
      }
      const watches = known ?? STORMS.map((habits) => createStormWatch<Cited>(habits));
      paths.set(path, watches);
      const record = { number, text: text.slice(0, LINE_CHARS_MAX) };
      for (const watch of watches)
        watch.note({ works, address: entry.source, account: path }, record, (entry.time ?? Number.NaN) * 1_000);
    },
    grounds(): { findings: WeighedFinding[]; techniques: NonNullable<Grounds['techniques']> } {
      const findings = [...paths].flatMap(([path, watches]) => {
        const storm = watches.map((watch) => watch.storm()).find((found) => found !== undefined);
        return storm ? [toFinding(name, path, storm)] : [];
      });
      return { findings, techniques: findings.map(({ evidence: cited }) => ({ id: 'T1110', evidence: cited })) };
    },
    gaps: (): Gap[] =>
      left === 0
        ? []
        : [
            {
              what: `${left} refused sign-ins at further paths, seen over all sources`,
              why: `${PATHS_MAX} paths are watched`,
              mandatory: true,
            },
          ],
  };
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
const PATHS_MAX = 200;
const PATH_LENGTH_MAX = 120;
const LINE_CHARS_MAX = 1_000;
