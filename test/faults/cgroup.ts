/** Less of the machine for one process: memory and processor by control groups (version 1), open files by a limit. Needs root. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from './waiting.ts';
import { run } from '../support/child.ts';

/** Where they are, for the needs of a scenario. */
export const MEMORY_GROUPS = '/sys/fs/cgroup/memory/memory.limit_in_bytes';
export const CPU_GROUPS = '/sys/fs/cgroup/cpu/cpu.cfs_quota_us';

/** A group of one's own. */
export interface Group {
  /** The command of a life within it, from its first moment on. */
  wrap(command: readonly string[]): string[];
  /** Moves a living process into it. */
  take(pid: number): void;
  read(file: string): string;
  /** Whoever is in it goes back to everybody's group. */
  remove(): Promise<void>;
}

/** A group with so much memory. */
export function memoryGroup(name: string, limit_mb: number): Group {
  const group = makeGroup('memory', name);
  writeFileSync(join(group.path, 'memory.limit_in_bytes'), String(limit_mb * 1_048_576));
  return group;
}

/** A group with so much of one processor. */
export function cpuGroup(name: string, percent: number): Group {
  const group = makeGroup('cpu', name);
  writeFileSync(join(group.path, 'cpu.cfs_period_us'), String(PERIOD_US));
  writeFileSync(join(group.path, 'cpu.cfs_quota_us'), String((PERIOD_US * percent) / 100));
  return group;
}

/** Lets a living process have so many open files at most. */
export const limitOpenFiles = (pid: number, files_max: number): void =>
  void run('prlimit', ['--pid', String(pid), `--nofile=${files_max}:${files_max}`]);

/** Memory that a process has now, MB. */
export const rssOf = (pid: number): number => {
  const [, kb = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kb) / 1_024);
};

function makeGroup(kind: 'memory' | 'cpu', name: string): Group & { path: string } {
  const path = `/sys/fs/cgroup/${kind}/aurora-${process.pid}-${name}`;
  const members = join(path, 'cgroup.procs');
  mkdirSync(path);
  return {
    path,
    wrap: (command) => ['sh', '-c', `echo $$ > ${members}; exec "$@"`, 'sh', ...command],
    take: (pid) => writeFileSync(members, String(pid)),
    read: (file) => readFileSync(join(path, file), 'utf8'),
    async remove() {
      const pids = readFileSync(members, 'utf8').split('\n').filter(Boolean);
      for (const pid of pids) writeFileSync(`/sys/fs/cgroup/${kind}/cgroup.procs`, pid);
      await pause(50); // the kernel counts its members a little later
      rmdirSync(path);
    },
  };
}

const PERIOD_US = 100_000;
