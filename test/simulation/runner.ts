/** Runs seeds and says which broke a promise: `run.mjs [--seeds 5000] [--seed 1] [--trace]`. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { simulate } from './simulate.ts';

/** The command. Answers its exit code: 1 when any seed broke a promise. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: FLAGS });
  const first = Number(values.seed ?? 1);
  const seeds = Number(values.seeds ?? (values.seed === undefined ? SEEDS : 1));
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(seeds) || seeds < 1)
    throw new Error('--seed and --seeds take whole numbers');
  const step = Number(values.step ?? 1);
  if (process.send) return share(first, seeds, step);
  return seeds === 1 ? one(first, values.trace ?? false) : all(first, seeds);
}

/** One seed, told in full. */
async function one(seed: number, is_traced: boolean): Promise<number> {
  const { verdict, tasks, virtual_ms, trace } = await simulate(seed, { is_traced });
  for (const line of trace) console.log(line);
  console.log(`seed ${seed}: ${tasks} tasks, ${virtual_ms} virtual ms, ${verdict.length === 0 ? 'held' : 'BROKEN'}`);
  for (const sentence of verdict) console.log(`  ${sentence}`);
  return verdict.length === 0 ? 0 : 1;
}

/** All of them, shared out; a process takes every n-th. */
async function all(first: number, seeds: number): Promise<number> {
  const began = performance.now();
  const processes = Math.min(availableParallelism(), PROCESSES_MAX, seeds);
  let [done, broken, tasks] = [0, 0, 0];
  const codes = await Promise.all(
    Array.from({ length: processes }, (_, nth) => {
      const own = Math.ceil((seeds - nth) / processes);
      const words = ['--seed', `${first + nth}`, '--seeds', `${own}`, '--step', `${processes}`];
      const child = fork(join(import.meta.dirname, 'run.mjs'), words);
      child.on('message', (message) => {
        const told = Told.parse(message);
        done += 1;
        tasks += told.tasks;
        if (told.verdict.length > 0 && ++broken <= BROKEN_SHOWN) {
          console.log(`seed ${told.seed} BROKEN: ${told.verdict.slice(0, 3).join('; ')}`);
          console.log(`  again: npm run simulate -- --seed ${told.seed} --trace`);
        }
        if (done % TELL_EVERY === 0) console.log(`${done} of ${seeds} seeds, ${broken} broken`);
      });
      return new Promise<number | null>((resolve) => child.on('exit', resolve));
    }),
  );
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  console.log(`${done} seeds, ${tasks} tasks, ${broken} broken, ${seconds} s in ${processes} processes`);
  return broken === 0 && done === seeds && codes.every((code) => code === 0) ? 0 : 1;
}

/** The seeds of one process; each is told as soon as it is over. */
async function share(first: number, seeds: number, step: number): Promise<number> {
  for (let nth = 0; nth < seeds; nth++) {
    const { seed, verdict, tasks } = await simulate(first + nth * step);
    process.send?.({ seed, verdict, tasks } satisfies Told);
  }
  process.disconnect();
  return 0;
}

const Told = z.object({ seed: z.number(), verdict: z.array(z.string()), tasks: z.number() });
type Told = z.infer<typeof Told>;

const FLAGS = {
  seeds: { type: 'string' },
  seed: { type: 'string' },
  step: { type: 'string' },
  trace: { type: 'boolean' },
} as const;
/** As many as every run of the tests takes (promises.md 3). */
const SEEDS = 5_000;
const PROCESSES_MAX = 8;
const BROKEN_SHOWN = 20;
const TELL_EVERY = 500;
