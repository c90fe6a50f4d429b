/** Matches all recordings against the whole rule pack, round after round, in a process of its own: `<pack> <recordings> <rounds>`. */
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { collect, unpack } from '../../analysis/readers/index.ts';
import { openRecording } from '../../analysis/recordings/index.ts';
import { compileRuleset, createEngine, type RuleFile } from '../../analysis/sigma/index.ts';

const RULE_BYTES_MAX = 1_048_576;

const [pack = '', recordings = '', rounds = '1'] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await measureRounds(pack, recordings, Number(rounds))));

/** Seconds of processor time, which other work on the machine does not take away, and by the clock. */
async function measureRounds(pack: string, recordings: string, count: number) {
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
  const rounds = [];
  for (let round = 0; round < count; round++) {
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
