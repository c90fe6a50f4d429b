/** Checking the ledger, copying it, and putting a copy back. */
import { constants, copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { colors, restoreLedger, sha256Of, type Config } from '../boot/index.ts';
import type { Peer } from '../mesh/index.ts';
import { AuroraError, LedgerBackup, LedgerVerdict } from '../protocol/index.ts';
import { advising, EXIT, UsageError } from './outcome.ts';
import { print } from './print.ts';
import { isRunning } from './reach.ts';
import { safe } from './text.ts';

/** Answers 0 when every row fits, 1 when one does not. */
export async function verify(peer: Peer, json: boolean): Promise<number> {
  const verdict = LedgerVerdict.parse(await peer.request('ledger/verify', {}, { timeout_ms: LONG_MS }));
  if (json) print(verdict);
  else process.stdout.write(`${toSentence(verdict)}\n`);
  return verdict.ok ? EXIT.ok : EXIT.failed;
}

/** Has a copy made and moves it to `file`; answers 1 when the copy lies where this machine cannot see it. */
export async function backup(peer: Pick<Peer, 'request'>, file: string, json: boolean): Promise<number> {
  const target = resolve(file);
  if (existsSync(target)) throw new UsageError(`${file} exists already: a backup never overwrites`);
  if (!existsSync(dirname(target))) throw new UsageError(`There is no folder ${dirname(target)}`);
  const answer = await peer.request('ledger/backup', {}, { timeout_ms: LONG_MS }).catch(advising(5030, NO_COPY));
  const made = LedgerBackup.parse(answer);
  const is_here = await isThatFile(made.path, made);
  if (is_here) move(made.path, target);
  const at = is_here ? target : made.path;
  if (json) print({ ...made, path: at, is_here });
  else process.stdout.write(`${safe(at)}  ${made.bytes} bytes  sha256 ${made.sha256}\n`);
  if (is_here) return EXIT.ok;
  process.stderr.write('aurora: the copy was made, but lies on the machine of the orchestrator: fetch it from there\n');
  return EXIT.failed;
}

/** Puts a backup in the place of the ledger. Throws while somebody uses that, or when the backup is not sound. */
export async function restore(config: Config, file: string, json: boolean): Promise<void> {
  if (!existsSync(file) || !statSync(file).isFile()) throw new UsageError(`There is no file ${file}`);
  const { database, database_file } = config.ledger;
  if (database !== undefined || database_file !== undefined) {
    throw new UsageError('This ledger is in PostgreSQL: bring it back with pg_restore');
  }
  if (await isRunning(config))
    throw new UsageError(`A fleet runs on ${config.data}: stop it first, with Ctrl-C where aurora up runs`);
  const restored = await restoreLedger(config, resolve(file)).catch((reason: unknown) => {
    // Its sentence says whether somebody holds the ledger, or what is wrong with the backup; nothing was changed.
    throw reason instanceof Error ? new UsageError(`${reason.message}: nothing was changed`) : reason;
  });
  if (json) {
    print(restored);
    return;
  }
  process.stdout.write(`Restored. ${toSentence(restored.verdict)}\n`);
  if (restored.kept !== undefined) process.stdout.write(`What was there before: ${restored.kept}\n`);
}

/** What was found, as one sentence. */
function toSentence(verdict: LedgerVerdict): string {
  if (verdict.ok) {
    const { tasks, events, anchors } = verdict;
    const signed = anchors === undefined ? '' : `, ${anchors} anchors`;
    return `${colors.green('The ledger is whole:')} ${tasks} tasks, ${events} events${signed}`;
  }
  const { task_id, seq, why } = verdict;
  const row = task_id === '' ? `number ${seq}` : `${safe(task_id)} #${seq}`;
  return `${colors.red('The first bad row:')} ${row}: ${safe(why)}`;
}

/** A file of that name here may be another one: the orchestrator may run in a container. */
async function isThatFile(path: string, { bytes, sha256 }: LedgerBackup): Promise<boolean> {
  return statSync(path, { throwIfNoEntry: false })?.size === bytes && (await sha256Of(path)) === sha256;
}

/** Also to another disk; never over a file that appeared meanwhile. */
function move(from: string, to: string): void {
  if (existsSync(to)) throw new UsageError(`${to} exists already: the backup stays at ${from}`);
  try {
    renameSync(from, to);
  } catch {
    copyAndRemove(from, to);
  }
}

function copyAndRemove(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  } catch (cause) {
    throw new AuroraError(5000, { message: `${to} cannot be written: the backup stays at ${from}`, cause });
  }
  rmSync(from);
}

const NO_COPY =
  'The data folder of the orchestrator needs room for a second ledger (df); its log says why it failed; whether it is there: aurora agents';
/** How long a large ledger may take. */
const LONG_MS = 1_800_000;
