/** What was measured, as `bench/results.json` keeps it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { z } from 'zod';
import { GOALS, type Goal } from './goals.ts';
import type { Measured } from './kit.ts';
import { spreadOf } from './measure.ts';
import { verdictOf } from './verdict.ts';

/** One line: its figure with its spread, or why there is none. */
export const Line = z.object({
  id: z.string(),
  title: z.string(),
  better: z.enum(['more', 'less']),
  unit: z.string(),
  floor: z.number().optional(),
  target: z.number().optional(),
  stretch: z.number().optional(),
  verdict: z.enum(['green', 'yellow', 'red', 'told', 'skipped']),
  figure: z.number().optional(),
  spread: z.object({ least: z.number(), most: z.number() }).optional(),
  rounds: z.number().int().optional(),
  note: z.string().optional(),
  /** Why there is no figure: it cannot be measured here, or it broke. */
  why: z.string().optional(),
  measured_at: z.string(),
});
export type Line = z.infer<typeof Line>;

/** The file. */
export const Results = z.object({
  /** What a reader must know of them that no line says: kept until somebody takes it out. */
  remark: z.string().optional(),
  lines: z.array(Line),
  machine: z.object({ cpu: z.string(), cores: z.number(), memory_gb: z.number(), os: z.string() }),
  versions: z.record(z.string(), z.string()),
});
export type Results = z.infer<typeof Results>;

/** A line of what was measured. */
export function toLine(goal: Goal, told: Measured | { skip: string } | { broke: string }, measured_at: string): Line {
  const { id, title, better, unit, floor, target, stretch } = goal;
  const marks = { ...(floor !== undefined && { floor }), ...(target !== undefined && { target }) };
  const about = { id, title, better, unit, ...marks, ...(stretch !== undefined && { stretch }), measured_at };
  if ('skip' in told) return { ...about, verdict: 'skipped', why: told.skip };
  if ('broke' in told) return { ...about, verdict: 'red', why: told.broke };
  const { median, least, most } = spreadOf(told.figures);
  return {
    ...about,
    verdict: verdictOf(goal, median),
    figure: rounded(median),
    spread: { least: rounded(least), most: rounded(most) },
    rounds: told.figures.length,
    ...(told.note !== undefined && { note: told.note }),
  };
}

/** The lines of a run over those of earlier ones, in the order of the table; lines of rows that are gone go. */
export const merged = (earlier: readonly Line[], fresh: readonly Line[]): Line[] =>
  GOALS.flatMap(({ id }) => fresh.find((line) => line.id === id) ?? earlier.find((line) => line.id === id) ?? []);

/** The machine, as far as it matters. */
export const machineHere = (): Results['machine'] => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memory_gb: Math.round(totalmem() / 2 ** 30),
  os: `${platform()} ${release()} ${arch()}`,
});

/** Node, the product, and every peer as installed. */
export function versionsHere(): Results['versions'] {
  const product = execFileSync('git', ['describe', '--always', '--dirty'], { cwd: HERE, encoding: 'utf8' }).trim();
  const { dependencies } = z.object({ dependencies: z.record(z.string(), z.string()) }).parse(read('package.json'));
  const lock = Lock.parse(read('package-lock.json')).packages;
  const versions: Results['versions'] = { node: process.version, 'aurora-mesh': product };
  for (const name of Object.keys(dependencies)) versions[name] = lock[`node_modules/${name}`]?.version ?? 'unknown';
  return versions;
}

const rounded = (figure: number): number => Number(figure.toPrecision(4));
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const Lock = z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) });
const HERE = new URL('.', import.meta.url);
