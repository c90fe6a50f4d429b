/** Runs scenarios and says what held: `run.mjs [--seeds 3] [--seed 7] [--only X7,X9] [--set short] [--minutes 20] [--json file] [--keep]`. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tryRun } from '../support/child.ts';
import { createKit, type Outcome, type Scenario } from './harness.ts';

/** One line of the table. */
export interface Result extends Outcome {
  id: string;
  name: string;
  seed: number;
  ms: number;
  injections: readonly { what: string; at_ms: number }[];
  /** Why it could not run here; it then neither held nor failed. */
  skipped?: string;
}

/** The command. Answers its exit code: 1 when anything broke. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: FLAGS });
  const only = values.only?.split(',');
  const scenarios = (await loadScenarios()).filter(
    ({ id, set }) => (only?.includes(id) ?? true) && (values.set === undefined || set === values.set),
  );
  if (scenarios.length === 0) throw new Error('there is no such scenario');
  const first = Number(values.seed ?? 1);
  const until = performance.now() + 60_000 * Number(values.minutes ?? 0);
  const results: Result[] = [];
  for (let seed = first; seed < first + Number(values.seeds ?? 1) || performance.now() < until; seed++) {
    for (const scenario of scenarios)
      results.push(await runOnce(scenario, seed, { say: console.log, keep: values.keep, set: values.set }));
  }
  console.log(`\n${tableOf(results)}`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
  return results.some(({ verdict }) => verdict.length > 0) ? 1 : 0;
}

/** Every scenario there is, in the order of its number. */
export async function loadScenarios(): Promise<Scenario[]> {
  const folder = join(import.meta.dirname, 'scenarios');
  const files = readdirSync(folder).filter((name) => /^x\d+-.*\.ts$/.test(name));
  return Promise.all(
    files.sort().map(async (name) => ((await import(join(folder, name))) as { scenario: Scenario }).scenario),
  );
}

/** One scenario with one seed; bounded, cleaned up, and never rejects: what is thrown is a verdict. */
export async function runOnce(
  scenario: Scenario,
  seed: number,
  { say = () => undefined, keep = false, set }: RunOptions = {},
): Promise<Result> {
  const { id, name, needs = [], ms_max = MS_MAX } = scenario;
  const lacking = needs.filter((need) => !isHere(need));
  const about = { id, name, seed, ms: 0, injections: [], verdict: [] };
  if (lacking.length > 0) {
    const skipped = `needs ${lacking.join(', ')}`;
    say(`${id} ${name}: SKIP, ${skipped}`);
    return { ...about, skipped };
  }
  say(`${id} ${name}, seed ${seed}`);
  const began = performance.now();
  const kit = createKit(seed, say, set === 'short');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not over after ${ms_max} ms`)), ms_max);
  });
  const outcome = await Promise.race([scenario.run(seed, kit), late]).catch((reason: unknown): Outcome => ({
    verdict: [reason instanceof Error ? reason.message : String(reason)],
  }));
  clearTimeout(timer);
  await kit.end(keep);
  if (keep) say(`  kept: ${kit.folder}`);
  const result: Result = {
    ...about,
    recovery_ms: kit.recovery_ms,
    ...outcome,
    ms: Math.round(performance.now() - began),
    injections: kit.injections,
  };
  say(`  ${verdictOf(result)}${result.recovery_ms === undefined ? '' : `, recovered in ${result.recovery_ms} ms`}`);
  if (result.verdict.length > 0) {
    for (const fault of result.verdict.slice(0, FAULTS_SHOWN)) say(`    ${fault}`);
    say(`    again: npm run test:faults -- --only ${id} --seed ${seed}`);
  }
  return result;
}

/** How a scenario is run. */
interface RunOptions {
  say?: (line: string) => void;
  keep?: boolean | undefined;
  /** `short`: those that can do less do less. */
  set?: string | undefined;
}

const verdictOf = ({ verdict, skipped }: Result): string =>
  skipped === undefined ? (verdict.length === 0 ? 'held' : `BROKEN (${verdict.length})`) : 'SKIP';

/** Scenario, seeds, verdict, worst recovery; skips apart. */
function tableOf(results: readonly Result[]): string {
  const ids = [...new Set(results.map(({ id }) => id))];
  const lines = ids.map((id) => {
    const own = results.filter((result) => result.id === id);
    const [first] = own;
    const recoveries = own.flatMap(({ recovery_ms }) => recovery_ms ?? []);
    const worst = recoveries.length > 0 ? `${Math.max(...recoveries)} ms` : '-';
    const figures = Object.entries(own.at(-1)?.figures ?? {}).map(([name, value]) => `${name} ${value}`);
    const broken = own.find(({ verdict }) => verdict.length > 0) ?? first;
    const seeds = own.map(({ seed }) => seed).join(' ');
    const cells = [id.padEnd(4), (first?.name ?? '').padEnd(34), seeds.padEnd(8), broken ? verdictOf(broken) : ''];
    return `${cells.join(' ').padEnd(62)} ${worst.padStart(9)}  ${first?.skipped ?? figures.join(', ')}`;
  });
  const ran = results.filter(({ skipped }) => skipped === undefined);
  const broken = ran.filter(({ verdict }) => verdict.length > 0).length;
  const skipped = new Set(results.flatMap((result) => (result.skipped === undefined ? [] : result.id))).size;
  const total = `${ran.length - broken} held, ${broken} broken${skipped > 0 ? `, ${skipped} SKIP` : ''}`;
  return [`${'id   scenario'.padEnd(40)}seeds    verdict`.padEnd(62) + '  recovery  figures', ...lines, total].join(
    '\n',
  );
}

function isHere(need: string): boolean {
  if (need === 'root') return process.getuid?.() === 0 && mayMount();
  if (need.includes('/')) return existsSync(need);
  return tryRun('which', [need]).status === 0;
}

/** Root in a container often may not: what counts is the capability CAP_SYS_ADMIN. */
function mayMount(): boolean {
  const [, held = '0'] = /^CapEff:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return ((BigInt(`0x${held}`) >> 21n) & 1n) === 1n;
}

const FLAGS = {
  seeds: { type: 'string' },
  seed: { type: 'string' },
  only: { type: 'string' },
  set: { type: 'string' },
  minutes: { type: 'string' },
  json: { type: 'string' },
  keep: { type: 'boolean' },
} as const;
const MS_MAX = 120_000;
const FAULTS_SHOWN = 20;
