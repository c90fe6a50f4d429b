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
export const syncsIn = (output: string): number => momentsOf(output).filter(({ begins }) => isSync(begins)).length;

/** How many of them the tracer made fail. */
export const failuresIn = (output: string): number =>
  momentsOf(output).filter(({ ends }) => isSync(ends) && ends?.includes('(INJECTED)')).length;

/**
 * INV3: whatever a socket was told of a task was written to the log of the database, and synced, before. A write whose sync failed
 * has to be made again: the kernel may have dropped it. Answers a sentence for every task that was told too early. A write and a sync
 * count once they ended, and what is told from when it begins.
 */
export function toldTooEarly(output: string, task_ids: readonly string[]): { told: number; early: string[] } {
  const wanted = new Set(task_ids);
  const written = new Set<string>();
  const synced = new Set<string>();
  const told = new Set<string>();
  const early: string[] = [];
  const namedIn = (call: string) => (call.match(TASK_ID) ?? []).filter((id) => wanted.has(id));
  let syncing: string[] = [];
  for (const { begins = '', ends = '' } of momentsOf(output)) {
    if (isSync(begins) && begins.includes('-wal>')) {
      syncing = [...written];
      written.clear();
    }
    if (isSync(ends) && ends.includes('-wal>') && /= 0( |$)/.test(ends)) for (const id of syncing) synced.add(id);
    if (/pwrite64\(\d+<[^>]*-wal>/.test(ends)) for (const id of namedIn(ends)) written.add(id);
    if (!/ (write|writev|sendto|sendmsg)\(\d+<(socket|TCP)/.test(begins)) continue;
    for (const id of namedIn(begins).filter((one) => !told.has(one))) {
      told.add(id);
      if (!synced.has(id)) early.push(`INV3: ${id}: somebody was told before it was synced`);
    }
  }
  return { told: told.size, early };
}

/** A call as it begins, as it ends, or both in one: the tracer writes it in two parts where another thread calls in between. */
interface Moment {
  begins?: string;
  ends?: string;
}

function momentsOf(output: string): Moment[] {
  if (!existsSync(output)) return [];
  const unfinished = new Map<string, string>();
  return readFileSync(output, 'latin1')
    .split('\n')
    .map((line): Moment => {
      const [thread = ''] = line.split(' ', 1);
      if (line.endsWith(UNFINISHED)) {
        const begins = line.slice(0, -UNFINISHED.length);
        unfinished.set(thread, begins);
        return { begins };
      }
      const [, rest] = RESUMED.exec(line) ?? [];
      return rest === undefined ? { begins: line, ends: line } : { ends: `${unfinished.get(thread) ?? thread}${rest}` };
    });
}

const isSync = (call?: string): boolean => call !== undefined && SYNC_LINE.test(call);
const UNFINISHED = ' <unfinished ...>';
const RESUMED = /^\d+ +<\.\.\. \w+ resumed>(.*)$/s;

/** -D: the tracer is nobody's parent, so that signals and the exit are those of the process itself. */
const TRACER = ['strace', '-D', '-f', '-q'];
/** What SQLite calls here: the library was built without fdatasync. */
const SYNC = 'fsync';
const SYNC_LINE = /^\d+ +fsync\(/;
const TASK_ID = /task_[a-z0-9]+/g;
/** A page of the database, escaped, and an acknowledgement, whole. */
const TEXT_MAX = 8_192;
