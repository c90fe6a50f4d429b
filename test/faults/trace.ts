/** Faults at exact system calls, by tracing one life of a process: a sync that kills, fails or lasts, and who was told before it. */
import { existsSync, readFileSync } from 'node:fs';

/** What the tracer does, to which syncs. */
export interface Injection {
  /** Dies as the sync begins, fails with that, or takes so much longer. */
  does: 'kill' | 'EIO' | { delay_ms: number };
  /** `7`: the seventh; `7+`: from then on; `7..9`; all unless said. */
  when?: string;
  /** Only syncs of this file count. */
  path?: string;
}

/** The command of a life whose syncs go as said; every sync is a line of `output`. */
export const underSyncFault =
  (output: string, { does, when, path }: Injection) =>
  (command: readonly string[]): string[] => {
    const act = does === 'kill' ? 'signal=KILL' : does === 'EIO' ? 'error=EIO' : `delay_enter=${1_000 * does.delay_ms}`;
    const at = when === undefined ? '' : `:when=${when}`;
    // The filter in the kernel makes a tracer cheap, and loses signals.
    const cheap = does === 'kill' ? [] : ['--seccomp-bpf'];
    const only = path === undefined ? [] : ['-P', path];
    return [
      ...TRACER,
      ...cheap,
      ...only,
      '-o',
      output,
      '-e',
      `trace=${SYNC}`,
      '-e',
      `inject=${SYNC}:${act}${at}`,
    ].concat(command);
  };

/** The command of a life whose writes and syncs are written down, whole; with a fault of its syncs as well where one is said. */
export const underTrace =
  (output: string, fault?: { EIO_when: string }) =>
  (command: readonly string[]): string[] => {
    const inject = fault ? ['-e', `inject=${SYNC}:error=EIO:when=${fault.EIO_when}`] : [];
    const calls = `trace=${SYNC},pwrite64,write,writev,sendto,sendmsg`;
    return [...TRACER, '--seccomp-bpf', '-y', '-s', String(TEXT_MAX), '-o', output, '-e', calls, ...inject].concat(
      command,
    );
  };

/** How many syncs a life made. */
export const syncsIn = (output: string): number => linesOf(output).filter((line) => SYNC_LINE.test(line)).length;

/** How many of them the tracer made fail. */
export const failuresIn = (output: string): number =>
  linesOf(output).filter((line) => SYNC_LINE.test(line) && line.includes('(INJECTED)')).length;

/**
 * INV3: whatever a socket was told of a task was written to the log of the database, and synced, before. A write whose sync failed
 * has to be made again: the kernel may have dropped it. Answers a sentence for every task that was told too early.
 */
export function toldTooEarly(output: string, task_ids: readonly string[]): { told: number; early: string[] } {
  const wanted = new Set(task_ids);
  const written = new Set<string>();
  const synced = new Set<string>();
  const told = new Set<string>();
  const early: string[] = [];
  for (const line of linesOf(output)) {
    const named = (line.match(TASK_ID) ?? []).filter((id) => wanted.has(id));
    if (/pwrite64\(\d+<[^>]*-wal>/.test(line)) for (const id of named) written.add(id);
    if (SYNC_LINE.test(line) && line.includes('-wal>')) {
      if (/= 0( |$)/.test(line)) for (const id of written) synced.add(id);
      written.clear();
    }
    if (!/ (write|writev|sendto|sendmsg)\(\d+<(socket|TCP)/.test(line)) continue;
    for (const id of named.filter((one) => !told.has(one))) {
      told.add(id);
      if (!synced.has(id)) early.push(`INV3: ${id}: somebody was told before it was synced`);
    }
  }
  return { told: told.size, early };
}

const linesOf = (output: string): string[] => (existsSync(output) ? readFileSync(output, 'latin1').split('\n') : []);

/** -D: the tracer is nobody's parent, so that signals and the exit are those of the process itself. */
const TRACER = ['strace', '-D', '-f', '-q'];
/** What SQLite calls here: the library was built without fdatasync. */
const SYNC = 'fsync';
const SYNC_LINE = /^\d+ +fsync\(/;
const TASK_ID = /task_[a-z0-9]+/g;
/** A page of the database, escaped, and an acknowledgement, whole. */
const TEXT_MAX = 8_192;
