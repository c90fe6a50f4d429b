/** `npm run score`: measures the product on cases with known answers, folder by folder, and ends with 1 where it fell below what must be held. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { folders } from './folders/index.ts';
import { isGood, isMet, scoreFolder, type Row } from './row.ts';
import { toPage, toTerminal } from './scorecard.ts';

const USAGE = `npm run score -- [--only sigma,evtx] [--fast] [--json] [--write] [--data <dir>]
  --only   these folders      --fast   a subset of each      --json   machine-readable
  --write  docs/scorecard.md  --data   other cases of the same form`;

/** Answers 0 when every number is held, 1 when one is not, 2 when called wrongly or without data. */
async function main(args: string[]): Promise<number> {
  const root = fileURLToPath(new URL(import.meta.url.includes('/dist/score/') ? '../..' : '..', import.meta.url));
  let options;
  try {
    options = parseArgs({
      args,
      options: {
        only: { type: 'string' },
        fast: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        data: { type: 'string', default: join(root, '..', 'shared', 'data') },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (reason) {
    return refuse(reason instanceof Error ? reason.message : String(reason));
  }
  const { data, fast, json, write } = options;
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const wanted = options.only?.split(',').filter(Boolean) ?? Object.keys(folders);
  const unknown = wanted.find((name) => !Object.hasOwn(folders, name));
  if (unknown !== undefined)
    return refuse(`no folder ${unknown} is scored; there are ${Object.keys(folders).join(', ')}`);
  if (!existsSync(data)) return refuse(`there is no folder ${data}: say with --data where the cases lie`);

  const signal = AbortSignal.timeout(SCORE_MS_MAX);
  const rows: Row[] = [];
  for (const name of wanted) {
    const load = folders[name];
    if (!load) continue;
    process.stderr.write(`scoring ${name} …\n`);
    rows.push(await scoreFolder(name, load, { data, fast, signal }));
  }
  process.stdout.write(json ? `${JSON.stringify({ fast, rows }, null, 2)}\n` : toTerminal(rows));
  if (write) writeFileSync(join(root, 'docs', 'scorecard.md'), toPage(rows));
  const lost = rows.filter((row) => !isGood(row));
  const short = rows.filter((row) => isGood(row) && !row.outcome?.measures.every(isMet));
  if (short.length > 0) process.stderr.write(`below target, as before: ${namesOf(short)}\n`);
  if (lost.length > 0) process.stderr.write(`below what must be held: ${namesOf(lost)}\n`);
  return lost.length > 0 ? 1 : 0;
}

const namesOf = (rows: readonly Row[]): string => rows.map(({ folder }) => folder).join(', ');

function refuse(why: string): number {
  process.stderr.write(`score: ${why}\n${USAGE}\n`);
  return 2;
}

/** The whole scorecard: ten minutes, then what is left counts as not scored. */
const SCORE_MS_MAX = 600_000;

process.exitCode = await main(process.argv.slice(2));
