/** A small disk of one's own: a folder in memory with so many MB, that can be filled and freed. */
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../support/child.ts';

/** It. */
export interface SmallDisk {
  /** Takes all that is left. */
  fill(): void;
  /** Gives it back. */
  free(): void;
  /** Bytes left. */
  left(): number;
  /** Also under those who still use it. */
  unmount(): Promise<void>;
}

/** Mounts it over a folder; needs root. */
export function mountSmallDisk(folder: string, size_mb: number): SmallDisk {
  mkdirSync(folder, { recursive: true });
  run('mount', ['-t', 'tmpfs', '-o', `size=${size_mb}m,mode=0700`, 'tmpfs', folder]);
  const filler = join(folder, 'filler');
  const left = () => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  };
  return {
    fill() {
      const file = openSync(filler, 'a');
      try {
        for (;;) writeSync(file, Buffer.alloc(Math.max(1, Math.min(left(), CHUNK_BYTES))));
      } catch (reason) {
        if (!(reason instanceof Error && 'code' in reason && reason.code === 'ENOSPC')) throw reason;
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler, { force: true }),
    left,
    async unmount() {
      await Promise.resolve(); // it is an ending like the others
      run('umount', ['-l', folder]);
    },
  };
}

const CHUNK_BYTES = 65_536;
