/** Command lines of published tests: does the technique that the product names share its parent with the declared one? */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { classifyCommand, mountedLolbas, parentOf } from '../../analysis/endpoint/index.ts';
import type { ScoredFolder } from '../folder.ts';
import { createStopwatch } from '../stopwatch.ts';

const Case = z.object({ id: z.string(), technique_v19: z.string(), command: z.string() });

/** Command lines of the folder `atomic`; the table of misused programs lies beside it, in `endpoint`. */
export const atomic: ScoredFolder = {
  folder: 'atomic',
  async score(dir, { fast, signal }) {
    const lines = gunzipSync(readFileSync(join(dir, 'commands.jsonl.gz')))
      .toString('utf8')
      .split('\n');
    const all = lines.filter(Boolean).map((line) => Case.parse(JSON.parse(line)));
    const cases = fast ? all.filter((_, index) => index % FAST_EVERY === 0) : all;
    const lolbas = tableBeside(dir);
    const watch = createStopwatch();
    const misses: string[] = [];
    let answered = 0;
    let parents = 0;
    let exact = 0;
    let cited = 0;
    for (const { id, technique_v19, command } of cases) {
      signal.throwIfAborted();
      const { technique, signs } = await watch.time(() => classifyCommand(withoutAnswer(command), lolbas));
      if (signs.length > 0) cited += 1;
      if (technique !== undefined) answered += 1;
      if (technique === technique_v19) exact += 1;
      if (technique !== undefined && parentOf(technique) === parentOf(technique_v19)) parents += 1;
      else misses.push(`${id}: ${technique ?? 'abstained'}, declared ${technique_v19}`);
    }
    const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
    return {
      cases: cases.length,
      measures: [
        {
          metric: 'parent technique right, of all',
          result: share(parents, cases.length),
          target: 0.6,
          better: 'higher',
        },
        {
          metric: 'parent technique right, of answered',
          result: share(parents, answered),
          target: 0.6,
          better: 'higher',
        },
        { metric: 'technique right, of all', result: share(exact, cases.length), target: 0.4, better: 'higher' },
        {
          metric: 'commands with a rule or entry cited',
          result: share(cited, cases.length),
          target: 0.8,
          better: 'higher',
        },
      ],
      misses,
      engine_ms: watch.elapsed_ms(),
    };
  },
};

/** The tests carry their own answer in the names of their folders and files; no intruder writes it there. */
const withoutAnswer = (command: string): string =>
  command
    .replace(/T\d{4}(?:[._-]\d{1,3})*/g, 'item')
    .replace(/atomic[-_ ]?red[-_ ]?team|PathToAtomicsFolder|atomics?/gi, 'tools');

function tableBeside(dir: string) {
  const path = join(dir, '..', 'endpoint', 'lolbas.json');
  if (!existsSync(path)) return undefined;
  const data: unknown = JSON.parse(readFileSync(path, 'utf8'));
  return mountedLolbas({
    get: (name) => (name === 'lolbas' ? { name, version: 'beside the cases', data } : undefined),
  });
}

const FAST_EVERY = 5;
