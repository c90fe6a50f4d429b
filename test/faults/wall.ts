/** A wall clock that can be set while processes run: a preloaded library reads what to add from a file, and leaves the monotonic clock alone. */
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian's `faketime` puts the library; a path for the needs of a scenario. */
export const FAKETIME = libraryIn('/usr/lib');

/** The wall of all processes that were started with its environment. */
export interface Wall {
  env: Readonly<Record<string, string>>;
  /** Sets it so many hours ahead of the true time, or behind it, at once. */
  set(hours: number): void;
}

/** Makes one that shows the true time. */
export function createWall(file: string): Wall {
  const set = (hours: number) => {
    writeFileSync(`${file}.new`, `${hours < 0 ? '-' : '+'}${Math.abs(hours)}h\n`);
    renameSync(`${file}.new`, file); // whoever reads it finds the old or the new one, never half of it
  };
  set(0);
  const preload = { LD_PRELOAD: FAKETIME, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' };
  return { env: { ...preload, DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' }, set };
}

function libraryIn(folder: string): string {
  const machines = existsSync(folder) ? readdirSync(folder) : [];
  const paths = machines.map((machine) => join(folder, machine, 'faketime', 'libfaketimeMT.so.1'));
  return paths.find((path) => existsSync(path)) ?? join(folder, 'faketime', 'libfaketimeMT.so.1');
}
