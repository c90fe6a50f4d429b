/** Logs of servers and services with known attackers: is each named, with the class of what it did, and nobody else? */
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { judgeArtifact, readArtifact } from '../../analysis/forensics/index.ts';
import { analyzeAccessLog } from '../../analysis/web/index.ts';
import type { Measure, ScoredFolder } from '../folder.ts';
import { createStopwatch } from '../stopwatch.ts';

const Answers = z.object({
  cases: z.array(
    z.object({
      file: z.string(),
      log_type: z.string(),
      alerts: z.array(z.object({ scenario: z.string(), sources: z.array(z.string()) })),
    }),
  ),
});

/** Logs of the folder `logs`; those of web servers are measured by themselves as well, for only they have a specialist of their own. */
export const logs: ScoredFolder = {
  folder: 'logs',
  async score(dir, { signal }) {
    const { cases } = Answers.parse(JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8')));
    const watch = createStopwatch();
    const misses: string[] = [];
    const [of_all, of_web] = [createCounts(), createCounts()];
    for (const { file, log_type, alerts } of cases) {
      signal.throwIfAborted();
      const found = await watch.time(() => accusedIn(join(dir, file), file));
      const is_web = WEB_SERVERS.has(log_type);
      for (const { scenario, sources } of alerts) {
        for (const source of sources) {
          const classes = found.get(source);
          const is_classed = classesOf(scenario).some((each) => classes?.has(each));
          for (const counts of is_web ? [of_all, of_web] : [of_all]) {
            counts.sources += 1;
            counts.named += classes ? 1 : 0;
            counts.classed += is_classed ? 1 : 0;
          }
          if (!is_classed)
            misses.push(`${file}: ${source} ${classes ? 'named for another class than' : 'not named for'} ${scenario}`);
        }
      }
      const wanted = new Set(alerts.flatMap(({ sources }) => sources));
      const others = [...found].filter(([source, classes]) => !wanted.has(source) && classes.has(ACCUSED));
      if (is_web) of_web.others += others.length;
      misses.push(...others.map(([source]) => `${file}: ${source} accused, and no alert names it`));
    }
    return {
      cases: cases.length,
      measures: [
        {
          metric: 'attackers named, of web servers',
          result: share(of_web.named, of_web),
          target: 0.95,
          better: 'higher',
        },
        { metric: 'their class right', result: share(of_web.classed, of_web), target: 0.9, better: 'higher' },
        { metric: 'others accused', result: of_web.others, target: 0, better: 'exact' },
        ...HELD.map(([metric, count, target, held_at]): Measure => ({
          metric,
          result: share(of_all[count], of_all),
          target,
          better: 'higher',
          held_at,
        })),
      ],
      misses,
      engine_ms: watch.elapsed_ms(),
    };
  },
};

/** Sources and the classes of what they did, as the web specialist says, or else the forensic one. */
async function accusedIn(path: string, name: string): Promise<Map<string, Set<string>>> {
  const reading = await analyzeAccessLog(createReadStream(path), { name });
  if (reading.ok) {
    const accused = new Set(reading.result.iocs.map(({ value }) => value));
    return new Map(
      reading.result.attackers.map(({ source, classes }) => [
        source,
        new Set([...classes.map((each) => each.class as string), ...(accused.has(source) ? [ACCUSED] : [])]),
      ]),
    );
  }
  const { findings } = judgeArtifact(readArtifact(readFileSync(path), name));
  const found = new Map<string, Set<string>>();
  for (const { rule = '', title } of findings) {
    for (const [address] of title.matchAll(ADDRESS)) found.set(address, (found.get(address) ?? new Set()).add(rule));
  }
  return found;
}

function createCounts() {
  return { sources: 0, named: 0, classed: 0, others: 0 };
}

const share = (part: number, { sources }: { sources: number }): number => (sources === 0 ? 0 : part / sources);
const classesOf = (scenario: string): readonly string[] =>
  CLASSES.find(([pattern]) => pattern.test(scenario))?.[1] ?? [];

/** A source that the result lists as an indicator: not merely seen doing something. */
const ACCUSED = 'accused';
const ADDRESS = /\b(?:\d{1,3}\.){3}\d{1,3}\b/g;
const WEB_SERVERS = new Set(['nginx', 'apache2', 'caddy', 'aws-alb', 'bunkerweb', 'containerd', 'litespeed', 'zoraxy']);
/** Names of scenarios, and the classes here that say the same. */
const CLASSES: readonly [RegExp, readonly string[]][] = [
  [/user-enum|user_enum/, ['user-enumeration', 'login/spraying', 'login/guessing']],
  [/-bf(?:_|$)|bruteforce/, ['brute-force', 'exploit-path', 'login/guessing', 'login/spraying', 'login/guessed']],
  [/sensitive/, ['sensitive-file']],
  [/sqli/, ['sqli']],
  [/traversal/, ['lfi']],
  [/open-proxy/, ['open-proxy']],
  [/bad-user-agent/, ['scanner']],
  [/invalid-http/, ['malformed-request']],
  [/dos-swi/, ['dos']],
  [/./, ['exploit-path']],
];
/** Of all logs: most are of services that no specialist reads. */
const HELD: readonly [string, 'named' | 'classed', number, number][] = [
  ['attackers named, of all logs', 'named', 0.95, 0.225],
  ['class right, of all logs', 'classed', 0.9, 0.221],
];
