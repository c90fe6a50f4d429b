/** Lines to a descriptor that fails: what is kept, what is lost, and that nobody waits. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineWriter, type LineIo } from '../../seams/line-writer.ts';

describe('a log on a full disk', () => {
  test.skipIf(!existsSync('/dev/full'))(
    'holds nobody: the process works on, and ends when it is told to, with its own exit code (PROM-P12)',
    async () => {
      const full = openSync('/dev/full', 'w');
      const job = join(import.meta.dirname, 'jobs', 'log-to-nowhere.mjs');
      const child = spawn(process.execPath, [job], { stdio: ['pipe', 'pipe', full] });
      closeSync(full);
      await once(child.stdout ?? child, 'data');
      child.stdin?.end('end\n');
      const [code] = (await once(child, 'close')) as [number];
      expect(code).toBe(3);
    },
  );

  test('loses the lines that found no room, ends the one that was cut, and says how many were lost', async () => {
    const disk = createDisk({ room_bytes: 10 });
    const writer = createLineWriter({ fd: 2, toDropped, io: disk });
    for (const line of ['one\n', 'two\n', 'three\n']) await turnOf(() => writer.write(line));
    disk.room_bytes = 100;
    await turnOf(() => writer.write('four\n'));
    expect(disk.text).toBe('one\ntwo\nth\nfour\n1 dropped\n');
  });

  test('keeps whole lines whole and counts the others, whenever the room ends and comes back', async () => {
    const turns = fc.array(
      fc.record({ lines: fc.integer({ min: 0, max: 5 }), room_bytes: fc.integer({ min: 0, max: 60 }) }),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(turns, fc.boolean(), async (story, is_file) => {
        const disk = createDisk({ room_bytes: 0, is_file });
        const writer = createLineWriter({ fd: 2, toDropped, io: disk });
        let written = 0;
        for (const { lines, room_bytes } of story) {
          disk.room_bytes = room_bytes;
          await turnOf(() => {
            for (let nth = 0; nth < lines; nth++) writer.write(`line ${String(written++).padStart(4, '0')};\n`);
          });
        }
        disk.room_bytes = 1_000_000;
        await turnOf(() => writer.write('the last;\n'));
        const said = disk.text.split('\n');
        const kept = said.filter((line) => /^line \d{4};$/.test(line));
        const told = said.map((line) => Number(/^(\d+) dropped$/.exec(line)?.[1] ?? 0)).reduce((sum, n) => sum + n, 0);
        expect(kept).toEqual(kept.toSorted());
        // A group that was cut counts as lost whole, although its first lines are there.
        expect(kept.length + told).toBeGreaterThanOrEqual(written);
        expect(said).toContain('the last;');
      }),
    );
  });

  test('writes at its end what a busy reader had no room for a moment before: it lost a line, and cut another', async () => {
    const pipe = createDisk({ room_bytes: 6, is_file: false, fault: 'EAGAIN' });
    const writer = createLineWriter({ fd: 2, toDropped, io: pipe });
    for (const line of ['one\n', 'two\n', 'three\n']) await turnOf(() => writer.write(line));
    expect(pipe.text).toBe('one\ntw');
    pipe.room_bytes = 100;
    writer.end();
    expect(pipe.text).toBe('one\ntwo\nthree\n');
  });

  test('that takes nothing and says no fault is not asked for ever', () => {
    const disk = createDisk({ room_bytes: 0 });
    const writer = createLineWriter({ fd: 2, toDropped, io: { ...disk, writeSync: () => 0 } });
    writer.write('a line\n');
    writer.end();
    expect(disk.text).toBe('');
  });

  test('is given up by a process that ends, busy or broken', () => {
    for (const fault of ['EAGAIN', 'EIO']) {
      const disk = createDisk({ room_bytes: 0, fault });
      const writer = createLineWriter({ fd: 2, toDropped, io: disk });
      writer.write('a last word\n');
      writer.end();
      expect(disk.text).toBe('');
      expect(disk.tries).toBeLessThan(100);
    }
  });
});

const toDropped = (lines: number): string => `${lines} dropped\n`;

/** What happens in a turn, and everything that it makes happen. */
async function turnOf(act: () => void): Promise<void> {
  act();
  for (let turn = 0; turn < 8; turn++) await new Promise(setImmediate);
}

/** A descriptor with room for so many bytes. */
function createDisk({ room_bytes, is_file = true, fault = 'ENOSPC' }: DiskOptions): Disk {
  const disk: Disk = {
    room_bytes,
    text: '',
    tries: 0,
    fstatSync: () => ({ isFile: () => is_file }),
    writeSync(_fd: number, bytes: Buffer) {
      disk.tries += 1;
      if (disk.room_bytes === 0) throw Object.assign(new Error(fault), { code: fault });
      const part = bytes.subarray(0, disk.room_bytes);
      disk.room_bytes -= part.length;
      disk.text += part.toString();
      return part.length;
    },
    write(fd: number, bytes: Buffer, told: (reason: Error | null, written: number) => void) {
      setImmediate(() => {
        try {
          told(null, disk.writeSync(fd, bytes));
        } catch (reason) {
          told(reason instanceof Error ? reason : new Error(fault), 0);
        }
      });
    },
  };
  return disk;
}

interface Disk extends LineIo {
  room_bytes: number;
  text: string;
  tries: number;
}

interface DiskOptions {
  room_bytes: number;
  is_file?: boolean;
  /** What a write meets when there is no room. */
  fault?: string;
}
