/** Sigma: events a second of one core, the whole rule pack over all recordings, from the zip to the hit. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Skip, type Group } from '../kit.ts';
import { pathOf } from '../mesh.ts';

export const sigma: Group = {
  lines: ['sigma'],
  async measure(kit) {
    const pack = join(kit.data, 'sigma', 'sigma-rules.tar.gz');
    const recordings = join(kit.data, 'mordor');
    const missing = [pack, recordings].find((path) => !existsSync(path));
    if (missing !== undefined) throw new Skip(`there is no ${missing}; say with --data where the cases lie`);
    const hook = pathOf('../test/faults/typescript-hook.mjs');
    // In a process of its own, so that nothing of ours is in the figures.
    const words = ['--import', hook, pathOf('product/sigma-rounds.ts'), pack, recordings, String(kit.rounds)];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, {
      encoding: 'utf8',
      timeout: MEASURE_MS_MAX,
    });
    if (status !== 0) throw new Error(`sigma broke off: ${stderr.slice(-WORDS_CHARS_MAX)}`);
    const { rules, refused, compile_ms, rounds } = Measured.parse(JSON.parse(stdout));
    const [first] = rounds;
    const note = `${rules} rules (${refused} files refused, compiled in ${compile_ms.toFixed(0)} ms), ${first?.events ?? 0} events, ${first?.hits ?? 0} hits`;
    return new Map([['sigma', { figures: rounds.map(({ events, cpu_ms }) => (events * 1_000) / cpu_ms), note }]]);
  },
};

/** What the measuring process tells. */
const Measured = z.object({
  rules: z.number(),
  refused: z.number(),
  compile_ms: z.number(),
  rounds: z.array(z.object({ events: z.number(), hits: z.number(), wall_ms: z.number(), cpu_ms: z.number() })).min(1),
});
const MEASURE_MS_MAX = 1_200_000;
const WORDS_CHARS_MAX = 2_000;
