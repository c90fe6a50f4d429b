/** What the command line asks for. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { GOALS, rowOf, ROWS } from './goals.ts';
import type { Options } from './kit.ts';

/** A call that was understood. */
export interface Asked extends Options {
  /** Ids of lines. */
  lines: string[];
  /** The results and the page are written: for a whole run at full length, or when it was said. */
  write: boolean;
  json: boolean;
}

/** For people. */
export const USAGE =
  'npm run bench -- [row …] [--quick] [--rounds <n>] [--seconds <s>] [--write] [--json] [--slow] [--cpu-prof <dir>] [--data <dir>]';

/** Reads it. Throws an Error with a sentence for the user. */
export function parseOptions(args: string[]): Asked {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      write: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      slow: { type: 'boolean', default: false },
      'cpu-prof': { type: 'string' },
      data: { type: 'string', default: fileURLToPath(new URL('../../shared/data', import.meta.url)) },
    },
  });
  const unknown = positionals.find((name) => linesOf(name).length === 0);
  if (unknown !== undefined) throw new Error(`there is no row ${unknown}; there are ${ROWS.join(', ')}`);
  const { quick, slow, json, data } = values;
  const lines = positionals.length === 0 ? GOALS.map(({ id }) => id) : positionals.flatMap(linesOf);
  const is_whole = positionals.length === 0 && !quick && !slow;
  return {
    lines,
    quick,
    slow,
    json,
    data,
    rounds: numberOf('rounds', values.rounds, quick ? 2 : 5, 1),
    ms: numberOf('seconds', values.seconds, quick ? 0.4 : 2, 0.1) * 1_000,
    write: values.write || is_whole,
    cpu_prof: values['cpu-prof'],
  };
}

/** A row, or one line of it. */
const linesOf = (name: string): string[] => GOALS.flatMap(({ id }) => (id === name || rowOf(id) === name ? [id] : []));

function numberOf(name: string, given: string | undefined, otherwise: number, least: number): number {
  const value = given === undefined ? otherwise : Number(given);
  if (!(value >= least)) throw new Error(`--${name} ${given ?? ''} is no number from ${least} on`);
  return value;
}
