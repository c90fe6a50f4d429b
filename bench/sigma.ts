/** Sigma: events a second on one core, the whole rule pack over all recordings, from the zip to the hit. */
import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { collect, unpack } from '../analysis/readers/index.ts';
import { openRecording } from '../analysis/recordings/index.ts';
import { compileRuleset, createEngine, type RuleFile } from '../analysis/sigma/index.ts';

const USAGE = 'npm run bench -- [sigma] [--json] [--data <dir>]';

/** Answers 0 when it was measured or there is nothing to measure with, 1 when it broke off, 2 when called wrongly. */
export async function main(args: string[]): Promise<number> {
  const called = parse(args);
  if (!called) return 2;
  const { data, json, measure } = called;
  const pack = join(data, 'sigma', 'sigma-rules.tar.gz');
  const recordings = join(data, 'mordor');
  if (measure) {
    process.stdout.write(JSON.stringify(await measureRounds(pack, recordings)));
    return 0;
  }
  const missing = [pack, recordings].find((path) => !existsSync(path));
  if (missing !== undefined) {
    process.stderr.write(`SKIP sigma: there is no ${missing}; say with --data where the cases lie\n`);
    return 0;
  }
  // In a process of its own, so that nothing of ours is in the figures.
  const child = spawnSync(process.execPath, [RUN, '--measure', '--data', data], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: MEASURE_MS_MAX,
  });
  if (child.status !== 0) return 1;
  const measured = Measured.parse(JSON.parse(child.stdout));
  process.stdout.write(json ? `${JSON.stringify(toReport(measured), null, 2)}\n` : toTable(toReport(measured)));
  return 0;
}

function parse(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        measure: { type: 'boolean', default: false },
        data: { type: 'string', default: fileURLToPath(new URL('../../shared/data', import.meta.url)) },
      },
    });
    const unknown = positionals.find((name) => name !== 'sigma');
    if (unknown !== undefined) throw new Error(`nothing called ${unknown} is measured; there is sigma`);
    return values;
  } catch (reason) {
    process.stderr.write(`bench: ${reason instanceof Error ? reason.message : String(reason)}\n${USAGE}\n`);
    return undefined;
  }
}

/** What the measuring process tells. */
const Measured = z.object({
  rules: z.number(),
  refused: z.number(),
  compile_ms: z.number(),
  rounds: z.array(z.object({ events: z.number(), hits: z.number(), wall_ms: z.number(), cpu_ms: z.number() })).min(1),
});
type Measured = z.infer<typeof Measured>;

async function measureRounds(pack: string, recordings: string): Promise<Measured> {
  const files: RuleFile[] = [];
  for await (const { name, bytes } of unpack({ name: 'pack', bytes: createReadStream(pack) })) {
    if (!name.endsWith('.yml')) continue;
    files.push({ path: name, text: (await collect(bytes, RULE_BYTES_MAX)).toString('utf8') });
  }
  const started = performance.now();
  const { rules, filters, refused } = await compileRuleset(files, 'the pack of the cases');
  const engine = createEngine(rules, filters);
  const compile_ms = performance.now() - started;
  const names = readdirSync(recordings).filter((name) => name.endsWith('.zip'));
  const rounds: Measured['rounds'] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [from_ms, from_cpu] = [performance.now(), process.cpuUsage()];
    let [events, hits] = [0, 0];
    for (const name of names) {
      const bytes = createReadStream(join(recordings, name));
      for await (const batch of openRecording({ name, bytes }).batches) {
        events += batch.length;
        for (const event of batch) hits += engine.match(event).length;
      }
    }
    const { user, system } = process.cpuUsage(from_cpu);
    rounds.push({ events, hits, wall_ms: performance.now() - from_ms, cpu_ms: (user + system) / 1_000 });
  }
  return { rules: rules.length, refused: refused.length, compile_ms, rounds };
}

/** The figures of all rounds; a second is one of processor time, which other work on the machine does not take away. */
function toReport({ rules, refused, compile_ms, rounds }: Measured) {
  const rates = (of: 'wall_ms' | 'cpu_ms') => {
    const sorted = rounds
      .map((round) => Math.round((round.events * 1_000) / round[of]))
      .sort((left, right) => left - right);
    return { median: sorted[sorted.length >> 1] ?? 0, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
  };
  return {
    measurement: 'sigma',
    node: process.version,
    rounds: rounds.length,
    rules,
    rules_refused: refused,
    compile_ms: Math.round(compile_ms),
    events: rounds[0]?.events ?? 0,
    hits: rounds[0]?.hits ?? 0,
    events_per_cpu_second: rates('cpu_ms'),
    events_per_second: rates('wall_ms'),
  };
}

function toTable(report: ReturnType<typeof toReport>): string {
  const { rules, rules_refused, compile_ms, events, hits, rounds, node } = report;
  const row = (name: string, { median, least, most }: { median: number; least: number; most: number }) =>
    `${name.padEnd(NAME_WIDTH)}${[median, least, most].map((figure) => String(figure).padStart(FIGURE_WIDTH)).join('')}`;
  return [
    `sigma: ${rules} rules (${rules_refused} files refused, compiled in ${compile_ms} ms), ${events} events, ${hits} hits, ${rounds} rounds, Node ${node}`,
    `${''.padEnd(NAME_WIDTH)}${['median', 'least', 'most'].map((head) => head.padStart(FIGURE_WIDTH)).join('')}`,
    row('events per second of one core', report.events_per_cpu_second),
    row('events per second by the clock', report.events_per_second),
    '',
  ].join('\n');
}

const RUN = fileURLToPath(new URL('run.mjs', import.meta.url));
const ROUNDS = 5;
const MEASURE_MS_MAX = 1_200_000;
const RULE_BYTES_MAX = 1_048_576;
const NAME_WIDTH = 32;
const FIGURE_WIDTH = 10;
