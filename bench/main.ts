/** The bench: measures the rows that were asked for, tells them, and says by its exit code whether all is well. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GOALS } from './goals.ts';
import { GROUPS } from './groups.ts';
import { Skip, type Group, type Kit, type Told } from './kit.ts';
import { parseOptions, USAGE, type Asked } from './options.ts';
import { toTable } from './report.ts';
import { toLine, type Line } from './results.ts';
import { writeResults } from './write.ts';

/** 0: nothing is below its floor; 1: something is; 2: called wrongly; 3: nothing is, but something could not be measured. */
export async function main(args: string[]): Promise<number> {
  let asked: Asked;
  try {
    asked = parseOptions(args);
  } catch (reason) {
    process.stderr.write(`bench: ${reason instanceof Error ? reason.message : String(reason)}\n${USAGE}\n`);
    return 2;
  }
  const lines = await measureAll(asked);
  process.stdout.write(asked.json ? `${JSON.stringify(lines, null, 2)}\n` : toTable(lines));
  if (asked.write) writeResults(lines);
  if (lines.some(({ verdict }) => verdict === 'red')) return 1;
  return lines.some(({ verdict }) => verdict === 'skipped') ? 3 : 0;
}

async function measureAll(asked: Asked): Promise<Line[]> {
  const told: Told = new Map();
  for (const group of GROUPS) {
    const wanted = new Set(group.lines.filter((id) => asked.lines.includes(id)));
    if (wanted.size > 0) for (const [id, what] of await measureGroup(group, wanted, asked)) told.set(id, what);
  }
  const at = new Date().toISOString();
  return GOALS.flatMap((goal) => {
    const what = told.get(goal.id);
    return what ? [toLine(goal, what, at)] : [];
  });
}

/** One group with a folder of its own; whatever it started is gone before the next begins. */
async function measureGroup(group: Group, wanted: ReadonlySet<string>, asked: Asked): Promise<Told> {
  const folder = mkdtempSync(join(tmpdir(), 'aurora-bench-'));
  const ends: (() => Promise<void>)[] = [];
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const kit: Kit = {
    ...asked,
    folder,
    say: (text) => void process.stderr.write(`bench: ${text}\n`),
    onEnd: (end) => void ends.unshift(end),
  };
  try {
    return await group.measure(kit, wanted);
  } catch (reason) {
    if (reason instanceof Skip) return new Map([...wanted].map((id) => [id, { skip: reason.message }]));
    // What breaks is a failure of its rows; the others go on.
    const why = { broke: sentenceOf(reason) };
    kit.say(`broke: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`);
    return new Map([...wanted].map((id) => [id, why]));
  } finally {
    for (const end of ends) await end();
    remove();
    process.off('exit', remove);
  }
}

/** Of the last words of a process the one that names the error; a table has no room for more. */
function sentenceOf(reason: unknown): string {
  const message = reason instanceof Error ? reason.message : String(reason);
  const named = message.split('\n').findLast((line) => /^\w*Error: /.test(line));
  return (named ?? message.split('\n', 1)[0] ?? '').slice(0, SENTENCE_CHARS_MAX);
}

const SENTENCE_CHARS_MAX = 200;
